import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bodyText } from '../../../src/dashboard/failures/one-failure/body-text.ts'
import { editableBody, editedBody } from '../../../src/dashboard/failures/one-failure/edited-body.ts'
import { indentJson } from '../../../src/dashboard/failures/one-failure/indent-json.ts'
import { longText } from '../../../src/dashboard/failures/literal.ts'
import { queryTrouble } from '../../../src/dashboard/failures/search/query-trouble.ts'
import { filtersOf, withFilters } from '../../../src/dashboard/failures/search/quick-filters.ts'
import { readRequeueForm } from '../../../src/dashboard/failures/bulk/requeue-form.ts'
import { readSelection, selectionFields } from '../../../src/dashboard/failures/bulk/selection.ts'
import { parseQuery } from '../../../src/jobs/failures/query/parser.ts'

const json = (text: string) => ({ args: Buffer.from(text), contentType: 'application/json' })

describe('quick filters', () => {
  it('are added to a query, changed in it and taken out of it', () => {
    assert.equal(withFilters('', { status: 'failed' }), 'status:failed')
    assert.equal(withFilters('error:boom status:failed', { status: 'retried' }), 'error:boom status:retried')
    assert.equal(withFilters('error:boom status:failed', { status: '' }), 'error:boom')
    assert.equal(withFilters('status:failed', { status: '' }), '')
    assert.equal(withFilters('a OR b', { queue: 'low prio' }), '(a OR b) queue:"low prio"')
  })

  it('leave a query letter by letter where nothing was chosen anew', () => {
    const text = '  error:"boom"   AND status:failed '
    assert.equal(withFilters(text, { status: 'failed' }), text)
    assert.equal(withFilters(text, {}), text)
  })

  it('are read out of a query where each stands once beside the rest', () => {
    assert.deepEqual(filtersOf(parseQuery('job:mail.* status:failed x')), {
      status: 'failed',
      reason: '',
      job: 'mail.*',
      queue: '',
    })
    assert.equal(filtersOf(parseQuery('queue:a OR queue:b')).queue, '')
    assert.equal(filtersOf(parseQuery('-status:failed')).status, '')
  })
})

describe('a query that cannot be read', () => {
  it('is told with its column', () => {
    assert.throws(
      () => parseQuery('status:faild'),
      (error) => {
        const trouble = queryTrouble(error)
        assert.equal(trouble?.column, 8)
        assert.match(trouble.message, /^found the status "faild", expected one of failed/)
        return true
      },
    )
  })
})

describe('JSON on several lines', () => {
  it('has each value letter by letter as it was', () => {
    assert.equal(
      indentJson('{"a":12345678901234567890, "b":[1,{}, []],"a":"x, {y}\\""}'),
      [
        '{',
        '  "a": 12345678901234567890,',
        '  "b": [',
        '    1,',
        '    {},',
        '    []',
        '  ],',
        '  "a": "x, {y}\\""',
        '}',
      ].join('\n'),
    )
    assert.equal(indentJson('3'), '3')
    assert.equal(indentJson('{"a":'), undefined)
  })

  it('stays bounded however deep it is', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    assert.ok((indentJson(deep) ?? '').length < 5_000_000)
  })
})

describe('arguments that are shown', () => {
  it('are JSON, text, or bytes where they are no text', () => {
    assert.deepEqual(bodyText(json('{"a":1}')), { form: 'json', text: '{\n  "a": 1\n}', isCut: false })
    assert.deepEqual(bodyText(json('{"a":1}'), 'text'), { form: 'text', text: '{"a":1}', isCut: false })
    assert.equal(bodyText(json('{"a":')).form, 'text')
    const bytes = bodyText({ args: Uint8Array.of(0xff, 0x41, 0), contentType: 'text/plain' })
    assert.equal(bytes.form, 'hex')
    assert.match(bytes.text, /^0000 {2}ff 41 00 +\.A\.$/)
  })

  it('are cut where they are long', () => {
    const { text, isCut } = bodyText({ args: Buffer.alloc(1_000_000, 'x'), contentType: 'text/plain' })
    assert.deepEqual([text.length, isCut], [65_536, true])
    const hex = bodyText({ args: Buffer.alloc(1_000_000), contentType: undefined })
    assert.ok(hex.isCut && hex.text.length < 30_000)
  })

  it('are told in parts that never cut a character in two', () => {
    const text = `${'x'.repeat(999)}😀${'y'.repeat(3000)}`
    const parts = longText(text, 10_000)
    assert.equal(parts.join(''), text)
    for (const part of parts) assert.ok(part.isWellFormed() && part.length < 2_000)
    assert.equal(longText(text, 100).join('').length, 100)
  })
})

describe('arguments that are edited', () => {
  it('are the same bytes where nothing was changed, whatever a browser does to line ends', () => {
    const failure = json('{"n": 12345678901234567890,\r\n "b":2}')
    const shown = editableBody(failure)
    assert.equal(shown?.form, 'text')
    assert.equal(editedBody(failure, 'text', shown.text.replaceAll('\n', '\r\n')), undefined)
  })

  it('are what was written, and refused where they are no JSON any more', () => {
    const failure = json('{"text":"work"}')
    assert.equal(String(editedBody(failure, 'text', '{"text":"food"}')), '{"text":"food"}')
    assert.throws(() => editedBody(failure, 'text', '{"text":'), /the arguments are no JSON/)
    const plain = { args: Buffer.from('a'), contentType: 'text/plain' }
    assert.equal(String(editedBody(plain, 'text', '{"text":')), '{"text":')
  })

  it('keep the line ends that they had', () => {
    const failure = { args: Buffer.from('a\r\nb\r\n'), contentType: 'text/plain' }
    assert.deepEqual(editableBody(failure), { form: 'text', text: 'a\nb\n' })
    assert.equal(editedBody(failure, 'text', 'a\r\nb\r\n'), undefined)
    assert.equal(String(editedBody(failure, 'text', 'a\r\nc\r\n')), 'a\r\nc\r\n')
    assert.equal(editableBody({ args: Buffer.from('a\rb\n'), contentType: 'text/plain' })?.form, 'base64')
  })

  it('are base64 where they are bytes', () => {
    const failure = { args: Uint8Array.of(0, 255, 7), contentType: 'application/octet-stream' }
    const shown = editableBody(failure)
    assert.deepEqual(shown, { form: 'base64', text: 'AP8H' })
    assert.equal(editedBody(failure, 'base64', 'AP8H\r\n'), undefined)
    assert.deepEqual([...(editedBody(failure, 'base64', 'AQI=') ?? [])], [1, 2])
    assert.throws(() => editedBody(failure, 'base64', 'A?=='), /no base64/)
  })

  it('are left to the command line where they are large', () => {
    assert.equal(editableBody({ args: new Uint8Array(1_048_577), contentType: undefined }), undefined)
  })
})

describe('the form of a requeue', () => {
  it('says what is wrong with each box', () => {
    const read = readRequeueForm(
      new URLSearchParams({
        to: 'topic://x',
        rate: '-1',
        maxAge: 'soon',
        canary: '2',
        limit: '1.5',
        canaryTimeout: '',
      }),
    )
    assert.deepEqual(Object.keys(read.troubles).toSorted(), ['limit', 'maxAge', 'rate', 'to'])
    assert.deepEqual(read.options, { canary: 2 })
  })

  it('leaves out what is empty', () => {
    const read = readRequeueForm(new URLSearchParams({ to: ' ', maxAge: '2h', rate: '0.5' }))
    assert.deepEqual([read.options, read.troubles], [{ maxAge: 7_200_000, rate: 0.5 }, {}])
  })
})

describe('a selection', () => {
  it('of rows comes back from a form with whatever their ids hold', () => {
    const ids = ['a.0', 'x&y=<b>.1', 'line\nend.0', 'ünï %.2', '\u001b[31m.0']
    const form = new URLSearchParams()
    for (const [name, value] of selectionFields({ kind: 'ids', ids })) form.append(name, value)
    assert.deepEqual(readSelection(form, 5), { kind: 'ids', ids })
  })

  it('of nothing is refused', () => {
    assert.throws(() => readSelection(new URLSearchParams({ q: '' }), 5), /no failure was checked/)
    assert.throws(() => readSelection(new URLSearchParams({ all: '1', q: '(' }), 5), /query, column/)
  })
})
