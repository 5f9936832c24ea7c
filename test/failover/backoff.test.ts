import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '../../src/clock.ts'
import { Backoff } from '../../src/failover/backoff.ts'
import { type FailoverOptions, readFailoverOptions } from '../../src/failover/options.ts'

function options(given: Record<string, string> = {}): FailoverOptions {
  return readFailoverOptions(new Map(Object.entries({ jitter: '0', ...given })))
}

/** The delays of an outage in which every pass fails at once. */
function delays(backoff: Backoff, count: number, limited = false, from = 0): number[] {
  let now = from
  backoff.restart(now)
  return Array.from({ length: count }, () => {
    const delay = backoff.next(now, limited)
    now += delay
    return delay
  })
}

test('with a limited number of attempts the delays double purely, up to the longest', () => {
  const backoff = new Backoff(options({ maxReconnectDelay: '100' }), () => 0)
  assert.deepEqual(delays(backoff, 6, true), [10, 20, 40, 80, 100, 100])
})

test('without exponential backoff every delay is the initial one', () => {
  const backoff = new Backoff(options({ useExponentialBackOff: 'false', initialReconnectDelay: '4000' }), () => 0)
  assert.deepEqual(delays(backoff, 3), [4000, 4000, 4000])
  assert.deepEqual(delays(backoff, 3, true), [4000, 4000, 4000])
})

test('with unlimited attempts no delay is longer than its share of the outage so far, nor than the longest', () => {
  const given = { reconnectDelayShare: '0.1', maxReconnectDelay: '2000' }
  const backoff = new Backoff(options(given), () => 0)
  let now = 0
  backoff.restart(now)
  let longest = 0
  while (now < 120_000) {
    const delay = backoff.next(now, false)
    assert.ok(delay >= 10 && delay <= Math.max(10, now * 0.1) && delay <= 2000, `${delay} after ${now}`)
    longest = Math.max(longest, delay)
    now += delay
  }
  assert.equal(longest, 2000)
})

test('within the first 15 s, while a takeover may be going on, no delay is longer than 20 ms', () => {
  const backoff = new Backoff(options(), () => 0)
  delays(backoff, 20)
  assert.deepEqual(
    [300, 5000, 14_999, 15_000, 60_000].map((now) => backoff.next(now, false)),
    [15, 20, 20, 750, 3000],
  )
  const patient = new Backoff(options({ initialReconnectDelay: '1000' }), () => 0)
  assert.deepEqual(delays(patient, 3), [1000, 1000, 1000])
})

test('the share never makes a delay longer than doubling would', () => {
  const backoff = new Backoff(options({ reconnectDelayShare: '1' }), () => 0)
  backoff.restart(0)
  assert.deepEqual(
    [1000, 1000, 1000].map((now) => backoff.next(now, false)),
    [10, 20, 40],
  )
})

test('a delay is at least the initial one, or the longest where that is shorter', () => {
  assert.deepEqual(delays(new Backoff(options({ reconnectDelayShare: '0' }), () => 0), 3), [10, 10, 10])
  assert.deepEqual(delays(new Backoff(options({ maxReconnectDelay: '3' }), () => 0), 3), [3, 3, 3])
})

test('jitter shortens a delay by up to its share, whatever else is set', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      fc.integer({ min: 0, max: 2000 }),
      (seed, jitter, limited, passes) => {
        const plain = new Backoff(options(), () => 0)
        const jittered = new Backoff({ ...options(), jitter }, seededRandom(seed))
        for (let pass = 0; pass < passes; pass += 1 + Math.floor(pass / 10)) {
          const now = pass * 37
          const [most, delay] = [plain.next(now, limited), jittered.next(now, limited)]
          assert.ok(delay <= most && delay >= most * (1 - jitter) - 1e-9 && delay <= 30_000)
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('after thousands of failed passes the delay is still the longest one and no infinity', () => {
  assert.equal(delays(new Backoff(options(), () => 0), 3000, true).at(-1), 30_000)
})

test('links that die young are forgiven twice; from the third on, delays grow from link to link', () => {
  const backoff = new Backoff(options(), () => 0)
  const waits: number[] = []
  for (let now = 0; now < 800; now += 100) {
    backoff.linkLost(now, 99)
    waits.push(backoff.firstDelay())
  }
  assert.deepEqual(waits, [0, 0, 10, 20, 40, 80, 160, 320])
})

test('how long the outages between such links were makes these delays no longer', () => {
  const backoff = new Backoff(options(), () => 0)
  const waits: number[] = []
  for (let now = 0; now < 500_000; now += 100_000) {
    backoff.linkLost(now, 99)
    waits.push(backoff.firstDelay())
    for (let passes = 0; passes < 1000; passes++) backoff.next(now + 80 * passes, false)
  }
  assert.deepEqual(waits, [0, 0, 10, 20, 40])
})

test('one link that lives for the stability window ends that', () => {
  const backoff = new Backoff(options(), () => 0)
  for (let times = 0; times < 10; times++) backoff.linkLost(0, 10)
  assert.ok(backoff.flapping)
  assert.ok(backoff.firstDelay() > 0)
  backoff.linkLost(10_000, 5000)
  assert.ok(!backoff.flapping)
  assert.equal(backoff.firstDelay(), 0)
  assert.equal(backoff.next(10_000, false), 10)
})
