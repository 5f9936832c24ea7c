import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  QueueEngine,
  type QueueEngineOptions,
  type QueuedMessage,
} from '../../../../adapters/memory/queue-engine/queue-engine.ts'
import type { Clock } from '../../../../src/clock.ts'
import { HandClock } from '../hand-clock.ts'

const A = { kind: 'queue', name: 'a' } as const

interface Sent {
  readonly inMs?: number
  readonly persistent?: boolean
  readonly expiresInMs?: number
  readonly queue?: string
}

function setUp(options: Partial<QueueEngineOptions<string>> = {}) {
  const clock = new HandClock()
  const engine = new QueueEngine<string>({ clock, ...options })
  const send = (payload: string, { inMs, persistent = true, expiresInMs, queue = 'a' }: Sent = {}): number =>
    engine.send(
      { kind: 'queue', name: queue },
      {
        payload,
        sizeBytes: payload.length,
        persistent,
        expiresAtMs: expiresInMs === undefined ? undefined : clock.wallTime() + expiresInMs,
        deliverAtMs: inMs === undefined ? undefined : clock.wallTime() + inMs,
      },
    )
  return { clock, engine, send }
}

function listen(engine: QueueEngine<string>, queue = 'a') {
  const received: QueuedMessage<string>[] = []
  const from = { kind: 'queue', name: queue } as const
  const consumer = engine.consume(from, { prefetch: 100, deliver: (message) => received.push({ ...message }) })
  consumer.resume()
  return { consumer, received, payloads: () => received.map(({ payload }) => payload) }
}

test('a delayed message is delivered to nobody before its time, and is then the last in its queue', () => {
  const { clock, engine, send } = setUp()
  send('later', { inMs: 100 })
  send('at once')
  clock.advance(99)
  assert.deepEqual(engine.depth('a'), { ready: 1, unsettled: 0 })
  clock.advance(1)
  const { payloads, received } = listen(engine)
  assert.deepEqual(payloads(), ['at once', 'later'])
  assert.equal(received[1]?.redelivered, false)
})

test('a timer that fires early delivers nothing early', () => {
  const hand = new HandClock()
  const early: Clock = {
    now: () => hand.now(),
    wallTime: () => hand.wallTime(),
    after: (delayMs, action) => hand.after(Math.max(1, delayMs - 40), action),
  }
  const engine = new QueueEngine<string>({ clock: early })
  const { payloads } = listen(engine)
  const deliverAtMs = hand.wallTime() + 100
  engine.send(A, { payload: 'x', sizeBytes: 1, persistent: true, expiresAtMs: undefined, deliverAtMs })
  hand.advance(99)
  assert.deepEqual(payloads(), [])
  hand.advance(1)
  assert.deepEqual(payloads(), ['x'])
})

test('messages with many delays come in the order of their time, those of one moment in the order they were sent', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }), (delays) => {
      const { clock, engine, send } = setUp()
      const { received, payloads } = listen(engine)
      for (const [index, inMs] of delays.entries()) send(`${inMs} ${index}`, { inMs })
      clock.advance(30)
      const expected = delays
        .map((inMs, index) => ({ inMs, name: `${inMs} ${index}` }))
        .toSorted((a, b) => a.inMs - b.inMs)
        .map(({ name }) => name)
      assert.deepEqual(payloads(), expected)
      const sequences = received.map(({ sequence }) => sequence)
      assert.deepEqual(
        sequences,
        [...sequences].sort((a, b) => a - b),
      )
      assert.equal(clock.pending, 0)
    }),
    { numRuns: 50 },
  )
})

test('a time that is over means at once', () => {
  const { clock, engine, send } = setUp()
  const { payloads } = listen(engine)
  send('now', { inMs: 0 })
  send('before', { inMs: -5 })
  assert.deepEqual(payloads(), ['now', 'before'])
  assert.equal(clock.pending, 0)
})

test('the journal is told of the wait, and of the place that the message has after it', () => {
  const told: string[] = []
  const note =
    (what: string) =>
    (queue: string, { payload, sequence, deliverAtMs }: QueuedMessage<string>): void => {
      told.push(`${what} ${queue} ${payload} ${sequence}${deliverAtMs === undefined ? '' : ` at ${deliverAtMs}`}`)
    }
  const journal = { enqueued: note('enqueued'), dispatched: note('dispatched'), removed: note('removed') }
  const { clock, send } = setUp({ journal })
  send('later', { inMs: 100 })
  send('first')
  send('forgotten', { inMs: 50, persistent: false })
  clock.advance(100)
  assert.deepEqual(told, [
    'enqueued a later 1 at 1000100',
    'enqueued a first 2',
    'removed a later 1 at 1000100',
    'enqueued a later 5',
  ])
})

test('a delayed message that outlived a process comes at its time, or at once when that is over', () => {
  const { clock, engine } = setUp()
  const kept = { sizeBytes: 1, persistent: true, expiresAtMs: undefined, redelivered: false }
  engine.restore('a', { ...kept, sequence: 3, payload: 'later', deliverAtMs: clock.wallTime() + 50 })
  engine.restore('a', { ...kept, sequence: 4, payload: 'second', deliverAtMs: clock.wallTime() - 10 })
  engine.restore('a', { ...kept, sequence: 5, payload: 'first', deliverAtMs: clock.wallTime() - 20 })
  engine.restore('a', { ...kept, sequence: 6, payload: 'waited' })
  engine.continueAbove(9)
  const { payloads, received } = listen(engine)
  clock.advance(0)
  assert.deepEqual(payloads(), ['waited', 'first', 'second'])
  clock.advance(50)
  assert.deepEqual(payloads(), ['waited', 'first', 'second', 'later'])
  assert.deepEqual(
    received.map(({ sequence }) => sequence),
    [6, 10, 11, 12],
  )
})

test('one that expires before its time goes to the dead letters at its time', () => {
  const { clock, engine, send } = setUp()
  const [{ payloads }, dead] = [listen(engine), listen(engine, 'DLQ.a')]
  send('x', { inMs: 100, expiresInMs: 50 })
  clock.advance(99)
  assert.deepEqual([payloads(), dead.payloads()], [[], []])
  clock.advance(1)
  assert.deepEqual([payloads(), dead.payloads()], [[], ['x']])
})

test('a resting engine keeps no timer, and delivers afterwards what fell due meanwhile', () => {
  const { clock, engine, send } = setUp()
  const { payloads } = listen(engine)
  engine.setResting(true)
  send('x', { inMs: 100 })
  assert.equal(clock.pending, 0)
  clock.advance(200)
  assert.deepEqual(payloads(), [])
  engine.setResting(false)
  clock.advance(0)
  assert.deepEqual(payloads(), ['x'])
})

test('delayed messages count towards the bounds, and are dropped like others', () => {
  const { clock, engine, send } = setUp({ maxMessages: 2 })
  send('kept', { inMs: 100 })
  send('dropped', { inMs: 50, persistent: false })
  assert.throws(() => send('too many', { inMs: 10 }), { code: 'rejected' })
  assert.equal(engine.isEmpty, false)
  engine.discard(({ persistent }) => !persistent)
  assert.equal(engine.room.messages, 1)
  const { payloads } = listen(engine)
  clock.advance(100)
  assert.deepEqual(payloads(), ['kept'])
})

test('a look tells what waits and who listens, and makes no queue', () => {
  const { engine, send } = setUp()
  assert.equal(engine.inspect('a'), undefined)
  assert.deepEqual(engine.waiting('a'), [])
  send('later', { inMs: 100 })
  assert.deepEqual(engine.inspect('a'), { ready: 0, consumers: 0 })
  send('1')
  send('2')
  assert.deepEqual(engine.inspect('a'), { ready: 2, consumers: 0 })
  assert.deepEqual(
    engine.waiting('a').map(({ payload }) => payload),
    ['1', '2'],
  )
  listen(engine)
  assert.deepEqual(engine.inspect('a'), { ready: 0, consumers: 1 })
  assert.equal(engine.depths().length, 1)
})

test('a purge drops what waits and nothing else: not what is held, and not what is delayed', () => {
  const { clock, engine, send } = setUp()
  assert.equal(engine.purge('a'), 0)
  const held: string[] = []
  const consumer = engine.consume(A, { prefetch: 1, deliver: ({ payload }) => held.push(payload) })
  consumer.resume()
  for (const payload of ['held', '2', '3']) send(payload)
  send('later', { inMs: 100 })
  assert.equal(engine.purge('a'), 2)
  assert.deepEqual(engine.depth('a'), { ready: 0, unsettled: 1 })
  clock.advance(100)
  assert.deepEqual(engine.depth('a'), { ready: 1, unsettled: 1 })
  consumer.close()
  assert.deepEqual(listen(engine).payloads(), ['held', 'later'])
})
