import assert from 'node:assert/strict'
import test from 'node:test'
import { SendError } from '../../src/errors.ts'
import type { Gathering, ScatterSummary } from '../../src/request/gathering.ts'
import type { Reply } from '../../src/request/reply.ts'
import { settled } from '../support/fake-clock.ts'
import { requesting, requestTo, withCode } from './requesting.ts'

async function gather(gathering: Gathering): Promise<{ replies: Reply[]; summary: ScatterSummary }> {
  const replies: Reply[] = []
  for await (const reply of gathering) replies.push(reply)
  return { replies, summary: await gathering.summary }
}

const told = (replies: readonly Reply[]): unknown[] =>
  replies.map(({ from, kind, sequence }) => `${from} ${kind} ${sequence}`)

test('replies come as they come, and the expected number of answers ends the gathering', async () => {
  const of = await requesting()
  const gathering = of.connection.scatter('topic://work', 1, { expect: 2 })
  const all = gather(gathering)
  const request = await requestTo(of)
  assert.equal(request.destination.kind, 'topic')
  of.reply(request, 50, { kind: 'progress', from: 'a', sequence: 1 })
  of.reply(request, 10, { kind: 'progress', from: 'b', sequence: 1 })
  of.reply(request, 'done', { kind: 'result', from: 'a', sequence: 2 })
  of.reply(request, { message: 'out of paper' }, { kind: 'error', from: 'b', sequence: 2 })
  const { replies, summary } = await all
  assert.deepEqual(told(replies), ['a progress 1', 'b progress 1', 'a result 2', 'b error 2'])
  assert.equal(replies[3]?.error?.message, 'out of paper')
  assert.deepEqual(summary, { endedBy: 'complete', results: 1, errors: 1, missing: 0, repeated: 0, dropped: 0 })
  assert.equal(of.connection.requests.open, 0)
  await of.connection.close()
})

test('the time being over ends the gathering without an error, and says how many are missing', async () => {
  const of = await requesting()
  const all = gather(of.connection.scatter('topic://work', 1, { expect: 3, timeoutMs: 500 }))
  const request = await requestTo(of)
  of.reply(request, 'done', { kind: 'result', from: 'a' })
  await of.clock.advance(500)
  const { replies, summary } = await all
  assert.equal(replies.length, 1)
  assert.deepEqual(summary, { endedBy: 'deadline', results: 1, errors: 0, missing: 2, repeated: 0, dropped: 0 })
  of.reply(request, 'late', { kind: 'result', from: 'b' })
  assert.equal(of.connection.requests.unmatched, 1)
  await of.connection.close()
})

test('without a number the time alone ends it, and nothing is missing', async () => {
  const of = await requesting()
  const all = gather(of.connection.scatter('topic://work', 1, { timeoutMs: 500 }))
  const request = await requestTo(of)
  for (const from of ['a', 'b', 'c']) of.reply(request, 'done', { kind: 'result', from })
  await of.clock.advance(500)
  const { replies, summary } = await all
  assert.equal(replies.length, 3)
  assert.equal(summary.missing, undefined)
  await of.connection.close()
})

test('a responder that got the request twice answers once, and its progress counts upwards', async () => {
  const of = await requesting()
  const all = gather(of.connection.scatter('topic://work', 1, { expect: 2 }))
  const request = await requestTo(of)
  of.reply(request, 1, { kind: 'progress', from: 'a', sequence: 1 })
  of.reply(request, 1, { kind: 'progress', from: 'a', sequence: 1 })
  of.reply(request, 'done', { kind: 'result', from: 'a', sequence: 2 })
  of.reply(request, 'done', { kind: 'result', from: 'a', sequence: 1 })
  of.reply(request, 2, { kind: 'progress', from: 'a', sequence: 3 })
  of.reply(request, 'done', { kind: 'result', from: 'b', sequence: 1 })
  const { replies, summary } = await all
  assert.deepEqual(told(replies), ['a progress 1', 'a result 2', 'b result 1'])
  assert.equal(summary.repeated, 3)
  assert.equal(of.connection.requests.unmatched, 3)
  await of.connection.close()
})

test('replies of responders that give no name are told apart by their ids', async () => {
  const of = await requesting()
  const all = gather(of.connection.scatter('topic://work', 1, { expect: 2 }))
  const request = await requestTo(of)
  of.reply(request, 'one', { overrides: { id: 'x' } })
  of.reply(request, 'one', { overrides: { id: 'x' } })
  of.reply(request, 'two', { overrides: { id: 'y' } })
  const { replies, summary } = await all
  assert.deepEqual(
    replies.map((reply) => reply.json()),
    ['one', 'two'],
  )
  assert.equal(summary.repeated, 1)
  await of.connection.close()
})

test('leaving the loop ends it: what comes then has nobody waiting', async () => {
  const of = await requesting()
  const gathering = of.connection.scatter('topic://work', 1, {})
  const left = (async () => {
    for await (const reply of gathering) return reply.json()
    return undefined
  })()
  const request = await requestTo(of)
  of.reply(request, 1, { kind: 'progress', from: 'a', sequence: 1 })
  assert.equal(await left, 1)
  assert.equal((await gathering.summary).endedBy, 'left')
  assert.equal(of.connection.requests.open, 0)
  of.reply(request, 'done', { kind: 'result', from: 'a' })
  assert.equal(of.connection.requests.unmatched, 1)
  await of.connection.close()
})

test('a loop that is too slow loses progress first, and is told what it lost', async () => {
  const of = await requesting()
  const gathering = of.connection.scatter('topic://work', 1, { maxUnread: 2, expect: 3 })
  const request = await requestTo(of)
  of.reply(request, 1, { kind: 'progress', from: 'a', sequence: 1 })
  of.reply(request, 1, { kind: 'result', from: 'a', sequence: 2 })
  of.reply(request, 1, { kind: 'progress', from: 'b', sequence: 1 })
  of.reply(request, 1, { kind: 'result', from: 'b', sequence: 2 })
  of.reply(request, 1, { kind: 'result', from: 'c', sequence: 1 })
  const { replies, summary } = await gather(gathering)
  assert.deepEqual(told(replies), ['a result 2', 'b result 2'])
  assert.deepEqual(summary, { endedBy: 'complete', results: 3, errors: 0, missing: 0, repeated: 0, dropped: 3 })
  await of.connection.close()
})

test('a scatter that is not confirmed, aborted or closed fails in its loop and in its summary', async () => {
  const of = await requesting({ confirms: false })
  const stop = new AbortController()
  const refused = of.connection.scatter('work', 1, {})
  const aborted = of.connection.scatter('work', 2, { signal: stop.signal })
  const closed = of.connection.scatter('work', 3, {})
  const isRefused = (error: unknown): boolean => error instanceof SendError
  const ends = [
    assert.rejects(gather(refused), isRefused),
    assert.rejects(refused.summary, isRefused),
    assert.rejects(gather(aborted), withCode('aborted')),
    assert.rejects(gather(closed), withCode('closed')),
  ]
  await settled()
  of.producer().sent[0]?.fail('rejected')
  stop.abort()
  await settled()
  of.producer().confirmAll()
  await of.connection.close()
  await Promise.all(ends)
})

for (const [name, options] of [
  ['an expected number of 0', { expect: 0 }],
  ['no room for unread replies', { maxUnread: 0 }],
  ['a timeout of -1', { timeoutMs: -1 }],
] as const) {
  test(`${name} is refused`, async () => {
    const of = await requesting()
    assert.throws(() => of.connection.scatter('work', 1, options), withCode('invalid-option'))
    await of.connection.close()
  })
}
