import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HEADER } from '../../../src/jobs/envelope.ts'
import type { Failure } from '../../../src/jobs/failures/failure.ts'
import { memoryBroker } from '../../../src/testing/memory-broker.ts'
import { failed, until } from '../../jobs/failures/desk-stage.ts'
import { readable } from '../page-text.ts'
import { stage, STORE_KINDS } from '../stage.ts'
import { workAndFood } from './story.ts'

const HOSTILE_TEXT = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'\`&amp; \u001b[31mred\u202egnp.exe\u0000\ud800`

/** Everything of it that a stranger may have written holds what would hurt. */
function hostile(): Failure {
  const failure = failed('evil')
  return {
    ...failure,
    job: `job ${HOSTILE_TEXT}`,
    queue: `queue ${HOSTILE_TEXT}`,
    preview: HOSTILE_TEXT,
    errorClass: `E${HOSTILE_TEXT}`,
    errorMessage: HOSTILE_TEXT.repeat(20_000),
    errorCode: HOSTILE_TEXT,
    stack: HOSTILE_TEXT.repeat(20_000),
    worker: HOSTILE_TEXT,
    requestId: HOSTILE_TEXT,
    replyTo: HOSTILE_TEXT,
    traceparent: HOSTILE_TEXT,
    headers: { [HOSTILE_TEXT]: HOSTILE_TEXT.repeat(1_000) },
    args: Buffer.concat([Buffer.from(HOSTILE_TEXT.repeat(15_000)), Buffer.from([0xff, 0xfe])]),
    attempts: [
      { attempt: 1, at: 1e300, worker: HOSTILE_TEXT, broker: HOSTILE_TEXT, error: HOSTILE_TEXT, durationMs: -1 },
    ],
  }
}

for (const kind of STORE_KINDS) {
  describe(`one failure over ${kind}`, () => {
    it('is told with its attempts, its stack, its arguments, its headers and its history', async (t) => {
      const { store, app, get } = await stage(t, { kind })
      await app.failures.count()
      const at = Date.now() - 3_600_000
      await store.keep([
        failed('a', {
          failedAt: at,
          requestId: 'req-7',
          attempts: [
            {
              attempt: 1,
              at: at - 2000,
              worker: 'host:1:1',
              broker: 'memory:a',
              error: 'TypeError: first',
              durationMs: 240,
            },
            { attempt: 2, at, worker: 'host:2:1', broker: 'memory:b', error: 'TypeError: second', durationMs: 90 },
          ],
          args: Buffer.from('{"id":"a","n":12345678901234567890}'),
          headers: { tenant: 'acme', [HEADER.job]: 'mail.send' },
        }),
        failed('a', { id: 'a.1', requeues: 1, failedAt: at + 1000, errorMessage: 'again' }),
        failed('other'),
      ])
      const { text } = await get('/failures/a.0')
      const told = readable(text)
      for (const part of [
        /connect ECONNREFUSED 10\.0\.0\.1:25 TypeError Failed/,
        /Job mail\.send Job id a Queue mails Reason exception/,
        /2 failures of this cause|3 failures of this cause/,
        /Request id req-7/,
        /1 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(1 h ago\) TypeError: first host:1:1 memory:a 240 ms/,
        /Stack of the last attempt TypeError: connect at send \(mail\.js:1:1\)/,
        /"n": 12345678901234567890/,
        /tenant acme/,
        /attempt 2, the last/,
        /Other failures of the same job .* TypeError: again/,
      ])
        assert.match(told, part)
      assert.ok(text.includes('href="/failures/a.1"'))
      const body = await get('/failures/a.0/body', 'vera')
      assert.equal(body.text, '{"id":"a","n":12345678901234567890}')
      assert.equal(body.headers.get('content-type'), 'application/octet-stream')
      assert.match(body.headers.get('content-disposition') ?? '', /^attachment/)
      assert.match(readable((await get('/failures/a.0?body=hex')).text), /0000 7b 22 69 64 22 3a/)
      assert.match(readable((await get('/failures/a.0?body=text')).text), /\{"id":"a","n":12345678901234567890\}/)
    })

    it('is shown harmlessly and bounded, whatever it holds', async (t) => {
      const { store, app, get } = await stage(t, { kind })
      await app.failures.count()
      await store.keep([hostile()])
      for (const path of [
        '/failures?q=',
        '/failures/groups?q=',
        '/failures/evil.0',
        '/failures/evil.0?body=text',
        '/failures/evil.0/edit',
        '/failures/confirm?action=requeue&id=evil.0',
      ]) {
        const { status, text } = await get(path)
        assert.equal(status, 200, path)
        assert.ok(text.length < 4_000_000, `${path} has ${text.length} characters`)
        assert.ok(!/<script>alert|<img src=x|\u001b|\u202e|\u0000/.test(text), path)
        assert.ok(text.isWellFormed(), path)
      }
      assert.ok((await get('/failures?q=')).text.length < 100_000)
    })
  })
}

describe('one failure', () => {
  it('that failed again after it was sent back tells of both, and when it failed first of all', async (t) => {
    const { store, app, get } = await stage(t)
    const at = Date.now() - 7_200_000
    await store.keep([failed('a', { failedAt: at, firstFailedAt: at - 60_000 })])
    await app.failures.requeue('jobId:a', { actor: 'olga' })
    await store.keep([failed('a', { id: 'a.1', requeues: 1, failedAt: Date.now(), firstFailedAt: Date.now() })])
    const told = readable((await get('/failures/a.1')).text)
    assert.match(told, /History .* failed for good before .* sent back by olga .* failed for good, and kept by/)
    assert.match(told, new RegExp(`First failed ${new Date(at - 60_000).toISOString().slice(0, 19).replace('T', ' ')}`))
  })

  it('is called by the first line of its message, and by its class where it has none', async (t) => {
    const { store, get } = await stage(t)
    await store.keep([
      failed('a', { errorMessage: 'first line\nsecond line' }),
      failed('b', { errorMessage: '' }),
      failed('c', { errorMessage: 'one line' }),
    ])
    const first = (await get('/failures/a.0')).text
    assert.match(
      first,
      /<h1>first line<\/h1>\s*<p class="lead">TypeError<\/p>\s*<p class="message">first line\nsecond line</,
    )
    assert.match((await get('/failures/b.0')).text, /<h1>TypeError<\/h1>(?!\s*<p class="lead">)/)
    assert.match(
      (await get('/failures/c.0')).text,
      /<h1>one line<\/h1>\s*<p class="lead">TypeError<\/p>(?!\s*<p class="message">)/,
    )
  })

  it('that is not kept is told as such', async (t) => {
    const { get } = await stage(t)
    for (const id of ['nobody.0', '%F0%9F', encodeURIComponent('<b>.0'), '..%2f..%2fetc']) {
      const { status, text } = await get(`/failures/${id}`)
      assert.equal(status, 404, id)
      assert.ok(!text.includes('<b>'))
    }
  })

  it('is reached by whatever id it has', async (t) => {
    const { store, get } = await stage(t)
    const ids = ['a/b', 'ünï', 'x y?z#1', '100%', '<i>', 'line\nend']
    await store.keep(ids.map((id) => failed(id, { failedAt: Date.now() })))
    const { text } = await get('/failures')
    const links = [...text.matchAll(/href="([^"]*)" data-open/g)].map(([, to = '']) => to)
    assert.equal(links.length, ids.length)
    for (const to of links) assert.equal((await get(to)).status, 200, to)
  })

  it('is edited and sent back: work fails, food succeeds', async (t) => {
    await workAndFood(await stage(t, { kind: 'sqlite' }))
  })

  it('is edited as base64 where its arguments are bytes', async (t) => {
    const { store, get, posted, connection } = await stage(t)
    const args = Uint8Array.of(0, 1, 2, 255)
    await store.keep([failed('a', { args, contentType: 'application/octet-stream' })])
    assert.match((await get('/failures/a.0/edit')).text, />\nAAEC&#47;w==<|>\nAAEC\/w==</)
    await posted('/failures/a.0/edit', { form: 'base64', args: 'AQID', queue: 'bytes' })
    assert.equal((await connection.inspect('bytes'))?.ready, 1)
  })

  it('is edited though its arguments are a megabyte, in letters of four bytes', async (t) => {
    const { store, get, posted, connection } = await stage(t, { kind: 'sqlite' })
    await store.open()
    const text = `{"text":"${'😀'.repeat(262_000)}"}`
    await store.keep([failed('a', { args: Buffer.from(text) })])
    assert.equal((await get('/failures/a.0/edit')).status, 200)
    const edited = text.replace('😀', '😃')
    const { status } = await posted('/failures/a.0/edit', { form: 'text', args: edited, queue: 'large' })
    assert.equal(status, 200)
    let received = ''
    connection.listen('queue://large', async (delivery) => {
      received = delivery.text()
      await delivery.ack()
    })
    await until('the message', () => received !== '')
    assert.ok(received === edited)
  })

  it('goes to another queue without a change of its arguments', async (t) => {
    const { store, posted, connection } = await stage(t)
    await store.keep([failed('a')])
    await posted('/failures/a.0/edit', { queue: 'elsewhere' })
    assert.equal((await connection.inspect('elsewhere'))?.ready, 1)
  })

  it('stays failed, and what was written stays too, when no broker takes it', async (t) => {
    const { store, app, post, connection } = await stage(t)
    await store.keep([failed('a')])
    await connection.close()
    const { status, text } = await post('/failures/a.0/edit', { form: 'text', args: '{"id":"b"}', queue: 'mails' })
    assert.equal(status, 503)
    assert.match(readable(text), /It was not sent: .* \{"id":"b"\}/)
    assert.equal(await app.failures.count('status:failed'), 1)
  })
  it('is not told to have stayed where a broker may have it', async (t) => {
    const broker = memoryBroker('edited-and-unconfirmed')
    t.after(() => broker.reset())
    const uri = 'failover:(memory://edited-and-unconfirmed)?retryThreshold=100'
    const { store, app, post } = await stage(t, { uri })
    await store.keep([failed('a')])
    broker.holdConfirms()
    const { status, text } = await post('/failures/a.0/edit', { form: 'text', args: '{"id":"b"}', queue: 'mails' })
    assert.equal(broker.depth('mails'), 1)
    assert.equal(status, 503)
    assert.match(readable(text), /Whether it was sent is not known: /)
    assert.equal(await app.failures.count('status:failed'), 1)
  })
})
