import assert from 'node:assert/strict'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkCommand } from '../../../src/cli/commands/check.ts'
import { explain } from '../../../src/cli/exit-code.ts'
import type { DrillResult } from '../../../src/drill/result.ts'
import { takeover, type WrittenHistory } from '../../support/history.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder('check')
let files = 0

async function store(history: WrittenHistory, tail = ''): Promise<string> {
  const path = join(folder, `events-${++files}.jsonl`)
  await writeFile(path, history.events.map((event) => `${JSON.stringify(event)}\n`).join('') + tail)
  return path
}

async function check(...args: readonly string[]): Promise<{ exitCode: number; out: string; line: string }> {
  let out = ''
  const command = checkCommand({ out: (text) => (out += text) }, 'understudy').exitOverride()
  try {
    await command.parseAsync(args, { from: 'user' })
    return { exitCode: 0, out, line: '' }
  } catch (error) {
    return { ...explain(error), out }
  }
}

describe('understudy check', () => {
  it('ends with 0 and tells the summary first when the drill passed', async () => {
    const { exitCode, out } = await check(await store(takeover()))
    assert.equal(exitCode, 0)
    assert.match(out, /^PASS · RPO 0: PASS · nothing lost of 250 confirmed jobs\n/)
  })

  it('ends with 1 when an objective was violated', async () => {
    const { exitCode, out, line } = await check(await store(takeover().attempt('gone', 400, { outcome: 'ack' })))
    assert.equal(exitCode, 1)
    assert.equal(line, '')
    assert.match(out, /^FAIL · RPO 0: FAIL \(actual 1, the oldest 596 ms before the fault\) · /)
    assert.match(out, /1 of 251 confirmed jobs was never delivered/)
  })

  it('ends with 2 when the drain failed', async () => {
    const history = takeover()
    history.events.pop()
    const { exitCode, out } = await check(await store(history.drain(13_000, false)))
    assert.equal(exitCode, 2)
    assert.match(out, /^UNKNOWN · RPO 0: UNKNOWN · whether any of 250 confirmed jobs is lost is not known\n/)
    assert.doesNotMatch(out, /\b0 lost|nothing lost/)
  })

  it('takes the folder of a drill too, and says how to ask again in words for a shell', async () => {
    const drill = join(folder, 'a drill')
    await mkdir(drill)
    await copyFile(await store(takeover()), join(drill, 'events.jsonl'))
    const { exitCode, out } = await check(drill, '--json')
    assert.equal(exitCode, 0)
    const { command, files: kept } = JSON.parse(out) as DrillResult
    assert.equal(command, `understudy check '${drill}'`)
    assert.equal(kept.events, join(drill, 'events.jsonl'))
    const empty = join(folder, 'empty')
    await mkdir(empty)
    for (const wrong of [empty, 'x'.repeat(5000)]) {
      const end = await check(wrong)
      assert.equal(end.exitCode, 64)
      assert.match(end.line, /^cannot read /)
    }
  })

  it('prints exactly one JSON document with --json', async () => {
    const path = await store(takeover())
    const { exitCode, out } = await check(path, '--json')
    assert.equal(exitCode, 0)
    const result = JSON.parse(out) as DrillResult
    assert.equal(result.schema, 1)
    assert.equal(result.jobs.lost, 0)
    assert.equal(result.failoverMs, 250)
    assert.deepEqual(result.files, { events: path, report: null, result: null, logs: [] })
  })

  it('judges a history whose last line was cut off, and says so', async () => {
    const { exitCode, out } = await check(await store(takeover(), '{"t":13100000000,"wa'))
    assert.equal(exitCode, 0)
    assert.match(out, /The history was cut off in line \d+; that line was left out\./)
  })

  it('ends with 64 and one line when the file is malformed, missing or without a run line', async () => {
    const malformed = await check(await store(takeover(), 'oops\n'))
    assert.equal(malformed.exitCode, 64)
    assert.match(malformed.line, /^.*events-\d+\.jsonl is not a history: line \d+ is not JSON$/)
    const missing = await check(join(folder, 'nowhere.jsonl'))
    assert.equal(missing.exitCode, 64)
    assert.match(missing.line, /^cannot read .*nowhere\.jsonl: there is no such file or folder$/)
    const history = takeover()
    history.events.shift()
    const headless = await check(await store(history))
    assert.equal(headless.exitCode, 64)
    assert.match(headless.line, /has no run line/)
  })

  it('ends with 64 for an unknown option or no file', async () => {
    assert.equal((await check()).exitCode, 64)
    assert.equal((await check('x', '--loud')).exitCode, 64)
  })

  it('lets no control character of the file reach the terminal', async () => {
    const history = takeover().at(1100, { type: 'heal', node: 'b', how: '' })
    for (const event of history.events) {
      if (event.type === 'fault' || event.type === 'proof') Object.assign(event, { node: '\u001b[2Ja\n' })
    }
    const { out } = await check(await store(history))
    assert.ok(!out.includes('\u001b'))
  })
})

describe('understudy check with other objectives', () => {
  it('asks what it is told in place of what the drill was asked, and says how to ask it again', async () => {
    const path = await store(takeover().attempt('gone', 400, { outcome: 'ack' }))
    const { exitCode, out } = await check(path, '--rpo', '1', '--json')
    assert.equal(exitCode, 0, out)
    const result = JSON.parse(out) as DrillResult
    assert.deepEqual(result.objectives.find(({ name }) => name === 'RPO')?.target, '1')
    assert.equal(result.command, `understudy check ${path} --rpo 1`)
  })

  it('fails an RTO that nobody had asked for', async () => {
    const { exitCode, out } = await check(await store(takeover()), '--rto', '1ms')
    assert.equal(exitCode, 1)
    assert.match(out, /^FAIL · RTO 1 ms: FAIL/)
  })

  it('keeps what the drill was asked where it is told nothing', async () => {
    const asked = takeover()
    const [first] = asked.events
    if (first?.type === 'run') asked.events[0] = { ...first, objectives: { ...first.objectives, rpoJobs: 3 } }
    const { out } = await check(await store(asked), '--rto', '60s', '--json')
    const result = JSON.parse(out) as DrillResult
    assert.equal(result.objectives.find(({ name }) => name === 'RPO')?.target, '3')
  })
})
