import assert from 'node:assert/strict'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { judge } from '../../src/drill/checker/checker.ts'
import { HistoryWriter, readHistory } from '../../src/drill/history-file.ts'
import { parseHistoryLine } from '../../src/drill/history-line.ts'
import type { UnderstudyError } from '../../src/errors.ts'
import { takeover } from '../support/history.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = temporaryFolder('history')
let files = 0

const newPath = (): string => join(folder, `events-${++files}.jsonl`)

async function stored(text: string): Promise<string> {
  const path = newPath()
  await writeFile(path, text)
  return path
}

function refused(path: string, message: RegExp): Promise<void> {
  return assert.rejects(readHistory(path), (error: UnderstudyError) => {
    assert.equal(error.name, 'UnderstudyError')
    assert.equal(error.code, 'invalid-option')
    assert.match(error.message, message)
    assert.ok(!error.message.includes('\n'))
    return true
  })
}

const [runLine, ...rest] = takeover().events.map((event) => JSON.stringify(event))
const whole = `${[runLine, ...rest].join('\n')}\n`

describe('A stored history', () => {
  it('gives back every event as it was written', async () => {
    const path = newPath()
    const writer = await HistoryWriter.open(path)
    const { events } = takeover()
    for (const event of events) writer.append(event)
    await writer.close()
    assert.deepEqual(await readHistory(path), { events, cutLine: undefined })
  })

  it('is judged as the events were before they were stored', async () => {
    const { events } = await readHistory(await stored(whole))
    assert.deepEqual(judge(events), judge(takeover().events))
  })

  it('may lack its last line feed', async () => {
    const { events, cutLine } = await readHistory(await stored(whole.slice(0, -1)))
    assert.equal(events.length, rest.length + 1)
    assert.equal(cutLine, undefined)
  })

  it('may be cut off anywhere in its last line, which is left out and told', async () => {
    const last = rest.at(-1) ?? ''
    for (const length of [1, 10, last.length - 1]) {
      const { events, cutLine } = await readHistory(await stored(`${runLine}\n${last.slice(0, length)}`))
      assert.equal(events.length, 1)
      assert.equal(cutLine, 2)
    }
  })

  it('may be cut off within a character', async () => {
    const line = Buffer.from(`${runLine}\n{"t":1,"wall":1,"type":"giveup","id":"jöb"}`)
    const path = newPath()
    await writeFile(path, line.subarray(0, line.indexOf(0xc3) + 1))
    assert.equal((await readHistory(path)).cutLine, 2)
  })

  it('is refused when a line before the last makes no sense, and the line is named', async () => {
    await refused(await stored(`${runLine}\n{"t":5,"wa\n${rest[0]}\n`), /is not a history: line 2 is not JSON$/)
    await refused(await stored(`${runLine}\n\n${rest[0]}\n`), /line 2 is not JSON$/)
    await refused(await stored(`${runLine}\n[1]\n`), /line 2 is not an event$/)
    await refused(await stored('{"name":"something else"}\n'), /line 1 is not an event$/)
    await refused(
      await stored(`${runLine}\n{"t":1,"wall":1,"type":"party"}\n`),
      /line 2 holds an unknown type, "party"$/,
    )
  })

  it('is refused when its last line is whole and no event', async () => {
    await refused(await stored(`${runLine}\n{"type":"party"}`), /line 2 holds an unknown type/)
  })

  it('is refused when an event lacks a field or has a wrong one', async () => {
    const event = (fields: object) => stored(`${runLine}\n${JSON.stringify({ t: 1, wall: 1, ...fields })}\n`)
    await refused(await event({ type: 'giveup' }), /line 2 has no proper field id \(giveup\)$/)
    await refused(await event({ type: 'giveup', id: 'j', t: 1.5 }), /field t /)
    await refused(await event({ type: 'giveup', id: 'j', t: null }), /field t /)
    await refused(await event({ type: 'att', id: 'j', k: 0, endpoint: null }), /field k /)
    await refused(await event({ type: 'res', id: 'j', k: 1, outcome: 'maybe' }), /field outcome /)
    await refused(await event({ type: 'proof', node: 'a', effectiveNs: 1, proof: [1] }), /field proof /)
    await refused(await event({ type: 'toString' }), /unknown type/)
  })

  it('is refused when it was written to another schema', async () => {
    const other = (runLine ?? '').replace('"schema":1', '"schema":2')
    await refused(await stored(`${other}\n`), /line 1 is not of schema 1/)
  })

  it('may hold fields that this version does not know', async () => {
    const line = '{"t":1,"wall":1,"type":"giveup","id":"j","mood":"sad"}'
    assert.equal((await readHistory(await stored(`${runLine}\n${line}\n`))).events.length, 2)
  })

  it('is refused when it is empty or holds nothing but half a line', async () => {
    await refused(await stored(''), /it holds no event$/)
    await refused(await stored('once upon a time'), /it holds no event$/)
  })

  it('is refused when a line is longer than any event can be', async () => {
    const long = 'x'.repeat(1024 * 1024 + 1)
    await refused(await stored(`${runLine}\n${long}`), /line 2 is longer than 1048576 bytes$/)
    await refused(await stored(`${runLine}\n${long}\n`), /line 2 is longer than 1048576 bytes$/)
  })

  it('is refused in one line when the file is not there or is a folder', async () => {
    await refused(join(folder, 'nowhere.jsonl'), /^cannot read .*nowhere\.jsonl: there is no such file or folder$/)
    await refused(folder, /: it is a folder$/)
  })
})

describe('A line of a history', () => {
  it('may tell of a blocked connection and of when a heal was ordered, and of neither in other words', () => {
    const blocked = { t: 1, wall: 1, type: 'conn', client: 'producer', state: 'blocked', endpoint: null, reason: 'low' }
    const heal = { t: 2, wall: 2, type: 'heal', node: 'a', how: 'started again', orderedNs: 1 }
    const wrong = (event: object): string | undefined => {
      const parsed = parseHistoryLine(JSON.stringify(event))
      return 'wrong' in parsed ? parsed.wrong : undefined
    }
    assert.equal(wrong(blocked), undefined)
    assert.equal(wrong({ ...blocked, state: 'unblocked', reason: null }), undefined)
    assert.equal(wrong({ ...blocked, state: 'stuck' }), 'has no proper field state (conn)')
    assert.equal(wrong(heal), undefined)
    assert.equal(wrong({ ...heal, orderedNs: undefined }), undefined)
    assert.equal(wrong({ ...heal, orderedNs: 'soon' }), 'has no proper field orderedNs (heal)')
  })
})

describe('Writing a history', () => {
  const event = { t: 1, wall: 1, type: 'giveup', id: 'j' } as const

  it('goes on while the drill does', async () => {
    const path = newPath()
    const writer = await HistoryWriter.open(path, { flushEveryMs: 1 })
    writer.append(event)
    const deadline = Date.now() + 10_000
    while ((await readFile(path, 'utf8')) === '') assert.ok(Date.now() < deadline, 'nothing was written')
    writer.append(event)
    await writer.close()
    assert.equal((await readHistory(path)).events.length, 2)
  })

  it('keeps the order of events through many blocks', async () => {
    const path = newPath()
    const writer = await HistoryWriter.open(path)
    for (let t = 0; t < 20_000; t++) {
      writer.append({ ...event, t })
      if (t % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await writer.close()
    const { events } = await readHistory(path)
    assert.equal(events.length, 20_000)
    assert.ok(events.every((read, index) => read.t === index))
  })

  it('replaces what was in the file', async () => {
    const path = await stored('old')
    const writer = await HistoryWriter.open(path)
    await writer.close()
    assert.equal(await readFile(path, 'utf8'), '')
  })

  it('may be closed twice, and drops what comes later', async () => {
    const path = newPath()
    const writer = await HistoryWriter.open(path)
    writer.append(event)
    await Promise.all([writer.close(), writer.close()])
    writer.append(event)
    await writer.close()
    assert.equal((await readHistory(path)).events.length, 1)
  })

  it('is refused where no file can be made', async () => {
    const path = await stored('')
    await assert.rejects(HistoryWriter.open(join(path, 'events.jsonl')), {
      code: 'invalid-option',
      message: `cannot write ${join(path, 'events.jsonl')}: part of the path is not a folder`,
    })
    await assert.rejects(HistoryWriter.open(join(folder, 'no', 'events.jsonl')), { code: 'invalid-option' })
  })

  it('tells of a full disk once, by both ways, and never throws where it was called', async (context) => {
    const full = '/dev/full'
    const probe = await appendFile(full, 'x').then(
      () => '',
      (error: NodeJS.ErrnoException) => error.code,
    )
    if (probe !== 'ENOSPC') {
      context.skip('this system has no /dev/full')
      return
    }
    const told: UnderstudyError[] = []
    let tell: (() => void) | undefined
    const failed = new Promise<void>((resolve) => {
      tell = resolve
    })
    const writer = await HistoryWriter.open(full, {
      flushEveryMs: 1,
      onError: (error) => {
        told.push(error)
        tell?.()
      },
    })
    writer.append(event)
    await failed
    for (let count = 0; count < 5000; count++) writer.append(event)
    await assert.rejects(writer.close(), { code: 'storage', message: 'cannot write /dev/full: the disk is full' })
    assert.equal(told.length, 1)
  })

  it('gives up rather than fill the memory when the disk cannot keep up', async () => {
    const told: string[] = []
    const writer = await HistoryWriter.open(newPath(), {
      maxPendingBytes: 1000,
      onError: (error) => told.push(error.message),
    })
    for (let count = 0; count < 100; count++) writer.append(event)
    await assert.rejects(writer.close(), { code: 'storage', message: /the disk is too slow for the drill$/ })
    assert.equal(told.length, 1)
  })
})
