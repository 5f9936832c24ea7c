import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { judge } from '../../../src/drill/checker/checker.ts'
import { type Down, type FirstTry, replayRetryThreshold } from '../../../src/drill/checker/retry-replay.ts'
import { scripted, takeover } from '../../support/history.ts'

/** What the source article's producer does, tried out: once, and once more `r` after that failed. */
function everyJobGetsThrough(tries: readonly FirstTry[], downs: readonly Down[], r: number): boolean {
  const up = (at: number): boolean => downs.every(({ fromNs, untilNs }) => at < fromNs || at >= untilNs)
  return tries.every(({ atNs, passNs }) => up(atNs) || up(atNs + passNs + r))
}

describe('The retry threshold', () => {
  it('is the longest that a job had to wait for the end of the outage, less its failed pass', () => {
    const downs = [{ fromNs: 100, untilNs: 500 }]
    const tries = [
      { atNs: 90, passNs: 0 },
      { atNs: 120, passNs: 30 },
      { atNs: 300, passNs: 0 },
    ]
    assert.equal(replayRetryThreshold(tries, downs), 350)
  })

  it('is 0 when every first attempt found the service up', () => {
    assert.equal(replayRetryThreshold([{ atNs: 500, passNs: 0 }], [{ fromNs: 100, untilNs: 500 }]), 0)
    assert.equal(replayRetryThreshold([{ atNs: 99, passNs: 0 }], [{ fromNs: 100, untilNs: 500 }]), 0)
  })

  it('reaches past the last outage when the service flaps: a lucky gap is no threshold', () => {
    const downs = [
      { fromNs: 100, untilNs: 200 },
      { fromNs: 300, untilNs: 450 },
    ]
    const tries = [{ atNs: 110, passNs: 0 }]
    assert.ok(everyJobGetsThrough(tries, downs, 95))
    assert.ok(!everyJobGetsThrough(tries, downs, 200))
    assert.equal(replayRetryThreshold(tries, downs), 340)
  })

  it('is enough with every larger one, and nothing below it is, by trying the schedule out', () => {
    const outages = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })), {
      minLength: 1,
      maxLength: 4,
    })
    const jobs = fc.array(
      fc.record({ atNs: fc.integer({ min: 0, max: 400 }), passNs: fc.integer({ min: 0, max: 9 }) }),
      {
        minLength: 1,
        maxLength: 20,
      },
    )
    fc.assert(
      fc.property(outages, jobs, (gaps, tries) => {
        let at = 0
        const downs = gaps.map(([up, down]) => {
          const fromNs = at + up
          at = fromNs + down
          return { fromNs, untilNs: at }
        })
        const threshold = replayRetryThreshold(tries, downs)
        for (let r = threshold; r <= threshold + 500; r++) assert.ok(everyJobGetsThrough(tries, downs, r))
        if (threshold > 0) assert.ok(!everyJobGetsThrough(tries, downs, threshold - 1))
      }),
    )
  })

  it('of a run is taken until the first good attempt after its outage', () => {
    const downs = [{ fromMs: 1000, untilMs: 4000 }]
    const history = scripted({ everyMs: 100, roundTripMs: 5, phaseMs: 50, downs, untilMs: 8000 })
    assert.equal(judge(history.events).retryThresholdMs, 2950)
  })

  it('of a run subtracts the time that the failed attempt of a job took', () => {
    const downs = [{ fromMs: 1000, untilMs: 4000 }]
    const history = scripted({ everyMs: 100, roundTripMs: 20, phaseMs: 90, downs, untilMs: 8000 })
    // The job of 990 was under way until 1,000 and would be tried again r after that; that of 1,090 failed at once.
    assert.equal(judge(history.events).retryThresholdMs, 3000)
  })

  it('of a run in which the service flapped reaches to its last return', () => {
    const downs = [
      { fromMs: 1000, untilMs: 2000 },
      { fromMs: 3000, untilMs: 4000 },
    ]
    const history = scripted({ everyMs: 100, roundTripMs: 5, phaseMs: 50, downs, untilMs: 8000 })
    assert.equal(judge(history.events).retryThresholdMs, 2950)
  })

  it('of a takeover is what the job that was under way had to wait, less the time until it failed', () => {
    assert.equal(judge(takeover().events).retryThresholdMs, 240)
  })
})
