import assert from 'node:assert/strict'
import test from 'node:test'
import { connectedProducer, failureOf, message, producerParts, TWO, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'

const never = new AbortController().signal

const bytes = (id: string, length: number): ReturnType<typeof message> => message(id, Buffer.alloc(length))

test('past the count, sends wait for room and enter in the order they came', async () => {
  const { producer, link } = await connectedProducer({ uri: `${TWO}&maxPending=2` })
  const sends = ['a', 'b', 'c', 'd'].map((id) => watch(producer.send(message(id))))
  assert.deepEqual(link.ids, ['a', 'b'])
  assert.equal(producer.pending, 2)
  link.sent[1]?.confirm()
  await settled()
  assert.deepEqual(link.ids, ['a', 'b', 'c'])
  link.sent[0]?.confirm()
  link.sent[2]?.confirm()
  await settled()
  assert.deepEqual(link.ids, ['a', 'b', 'c', 'd'])
  link.confirmAll()
  await settled()
  assert.ok(sends.every(({ ending }) => ending().kind === 'done'))
})

test('past the bytes, sends wait for room', async () => {
  const { producer, link } = await connectedProducer({ uri: `${TWO}&maxPendingBytes=100` })
  const sends = [bytes('a', 60), bytes('b', 40), bytes('c', 1)].map((one) => watch(producer.send(one)))
  assert.deepEqual(link.ids, ['a', 'b'])
  link.sent[0]?.confirm()
  await settled()
  assert.deepEqual(link.ids, ['a', 'b', 'c'])
  link.confirmAll()
  await settled()
  assert.ok(sends.every(({ ending }) => ending().kind === 'done'))
})

test('a message alone that is bigger than the bound still passes', async () => {
  const { producer, link } = await connectedProducer({ uri: `${TWO}&maxPendingBytes=100` })
  const [small, huge] = [watch(producer.send(bytes('small', 1))), watch(producer.send(bytes('huge', 5000)))]
  assert.deepEqual(link.ids, ['small'])
  link.sent[0]?.confirm()
  await settled()
  assert.deepEqual(link.ids, ['small', 'huge'])
  link.sent[1]?.confirm()
  await settled()
  assert.deepEqual([small.ending().kind, huge.ending().kind], ['done', 'done'])
})

test('nobody overtakes the line, even where it would fit', async () => {
  const { producer, link } = await connectedProducer({ uri: `${TWO}&maxPendingBytes=100` })
  for (const one of [bytes('a', 90), bytes('big', 50), bytes('tiny', 1)]) watch(producer.send(one))
  assert.deepEqual(link.ids, ['a'])
  link.sent[0]?.confirm()
  await settled()
  assert.deepEqual(link.ids, ['a', 'big', 'tiny'])
})

test('when the first of the line leaves it, the next one that fits goes in', async () => {
  const { producer, link } = await connectedProducer({ uri: `${TWO}&maxPendingBytes=100` })
  const caller = new AbortController()
  watch(producer.send(bytes('a', 90)))
  const big = watch(producer.send(bytes('big', 50), caller.signal))
  const tiny = watch(producer.send(bytes('tiny', 1)))
  caller.abort()
  await settled()
  assert.deepEqual([failureOf(big).code, failureOf(big).outcome], ['aborted', 'not-sent'])
  assert.deepEqual(link.ids, ['a', 'tiny'])
  link.confirmAll()
  await settled()
  assert.equal(tiny.ending().kind, 'done')
})

test('whenFull=reject refuses at once, and says how much is pending', async () => {
  const { producer, link } = await connectedProducer({ uri: `${TWO}&maxPending=2&whenFull=reject` })
  const sends = ['a', 'b', 'c'].map((id) => watch(producer.send(message(id))))
  await settled()
  const refused = sends[2]
  assert.ok(refused)
  assert.deepEqual([failureOf(refused).code, failureOf(refused).outcome], ['pending-full', 'not-sent'])
  assert.match(failureOf(refused).message, /2 sends of 2 bytes are unconfirmed/)
  link.confirmAll()
  await settled()
  const after = watch(producer.send(message('d')))
  link.confirmAll()
  await settled()
  assert.equal(after.ending().kind, 'done')
})

test('the line itself is bounded by count', async () => {
  const { producer } = await connectedProducer({ uri: `${TWO}&maxPending=2` })
  const sends = ['a', 'b', 'c', 'd', 'e'].map((id) => watch(producer.send(message(id))))
  await settled()
  assert.deepEqual(
    sends.map(({ ending }) => ending().kind),
    ['pending', 'pending', 'pending', 'pending', 'failed'],
  )
  const last = sends[4]
  assert.ok(last)
  assert.equal(failureOf(last).code, 'pending-full')
})

test('the line itself is bounded by bytes', async () => {
  const { producer } = await connectedProducer({ uri: `${TWO}&maxPendingBytes=100` })
  const sends = [100, 70, 30, 1].map((length, index) => watch(producer.send(bytes(String(index), length))))
  await settled()
  assert.deepEqual(
    sends.map(({ ending }) => ending().kind),
    ['pending', 'pending', 'pending', 'failed'],
  )
})

test('who waits for room waits no longer than the retry threshold', async () => {
  const { producer, clock, link } = await connectedProducer({ uri: `${TWO}&maxPending=1&retryThreshold=1000` })
  watch(producer.send(message('a')))
  await clock.advance(500)
  const waiting = watch(producer.send(message('b')))
  await clock.advance(499)
  link.sent[0]?.confirm()
  await settled()
  assert.deepEqual(link.ids, ['a', 'b'], 'its turn came')
  const third = watch(producer.send(message('c')))
  await clock.advance(501)
  assert.equal(failureOf(waiting).outcome, 'unknown', 'its threshold began when it was sent, not when it had room')
  await clock.advance(499)
  assert.deepEqual([failureOf(third).code, failureOf(third).outcome], ['pending-full', 'not-sent'])
})

test('under a broker that is down for an hour the buffer stays at its bound, and everything ends', async () => {
  const of = producerParts({ uri: `${TWO}&maxPending=50` })
  of.transport.answer('a', 'refuse').answer('b', 'refuse')
  const sends: ReturnType<typeof watch>[] = []
  for (let second = 0; second < 3600; second += 20) {
    for (let index = 0; index < 20; index++) sends.push(watch(of.producer.send(message(`${second}-${index}`))))
    assert.ok(of.producer.pending <= 50)
    await of.clock.advance(20_000)
  }
  await of.clock.advance(60_000)
  assert.ok(sends.every(({ ending }) => ending().kind === 'failed'))
  assert.equal(of.producer.pending, 0)
  await of.session.close(never)
  await settled()
  assert.equal(of.clock.pending, 0)
})

test('10,000 sends share one timer, and close leaves none', async () => {
  const { producer, link, clock, session } = await connectedProducer()
  const sends = Array.from({ length: 10_000 }, (_, index) => producer.send(message(String(index))))
  assert.equal(clock.pending, 1)
  link.confirmAll()
  await Promise.all(sends)
  assert.ok(clock.pending <= 1)
  await session.close(never)
  assert.equal(clock.pending, 0)
})

test('an idle producer sets no timer again', async () => {
  const { producer, link, clock } = await connectedProducer()
  link.confirms = true
  await producer.send(message('a'))
  await clock.advance(100_000)
  assert.equal(clock.pending, 0)
})
