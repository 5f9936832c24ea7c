import assert from 'node:assert/strict'
import test from 'node:test'
import { seededRandom } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type Tick, Ticker } from '../../src/producer/ticker.ts'
import { message, producerParts, watch } from '../support/client-parts.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'

interface Given extends Tick {
  readonly at: number
}

function ticking(clock: FakeClock, periodMs: number, count?: number): { ticker: Ticker; given: Given[] } {
  const given: Given[] = []
  const ticker = new Ticker({
    clock,
    periodMs,
    ...(count === undefined ? {} : { count }),
    onTick: (tick) => given.push({ ...tick, at: clock.now() }),
  })
  ticker.start()
  return { ticker, given }
}

test('ticks come at a fixed rate, the first of them at once', async () => {
  const clock = new FakeClock()
  const { ticker, given } = ticking(clock, 50)
  await clock.advance(200)
  assert.deepEqual(
    given.map(({ sequence, dueAt, at }) => [sequence, dueAt, at]),
    [
      [1, 1000, 1000],
      [2, 1050, 1050],
      [3, 1100, 1100],
      [4, 1150, 1150],
      [5, 1200, 1200],
    ],
  )
  ticker.stop()
})

test('late timers delay single ticks and never shift the grid', async () => {
  const random = seededRandom(3)
  const clock = new FakeClock(() => random() * 30)
  const { ticker, given } = ticking(clock, 50)
  await clock.advance(100_000)
  const late = given.map(({ dueAt, at }) => at - dueAt)
  assert.ok(given.length >= 1999, String(given.length))
  assert.ok(Math.max(...late) < 31 && Math.min(...late) >= 0)
  assert.deepEqual(
    given.map(({ sequence }) => sequence),
    given.map((_, index) => index + 1),
  )
  const began = given[0]?.dueAt ?? 0
  assert.deepEqual(
    given.map(({ dueAt }) => dueAt),
    given.map((_, index) => began + index * 50),
  )
  ticker.stop()
})

test('what a stopped process has missed is made up for at once, with the times at which it was due', async () => {
  const clock = new FakeClock()
  const { ticker, given } = ticking(clock, 50)
  await clock.advance(100)
  clock.freeze(1010)
  await clock.advance(0)
  assert.equal(given.length, 3 + 20)
  assert.deepEqual([given[3]?.dueAt, given[3]?.at, given.at(-1)?.dueAt], [1150, 2110, 2100])
  await clock.advance(40)
  assert.equal(given.at(-1)?.at, 2150)
  ticker.stop()
})

test('it ends after its count, and then has no timer', async () => {
  const clock = new FakeClock()
  const { ticker, given } = ticking(clock, 10, 3)
  await clock.advance(1000)
  await ticker.finished
  assert.equal(given.length, 3)
  assert.equal(ticker.ticks, 3)
  assert.equal(clock.pending, 0)
})

test('stop inside a tick gives no further one, not even those that are overdue', async () => {
  const clock = new FakeClock()
  const given: number[] = []
  const ticker: Ticker = new Ticker({
    clock,
    periodMs: 10,
    onTick: ({ sequence }) => {
      given.push(sequence)
      if (sequence === 2) ticker.stop()
    },
  })
  ticker.start()
  clock.freeze(500)
  await clock.advance(500)
  await ticker.finished
  assert.deepEqual(given, [1, 2])
  assert.equal(clock.pending, 0)
})

test('start and stop may be called twice and in any order', async () => {
  const clock = new FakeClock()
  const { ticker, given } = ticking(clock, 10)
  ticker.start()
  await clock.advance(10)
  assert.equal(given.length, 2)
  ticker.stop()
  ticker.stop()
  ticker.start()
  await clock.advance(100)
  assert.equal(given.length, 2)
  const never = new Ticker({ clock, periodMs: 10, onTick: () => assert.fail('it was stopped before it began') })
  never.stop()
  never.start()
  await clock.advance(100)
  assert.equal(clock.pending, 0)
})

test('a period or a count that would never end a turn is refused', () => {
  for (const wrong of [{ periodMs: 0 }, { periodMs: -1 }, { periodMs: Number.NaN }, { periodMs: 1, count: 0 }]) {
    assert.throws(
      () => new Ticker({ clock: new FakeClock(), onTick: () => {}, ...wrong }),
      (error) => error instanceof UnderstudyError && error.code === 'invalid-option',
    )
  }
})

test('sends that are stalled do not stop it, and each job keeps its due time', async () => {
  const { clock, producer, transport, session } = producerParts()
  transport.answer('a', 'refuse').answer('b', 'refuse')
  const sends: ReturnType<typeof watch>[] = []
  const due: number[] = []
  const ticker = new Ticker({
    clock,
    periodMs: 100,
    onTick: ({ sequence, dueAt }) => {
      due.push(dueAt)
      sends.push(watch(producer.send(message(String(sequence)))))
    },
  })
  ticker.start()
  await clock.advance(2000)
  assert.equal(sends.length, 21)
  assert.ok(sends.every(({ ending }) => ending().kind === 'pending'))
  transport.onLink = (link) => {
    link.confirms = true
  }
  transport.answer('a', 'accept')
  await clock.advance(1000)
  ticker.stop()
  await settled()
  assert.ok(sends.every(({ ending }) => ending().kind === 'done'))
  assert.deepEqual(
    due,
    due.map((_, index) => 1000 + index * 100),
  )
  assert.deepEqual(
    transport.last.ids,
    due.map((_, index) => String(index + 1)),
  )
  await session.close(new AbortController().signal)
  assert.equal(clock.pending, 0)
})
