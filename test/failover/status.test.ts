import assert from 'node:assert/strict'
import test from 'node:test'
import { StatusBroadcast, type StatusEvent } from '../../src/failover/status.ts'

const event = (passes: number): StatusEvent => ({ type: 'reconnecting', role: 'producer', passes, delayMs: 0 })
const passesOf = (one: StatusEvent): number => (one.type === 'reconnecting' ? one.passes : -1)

test('the iterator gives what happened since it was asked for, and ends when the connection does', async () => {
  const status = new StatusBroadcast()
  status.publish(event(1))
  const events = status.events()
  status.publish(event(2))
  status.publish(event(3))
  status.end()
  const seen: number[] = []
  for await (const one of events) seen.push(passesOf(one))
  assert.deepEqual(seen, [2, 3])
})

test('a reader that waits is woken by the next event, and by the end', async () => {
  const status = new StatusBroadcast()
  const events = status.events()
  const [first, second] = [events.next(), events.next()]
  status.publish(event(1))
  assert.equal((await first).done, false)
  status.end()
  assert.deepEqual(await second, { done: true, value: undefined })
})

test('an iterator that is asked for after the end is at its end', async () => {
  const status = new StatusBroadcast()
  status.end()
  assert.equal((await status.events().next()).done, true)
})

test('leaving the loop detaches the reader: nothing is kept for it any more', async () => {
  const status = new StatusBroadcast()
  const events = status.events()
  status.publish(event(1))
  status.publish(event(2))
  for await (const one of events) {
    assert.equal(passesOf(one), 1)
    break
  }
  status.publish(event(3))
  assert.deepEqual(await events.next(), { done: true, value: undefined })
})

test('a reader that falls behind loses the eldest events and never grows without bound', async () => {
  const status = new StatusBroadcast()
  const events = status.events()
  for (let passes = 1; passes <= 5000; passes++) status.publish(event(passes))
  status.end()
  const seen: number[] = []
  for await (const one of events) seen.push(passesOf(one))
  assert.deepEqual([seen.length, seen[0], seen.at(-1)], [1024, 5000 - 1023, 5000])
})

test('an observer is told until it says that it is enough', () => {
  const status = new StatusBroadcast()
  const seen: number[] = []
  const stop = status.observe((one) => seen.push(passesOf(one)))
  status.publish(event(1))
  stop()
  status.publish(event(2))
  assert.deepEqual(seen, [1])
})

test('an observer that throws or rejects keeps nothing from the others', async () => {
  const status = new StatusBroadcast()
  const seen: number[] = []
  status.observe(() => {
    throw new Error('thrown')
  })
  // oxlint-disable-next-line typescript/no-misused-promises -- what a careless user would write
  status.observe(() => Promise.reject(new Error('rejected')))
  status.observe((one) => seen.push(passesOf(one)))
  status.publish(event(1))
  // A rejection that nobody took would fail the test run in this turn.
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(seen, [1])
})
