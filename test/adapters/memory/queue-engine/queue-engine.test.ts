import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type EngineAddress,
  type EngineConsumer,
  QueueEngine,
  type QueueEngineOptions,
  type QueuedMessage,
} from '../../../../adapters/memory/queue-engine/queue-engine.ts'
import { UnderstudyError } from '../../../../src/errors.ts'
import { HandClock } from '../hand-clock.ts'

const A: EngineAddress = { kind: 'queue', name: 'a' }
const DEAD: EngineAddress = { kind: 'queue', name: 'DLQ.a' }
const NEWS: EngineAddress = { kind: 'topic', name: 'news' }

interface Sent {
  persistent?: boolean
  expiresAtMs?: number
  to?: EngineAddress
}

function setUp(options: Partial<QueueEngineOptions<string>> = {}) {
  const clock = new HandClock()
  const engine = new QueueEngine<string>({ clock, ...options })
  const send = (payload: string, { persistent = true, expiresAtMs, to = A }: Sent = {}): number =>
    engine.send(to, { payload, sizeBytes: payload.length, persistent, expiresAtMs })
  return { clock, engine, send }
}

/** A consumer that keeps what it was given. */
function listen(engine: QueueEngine<string>, prefetch: number, from: EngineAddress = A) {
  const received: QueuedMessage<string>[] = []
  const consumer = engine.consume(from, { prefetch, deliver: (message) => received.push({ ...message }) })
  consumer.resume()
  const payloads = (): string[] => received.map((message) => message.payload)
  const settle = (payload: string, settlement: 'ack' | 'reject' | 'requeue' = 'ack'): boolean =>
    consumer.settle(received.findLast((message) => message.payload === payload)?.sequence ?? -1, settlement)
  return { consumer, received, payloads, settle }
}

/** A journal that writes down what it is told. */
function journal() {
  const told: string[] = []
  const note =
    (what: string) =>
    (queue: string, message: QueuedMessage<string>): void => {
      told.push(`${what} ${queue} ${message.payload}`)
    }
  return { told, enqueued: note('enqueued'), dispatched: note('dispatched'), removed: note('removed') }
}

function depthOf(engine: QueueEngine<string>, name: string) {
  return engine.depths().find((depth) => depth.name === name)
}

test('messages come in the order they were sent, to a consumer that was there and to one that comes later', () => {
  const { engine, send } = setUp()
  const early = listen(engine, 10)
  send('1')
  send('2')
  early.settle('1')
  early.settle('2')
  early.consumer.close()
  send('3')
  send('4')
  const late = listen(engine, 10)
  assert.deepEqual(early.payloads(), ['1', '2'])
  assert.deepEqual(late.payloads(), ['3', '4'])
})

test('a consumer starts paused and gets nothing before it is resumed', () => {
  const { engine, send } = setUp()
  const received: string[] = []
  const consumer = engine.consume(A, { prefetch: 1, deliver: (message) => received.push(message.payload) })
  send('1')
  assert.deepEqual(received, [])
  consumer.resume()
  assert.deepEqual(received, ['1'])
})

test('no more than prefetch messages are out, and each settlement lets one more come', () => {
  const { engine, send } = setUp()
  for (const payload of ['1', '2', '3', '4']) send(payload)
  const { payloads, settle } = listen(engine, 2)
  assert.deepEqual(payloads(), ['1', '2'])
  settle('2')
  assert.deepEqual(payloads(), ['1', '2', '3'])
  settle('1', 'reject')
  assert.deepEqual(payloads(), ['1', '2', '3', '4'])
})

test('consumers with credit are served in turn', () => {
  const { engine, send } = setUp()
  const consumers = [listen(engine, 10), listen(engine, 10), listen(engine, 10)]
  for (let index = 0; index < 9; index += 1) send(String(index))
  assert.deepEqual(
    consumers.map(({ payloads }) => payloads()),
    [
      ['0', '3', '6'],
      ['1', '4', '7'],
      ['2', '5', '8'],
    ],
  )
})

test('a consumer that is full is passed over and does not hold up the others', () => {
  const { engine, send } = setUp()
  const slow = listen(engine, 1)
  const fast = listen(engine, 10)
  for (let index = 0; index < 5; index += 1) send(String(index))
  assert.deepEqual(slow.payloads(), ['0'])
  assert.deepEqual(fast.payloads(), ['1', '2', '3', '4'])
})

test('settling what a consumer does not hold changes nothing and says so', () => {
  const { engine, send } = setUp()
  send('1')
  const first = listen(engine, 1)
  const other = listen(engine, 1)
  const sequence = first.received[0]?.sequence ?? -1
  assert.equal(other.consumer.settle(sequence, 'ack'), false)
  assert.equal(first.consumer.settle(999, 'ack'), false)
  assert.equal(first.consumer.settle(sequence, 'ack'), true)
  assert.equal(first.consumer.settle(sequence, 'ack'), false)
  first.consumer.close()
  assert.deepEqual(other.payloads(), [])
})

test('a rejected message moves to DLQ.NAME, with its payload rewritten, and leaves the queue', () => {
  const { engine, send } = setUp({ deadLetterPayload: (payload, from, reason) => `${payload} ${from} ${reason}` })
  const { settle } = listen(engine, 1)
  send('1')
  settle('1', 'reject')
  assert.deepEqual(listen(engine, 1, DEAD).payloads(), ['1 a rejected'])
  assert.equal(depthOf(engine, 'a')?.unsettled, 0)
})

test('a message that is rejected in a dead letter queue is gone', () => {
  const { engine, send } = setUp()
  send('1', { to: DEAD })
  const dead = listen(engine, 1, DEAD)
  dead.settle('1', 'reject')
  dead.consumer.close()
  assert.deepEqual(engine.depths(), [])
})

test('a requeued message comes back in its place, marked as redelivered', () => {
  const { engine, send } = setUp()
  for (const payload of ['1', '2', '3']) send(payload)
  const first = listen(engine, 2)
  first.consumer.stop()
  first.settle('1', 'requeue')
  const second = listen(engine, 10)
  assert.deepEqual(
    second.received.map(({ payload, redelivered }) => [payload, redelivered]),
    [
      ['1', true],
      ['3', false],
    ],
  )
})

test('what a lost consumer held goes to the front in its original order, marked as redelivered', () => {
  const { engine, send } = setUp()
  const lost = listen(engine, 3)
  for (const payload of ['1', '2', '3', '4']) send(payload)
  lost.settle('2')
  lost.consumer.close()
  assert.deepEqual(
    listen(engine, 10).received.map(({ payload, redelivered }) => [payload, redelivered]),
    [
      ['1', true],
      ['3', true],
      ['4', true],
    ],
  )
})

test('what two consumers held comes back in one order when both are lost', () => {
  const { engine, send } = setUp()
  const one = listen(engine, 3)
  const two = listen(engine, 3)
  for (const payload of ['1', '2', '3', '4', '5', '6', '7']) send(payload)
  one.consumer.stop()
  two.consumer.close()
  one.consumer.close()
  assert.deepEqual(listen(engine, 10).payloads(), ['1', '2', '3', '4', '5', '6', '7'])
})

test('a stopped consumer gets nothing more and may still settle what it holds', () => {
  const { engine, send } = setUp()
  send('1')
  send('2')
  const { consumer, payloads, settle } = listen(engine, 1)
  consumer.stop()
  consumer.resume()
  assert.equal(settle('1'), true)
  assert.deepEqual(payloads(), ['1'])
  assert.equal(depthOf(engine, 'a')?.ready, 1)
})

test('a paused consumer gets nothing until it is resumed, and others are served meanwhile', () => {
  const { engine, send } = setUp()
  const paused = listen(engine, 10)
  paused.consumer.pause()
  send('1')
  assert.deepEqual(paused.payloads(), [])
  const other = listen(engine, 1)
  send('2')
  paused.consumer.resume()
  assert.deepEqual(other.payloads(), ['1'])
  assert.deepEqual(paused.payloads(), ['2'])
})

test('a sink may settle, pause and send while it is called', () => {
  const { engine, send } = setUp()
  const received: string[] = []
  const consumer: EngineConsumer<string> = engine.consume(A, {
    prefetch: 1,
    deliver(message) {
      received.push(message.payload)
      consumer.settle(message.sequence, 'ack')
      if (message.payload === '1') send('3')
      if (message.payload === '3') consumer.pause()
    },
  })
  send('1')
  send('2')
  consumer.resume()
  send('4')
  assert.deepEqual(received, ['1', '2', '3'])
  consumer.resume()
  assert.deepEqual(received, ['1', '2', '3', '4'])
})

test('a sink may close its own consumer: the message goes to the next one', () => {
  const { engine, send } = setUp()
  const leaving: EngineConsumer<string> = engine.consume(A, { prefetch: 1, deliver: () => leaving.close() })
  leaving.resume()
  const staying = listen(engine, 5)
  send('1')
  send('2')
  assert.deepEqual(staying.payloads(), ['1', '2'])
})

test('every subscriber of a topic gets a copy, and nobody gets what was sent before', () => {
  const { engine, send } = setUp()
  send('0', { to: NEWS })
  const one = listen(engine, 10, NEWS)
  send('1', { to: NEWS })
  const two = listen(engine, 10, NEWS)
  send('2', { to: NEWS })
  one.consumer.close()
  send('3', { to: NEWS })
  assert.deepEqual(one.payloads(), ['1', '2'])
  assert.deepEqual(two.payloads(), ['2', '3'])
})

test('a topic keeps the prefetch of each subscriber, and drops the oldest past its backlog', () => {
  const { engine, send } = setUp({ maxTopicBacklog: 2 })
  const slow = listen(engine, 1, NEWS)
  for (const payload of ['1', '2', '3', '4']) send(payload, { to: NEWS })
  assert.equal(depthOf(engine, 'news')?.dropped, 1)
  slow.settle('1')
  slow.settle('3')
  assert.deepEqual(slow.payloads(), ['1', '3', '4'])
})

test('a topic forgets what its subscribers left behind', () => {
  const { engine, send } = setUp({ maxMessages: 3 })
  const { consumer } = listen(engine, 1, NEWS)
  for (const payload of ['1', '2', '3']) send(payload, { to: NEWS })
  consumer.close()
  assert.deepEqual(engine.room.messages, 3)
  assert.deepEqual(engine.depths(), [])
})

test('an expired message is not delivered and moves to the dead letter queue', () => {
  const { clock, engine, send } = setUp({ deadLetterPayload: (payload, _from, reason) => `${payload} ${reason}` })
  send('1', { expiresAtMs: clock.wallTime() + 100 })
  send('2')
  clock.advance(100)
  assert.deepEqual(listen(engine, 10).payloads(), ['2'])
  assert.deepEqual(listen(engine, 10, DEAD).payloads(), ['1 expired'])
})

test('a message that expires while nobody consumes is taken out by the sweep, wherever it stands', () => {
  const { clock, engine, send } = setUp({ expirySweepMs: 1_000 })
  send('1')
  send('2', { expiresAtMs: clock.wallTime() + 500 })
  send('3')
  clock.advance(999)
  assert.equal(depthOf(engine, 'a')?.ready, 3)
  clock.advance(1)
  assert.equal(depthOf(engine, 'a')?.ready, 2)
  assert.equal(depthOf(engine, 'DLQ.a')?.ready, 1)
  assert.equal(clock.pending, 0, 'the sweep ends with the last message that can expire')
})

test('expired messages are dropped where that is wanted', () => {
  const { clock, engine, send } = setUp({ expired: 'drop' })
  send('1', { expiresAtMs: clock.wallTime() })
  clock.advance(1_000)
  assert.deepEqual(engine.depths(), [])
})

test('closing the engine ends its timer', () => {
  const { clock, engine, send } = setUp()
  send('1', { expiresAtMs: clock.wallTime() + 60_000 })
  assert.equal(clock.pending, 1)
  engine.close()
  assert.equal(clock.pending, 0)
})

test('the journal is told of persistent messages of queues alone, in the order of the changes', () => {
  const notes = journal()
  const { engine, send } = setUp({ journal: notes })
  send('1')
  send('passing', { persistent: false })
  send('copy', { to: NEWS })
  const { settle } = listen(engine, 10)
  settle('1', 'reject')
  settle('passing')
  listen(engine, 10, DEAD).settle('1')
  assert.deepEqual(notes.told, [
    'enqueued a 1',
    'dispatched a 1',
    'removed a 1',
    'enqueued DLQ.a 1',
    'dispatched DLQ.a 1',
    'removed DLQ.a 1',
  ])
})

test('a second delivery is not reported as a dispatch', () => {
  const notes = journal()
  const { engine, send } = setUp({ journal: notes })
  send('1')
  listen(engine, 1).consumer.close()
  listen(engine, 1)
  assert.deepEqual(notes.told, ['enqueued a 1', 'dispatched a 1'])
})

test('restored messages stand in front of new ones, keep their flag, and are not reported again', () => {
  const notes = journal()
  const { engine, send } = setUp({ journal: notes })
  const old = { sizeBytes: 1, persistent: true, expiresAtMs: undefined }
  engine.restore('a', { ...old, sequence: 7, payload: 'seen', redelivered: true })
  engine.restore('a', { ...old, sequence: 9, payload: 'unseen', redelivered: false })
  engine.continueAbove(20)
  assert.equal(send('new'), 21)
  const { received } = listen(engine, 10)
  assert.deepEqual(
    received.map(({ payload, redelivered }) => [payload, redelivered]),
    [
      ['seen', true],
      ['unseen', false],
      ['new', false],
    ],
  )
  assert.deepEqual(notes.told, ['enqueued a new', 'dispatched a unseen', 'dispatched a new'])
})

test('a full engine refuses by count and by bytes, and takes again what there is room for', () => {
  const { engine, send } = setUp({ maxMessages: 2, maxBytes: 10 })
  send('12345')
  const full = (error: unknown): boolean =>
    error instanceof UnderstudyError && error.code === 'rejected' && error.retriable
  assert.throws(() => send('123456'), full)
  send('12345')
  assert.throws(() => send(''), full)
  const { settle } = listen(engine, 1)
  settle('12345')
  send('54321')
  assert.equal(depthOf(engine, 'a')?.ready, 1)
})

test('a full engine still moves a rejected message to its dead letter queue', () => {
  const { engine, send } = setUp({ maxMessages: 1 })
  send('1')
  const { settle } = listen(engine, 1)
  settle('1', 'reject')
  assert.deepEqual(listen(engine, 1, DEAD).payloads(), ['1'])
})

test('a queue without messages and consumers is forgotten', () => {
  const { engine, send } = setUp()
  send('1')
  const { consumer, settle } = listen(engine, 1)
  settle('1')
  assert.equal(engine.depths().length, 1)
  consumer.close()
  consumer.close()
  assert.deepEqual(engine.depths(), [])
})

test('a million messages pass through one queue, sent, half of them returned, and settled', () => {
  const { engine } = setUp()
  const count = 1_000_000
  for (let index = 0; index < count; index += 1) {
    engine.send(A, { payload: '', sizeBytes: 0, persistent: false, expiresAtMs: undefined })
  }
  const lost = engine.consume(A, { prefetch: count / 2, deliver: () => {} })
  lost.resume()
  lost.close()
  let last = 0
  let inOrder = true
  const consumer: EngineConsumer<string> = engine.consume(A, {
    prefetch: 1,
    deliver({ sequence }) {
      inOrder &&= sequence === last + 1
      last = sequence
      consumer.settle(sequence, 'ack')
    },
  })
  consumer.resume()
  assert.equal(last, count)
  assert.ok(inOrder)
})
