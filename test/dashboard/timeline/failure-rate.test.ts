import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Counting, FailureRate } from '../../../src/dashboard/timeline/failure-rate.ts'
import { matches } from '../../../adapters/memory/failure-query.ts'
import type { FailureQuery } from '../../../src/jobs/failures/query/query.ts'
import type { KeptFailure } from '../../../src/jobs/failures/failure.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const MINUTE = 60_000

/** Failures that are nothing but times, counted as the stores count them; and how often they were asked. */
function failuresAt(clock: FakeClock, times: number[]): Counting & { readonly asked: number } {
  let asked = 0
  return {
    count: async (query) => {
      asked++
      const now = clock.wallTime()
      return times.filter((failedAt) => matches(query as FailureQuery, { failedAt } as KeptFailure, now)).length
    },
    get asked() {
      return asked
    },
  }
}

describe('failures by time', () => {
  it('counts each in its own span, whose bounds are whole multiples of its length', async () => {
    const clock = new FakeClock()
    const now = clock.wallTime()
    const first = Math.floor(now / MINUTE) * MINUTE - 59 * MINUTE
    const times = [first, first + MINUTE - 1, first + MINUTE, first + 30 * MINUTE, now, first - 1]
    const { from, stepMs, counts } = await new FailureRate(failuresAt(clock, times), clock).counts(60, MINUTE)
    assert.equal(from, first)
    assert.equal(stepMs, MINUTE)
    assert.equal(counts.length, 60)
    assert.deepEqual(
      counts.flatMap((count, index) => (count === 0 ? [] : [[index, count]])),
      [
        [0, 2],
        [1, 1],
        [30, 1],
        [59, 1],
      ],
    )
  })

  it('asks once for a quiet hour, at most once a span, and for many viewers no more than for one', async () => {
    const clock = new FakeClock()
    const quiet = failuresAt(clock, [])
    await new FailureRate(quiet, clock).counts(60, MINUTE)
    assert.equal(quiet.asked, 1)

    const now = clock.wallTime()
    const busy = failuresAt(
      clock,
      Array.from({ length: 600 }, (_, index) => now - index * 6000),
    )
    const rate = new FailureRate(busy, clock)
    await Promise.all(Array.from({ length: 50 }, () => rate.counts(60, MINUTE)))
    assert(busy.asked <= 60, `${busy.asked} questions`)
    const { asked } = busy
    await clock.advance(6000)
    await rate.counts(60, MINUTE)
    assert(busy.asked > asked)
  })

  it('asks again after a store that failed', async () => {
    const clock = new FakeClock()
    let isDown = true
    const rate = new FailureRate(
      { count: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(0)) },
      clock,
    )
    await assert.rejects(rate.counts(60, MINUTE), /down/)
    isDown = false
    assert.equal((await rate.counts(60, MINUTE)).counts.length, 60)
  })
})
