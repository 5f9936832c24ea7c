import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '../../../src/clock.ts'
import { type Backoff, delayBefore, mayDelay, readRetry } from '../../../src/jobs/retry-policy.ts'

const backoffs: fc.Arbitrary<Required<Backoff>> = fc.record({
  type: fc.constantFrom('exponential' as const, 'fixed' as const),
  delay: fc.double({ min: 0, max: 2 ** 31, noNaN: true }),
  max: fc.double({ min: 0, max: 2 ** 31, noNaN: true }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
})

describe('delayBefore', () => {
  it('doubles from the delay up to the longest, without jitter', () => {
    const { backoff } = readRetry({ backoff: { delay: 1000, max: 10_000, jitter: 0 } })
    const delays = [2, 3, 4, 5, 6, 7].map((attempt) => delayBefore(backoff, attempt, () => 0.9))
    assert.deepEqual(delays, [1000, 2000, 4000, 8000, 10_000, 10_000])
  })

  it('stays the same where it is fixed, and strays by the jitter in both directions', () => {
    const { backoff } = readRetry({ backoff: { type: 'fixed', delay: 1000, jitter: 0.5 } })
    assert.deepEqual(
      [0, 0.5, 1].map((random) => delayBefore(backoff, 9, () => random)),
      [500, 1000, 1500],
    )
  })

  it('is a whole number from 0 to the longest, and within the jitter of the formula, for every attempt', () => {
    fc.assert(
      fc.property(backoffs, fc.integer({ min: 0, max: 1_000_000 }), fc.integer(), (backoff, attempt, seed) => {
        const delay = delayBefore(backoff, attempt, seededRandom(seed))
        assert.ok(Number.isSafeInteger(delay) && delay >= 0 && delay <= Math.ceil(backoff.max), `${delay}`)
        if (attempt < 2) return assert.equal(delay, 0)
        const doubled = backoff.type === 'fixed' ? backoff.delay : backoff.delay * 2 ** (attempt - 2)
        const plain = backoff.delay === 0 ? 0 : Math.min(backoff.max, doubled)
        assert.ok(delay >= Math.floor(plain * (1 - backoff.jitter)) && delay <= Math.ceil(plain * (1 + backoff.jitter)))
      }),
    )
  })
})

describe('readRetry', () => {
  it('means one attempt where nothing is said, and five where only something is', () => {
    assert.equal(readRetry(undefined).attempts, 1)
    assert.equal(readRetry({}).attempts, 5)
    assert.deepEqual(readRetry({}).backoff, { type: 'exponential', delay: 1000, max: 600_000, jitter: 0.2 })
    assert.equal(readRetry({}).retryIf(new Error('any'), 1), true)
  })

  it('tells which jobs need a broker that can delay', () => {
    assert.equal(mayDelay(readRetry(undefined)), false)
    assert.equal(mayDelay(readRetry({})), true)
    assert.equal(mayDelay(readRetry({ attempts: 1 })), false)
    assert.equal(mayDelay(readRetry({ backoff: { delay: 0 } })), false)
  })
})
