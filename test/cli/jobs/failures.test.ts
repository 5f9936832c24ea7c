import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { failureJson } from '../../../src/cli/jobs/failures/failure-json.ts'
import { failureDetails, failureTable } from '../../../src/cli/jobs/failures/failure-text.ts'
import { sqliteFailures } from '../../../src/stores.ts'
import { runCommand, startScript } from '../../support/command.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { failed, HOUR_MS } from '../../jobs/failures/desk-stage.ts'

const folder = temporaryFolder('failures')
const path = join(folder, 'failures.db')
const store = ['--failures', path]

async function output(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand(['failures', ...args, ...store])
  assert.equal(exitCode, 0, stderr)
  return stdout
}

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await output(...args, '--json')) as Record<string, unknown>
}

async function ids(query: string): Promise<readonly string[]> {
  const { failures } = (await json('list', query)) as { failures: readonly { id: string }[] }
  return failures.map(({ id }) => id)
}

const UNTOUCHED = {
  batch: undefined,
  claimedAt: undefined,
  retriedAt: undefined,
  retriedBy: undefined,
  retryJobId: undefined,
  resolvedAt: undefined,
}

describe('kept failures on the command line', () => {
  before(async () => {
    await using kept = sqliteFailures(path)
    await kept.open()
    const now = Date.now()
    await kept.keep([
      failed('11111111-aaaa', { failedAt: now - 3000 }),
      failed('22222222-bbbb', {
        failedAt: now - 2 * HOUR_MS,
        errorMessage: 'line one\nline \u001b[31mtwo '.repeat(20),
      }),
      failed('22222222-cccc', {
        failedAt: now - 5 * HOUR_MS,
        errorClass: 'RangeError',
        errorMessage: 'too far',
        fingerprint: 'f00d',
      }),
      failed('bytes', {
        failedAt: now - 50 * HOUR_MS,
        args: Buffer.from([0, 255, 1]),
        contentType: 'application/octet-stream',
      }),
    ])
  })

  it('are a table of 80 columns, the latest first', async () => {
    const lines = (await output('list')).trimEnd().split('\n')
    assert.equal(lines.length, 5)
    assert.ok(lines.every((line) => line.length <= 80))
    assert.match(lines[0] ?? '', /^ID +AGE +STATUS +JOB +TRY +ERROR$/)
    // No two of them are the same, so that each can be shown by what is printed.
    const first = lines.slice(1).map((line) => line.split(' ')[0])
    assert.equal(new Set(first).size, 4)
    assert.match(lines[1] ?? '', /^11111111\S* +\d+s +failed +mail\.send +0 +TypeError: connect ECONNREFUSED/)
    assert.match(lines[2] ?? '', / 2h .*line one line \uFFFD\[31mtwo/)
  })

  it('are one JSON document, with arguments as they are', async () => {
    const document = (await json('list', '--limit', '1')) as {
      total: number
      next: string
      failures: readonly Record<string, unknown>[]
    }
    assert.equal(document.total, 4)
    assert.deepEqual(document.failures[0]?.['args'], { id: '11111111-aaaa' })
    const next = (await json('list', '--limit', '3', '--after', document.next)) as typeof document
    assert.equal(next.failures.length, 3)
    assert.equal(next.next, null)
    assert.equal(next.failures[2]?.['argsBase64'], 'AP8B')
  })

  it('are found by a query', async () => {
    assert.deepEqual(await ids('class:RangeError'), ['22222222-cccc.0'])
    assert.deepEqual(await ids('age>1h NOT class:RangeError NOT id:bytes*'), ['22222222-bbbb.0'])
    assert.deepEqual(await ids('error:"nothing like it"'), [])
  })

  it('are grouped by their cause', async () => {
    const { groups } = (await json('groups')) as { groups: readonly { count: number; errorClass: string }[] }
    assert.deepEqual(
      groups.map(({ count }) => count),
      [3, 1],
    )
    assert.match(
      await output('groups', 'class:RangeError'),
      /^COUNT .*\n +1 +5h +f00d +mail\.send +RangeError: too far\n$/,
    )
  })

  it('are shown by the beginning of their id, when that is of one', async () => {
    assert.match(await output('show', '11111111.0'), /^11111111-aaaa\.0\n {2}job +mail\.send\n/)
    const shown = await output('show', '22222222-b')
    assert.match(shown, /arguments \(application\/json\):\n {2}\{\n {4}"id": "22222222-bbbb"/)
    assert.match(shown, /stack:\n {2}TypeError: connect\n {6}at send/)
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(shown, /\u001b/)
    assert.match(await output('show', 'bytes.0'), /\n {2}base64:AP8B\n/)
    const several = await runCommand(['failures', 'show', '2222', ...store])
    assert.equal(several.exitCode, 64)
    assert.match(several.stderr, /2222 is the beginning of several: 22222222-bbbb\.0, 22222222-cccc\.0/)
    const none = await runCommand(['failures', 'show', 'x', ...store])
    assert.equal(none.exitCode, 2)
  })

  it('are exported as lines, to a file that was not there', async () => {
    const lines = (await output('export', 'age<1h')).trimEnd().split('\n')
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { id: string }).id),
      ['11111111-aaaa.0'],
    )
    const file = join(folder, 'all.jsonl')
    assert.equal(await output('export', '--out', file), '')
    assert.equal(readFileSync(file, 'utf8').trimEnd().split('\n').length, 4)
    const again = await runCommand(['failures', 'export', '--out', file, ...store])
    assert.equal(again.exitCode, 64)
    assert.match(again.stderr, /--out .*all\.jsonl cannot be written: it is there already$/m)
  })

  it('show where a query cannot be read, with a caret', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['failures', 'search', 'job:mail.send (class:A', ...store])
    assert.equal(exitCode, 64)
    assert.equal(stdout, '')
    const [query, mark, line] = stderr.split('\n')
    assert.equal(query, '  job:mail.send (class:A')
    assert.match(line ?? '', /^understudy: query, column (\d+): /)
    assert.equal((mark ?? '').indexOf('^'), Number(/column (\d+)/.exec(line ?? '')?.[1]) + 1)
  })

  it('stay when nobody said that they are to go', async () => {
    for (const action of ['remove', 'discard']) {
      const { exitCode, stderr } = await runCommand(['failures', action, 'class:TypeError', ...store])
      assert.equal(exitCode, 64)
      assert.match(stderr, new RegExp(`${action} 3 failures\\? Say so with --yes`))
    }
    assert.equal((await ids('status:failed')).length, 4)
  })

  it('go back without a question where it is one alone, as the help says', async () => {
    const { stdout } = await runCommand(['failures', 'retry', '--help'])
    assert.match(stdout.replaceAll(/\s+/g, ' '), /--yes do not ask, which it does from two failures on/)
  })

  it('are discarded and removed with --yes, which the audit tells', async () => {
    assert.equal(await output('discard', 'class:RangeError', '--yes', '--actor', 'ada'), '1 failure discarded\n')
    assert.deepEqual(await ids('status:discarded'), ['22222222-cccc.0'])
    assert.equal(await output('remove', 'status:discarded', '--yes', '--actor', 'ada'), '1 failure removed\n')
    assert.deepEqual(await ids('status:discarded'), [])
    assert.equal(await output('remove', 'class:Nothing'), '0 failures removed\n')
    const { audit } = (await json('audit')) as { audit: readonly { actor: string; action: string; count: number }[] }
    assert.deepEqual(
      audit.map(({ actor, action, count }) => ({ actor, action, count })),
      [
        { actor: 'ada', action: 'remove', count: 1 },
        { actor: 'ada', action: 'discard', count: 1 },
      ],
    )
  })
})

describe('how far a failure is', () => {
  it('is told to a person in the words of the pages, and in JSON in those of the query language', async () => {
    const at = Date.now() - 60_000
    const kept = { ...failed('a', { failedAt: at }), ...UNTOUCHED }
    const words = [
      [{ status: 'failed' }, 'failed'],
      [{ status: 'retrying' }, 'being sent back'],
      [{ status: 'retried', retriedAt: at, retriedBy: 'ada' }, 'sent back'],
      [{ status: 'retried', retriedAt: at, retriedBy: 'ada', resolvedAt: at }, 'sent back, succeeded'],
      [{ status: 'discarded' }, 'discarded'],
    ] as const
    for (const [state, word] of words) {
      const failure = { ...kept, ...state }
      const line = failureTable([failure], Date.now(), 100).split('\n')[1] ?? ''
      assert.match(line, new RegExp(` 1m +${word} +mail\\.send `))
      const told = /^ {2}status +(.*)$/m.exec(failureDetails(failure, Date.now()))?.[1] ?? ''
      assert.ok(told.startsWith(word.replace(', succeeded', '')), told)
      assert.equal(told.match(/sent back/g)?.length ?? 0, word.includes('sent back') ? 1 : 0)
      assert.equal(told.includes(', succeeded '), word.includes('succeeded'))
      assert.equal((failureJson(failure) as { status: string }).status, state.status)
    }
  })
})

describe('a store of failures', () => {
  it('that is not there is not made by those who look', async () => {
    const { exitCode, stderr } = await runCommand(['failures', 'list', '--failures', join(folder, 'nowhere.db')])
    assert.equal(exitCode, 2)
    assert.match(stderr, /^understudy: there is no .*nowhere\.db; --failures says where failures are kept\n$/)
  })

  it('that is none is told in one line, and the command ends', async () => {
    const other = join(folder, 'other.db')
    writeFileSync(other, 'no database at all, but a text that is longer than its header would be')
    const { exitCode, stderr } = await runCommand(['failures', 'list', '--failures', other])
    assert.equal(exitCode, 2)
    assert.match(stderr, /^understudy: .*other\.db.*\n$/)
  })

  it('may be named by the environment, and an option wins', async () => {
    const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname
    const environment = { UNDERSTUDY_FAILURES: path }
    const found = await startScript([main, 'failures', 'list', 'id:bytes*', '--json'], environment).ended
    assert.equal((JSON.parse(found.stdout) as { total: number }).total, 1)
    const other = await startScript([main, 'failures', 'list', '--failures', join(folder, 'no.db')], environment).ended
    assert.match(other.stderr, /there is no .*no\.db/)
  })
})
