import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { judge } from '../../../src/drill/checker/checker.ts'
import type { HistoryEvent } from '../../../src/drill/history.ts'
import { drillByScript, failuresByScript, type ScriptedDown } from '../../support/scripted-outages.ts'

const EVERY_MS = 50
const REDIAL_MS = 5

/** By how much the first down begins after a job fell due, in milliseconds. */
function leadOf(events: readonly HistoryEvent[]): number {
  const fault = events.find((event) => event.type === 'fault')
  const due = events.findLast((event) => event.type === 'due' && event.dueNs <= (fault?.t ?? 0))
  assert.ok(fault && due?.type === 'due')
  return (fault.t - due.dueNs) / 1e6
}

describe('A drill on a broker that is down by a script', () => {
  for (const seed of [1, 2, 3]) {
    it(`for exactly 3 s holds that within the bounds of the outage, two periods and a redial apart at most (seed ${seed})`, async () => {
      const downs = [{ fromMs: 0, untilMs: 3000 }]
      const events = await drillByScript({ everyMs: EVERY_MS, seed, downs, redialMs: REDIAL_MS })
      const { outage, verdict, latencyMs, jobs } = judge(events)
      const bounds = outage.producerMs
      assert.ok(bounds)
      assert.ok(bounds.lower <= 3000 && bounds.upper >= 3000, JSON.stringify(bounds))
      assert.ok(bounds.upper - bounds.lower <= 2 * EVERY_MS + REDIAL_MS, JSON.stringify(bounds))
      assert.equal(verdict, 'pass')
      assert.equal(jobs.lost, 0)
      // The job that fell due first waited for all of it.
      assert.ok(
        latencyMs && latencyMs.max >= bounds.lower && latencyMs.max >= 3000 - EVERY_MS,
        JSON.stringify(latencyMs),
      )
    })
  }

  it('for over a minute tells all of it', async () => {
    const downs = [{ fromMs: 0, untilMs: 75_000 }]
    const { outage, retryThresholdMs, latencyMs } = judge(
      await drillByScript({ everyMs: 200, seed: 4, downs, redialMs: 100 }),
    )
    assert.ok(outage.producerMs && outage.producerMs.lower <= 75_000 && outage.producerMs.upper >= 75_000)
    assert.ok(outage.producerMs.lower >= 75_000 - 2 * 200)
    assert.ok(retryThresholdMs && retryThresholdMs > 74_000)
    assert.ok(latencyMs && latencyMs.max > 74_000)
  })

  it('that flaps tells from the first time to the last, and the threshold reaches past the last', async () => {
    const downs = [
      { fromMs: 0, untilMs: 900 },
      { fromMs: 1500, untilMs: 2600 },
    ]
    const events = await drillByScript({ everyMs: EVERY_MS, seed: 5, downs, redialMs: REDIAL_MS })
    const { outage, retryThresholdMs, findings } = judge(events)
    assert.ok(outage.producerMs && outage.producerMs.lower <= 2600 && outage.producerMs.upper >= 2600)
    assert.ok(retryThresholdMs && retryThresholdMs > 2600 - EVERY_MS && retryThresholdMs <= 2600 + EVERY_MS)
    assert.ok(findings.some((finding) => finding.startsWith('The service went away 2 times')))
  })

  const scripts: readonly (readonly ScriptedDown[])[] = [
    [{ fromMs: 0, untilMs: 730 }],
    [
      { fromMs: 0, untilMs: 300 },
      { fromMs: 600, untilMs: 910 },
    ],
  ]
  for (const [index, downs] of scripts.entries()) {
    const kind = downs.length === 1 ? 'once' : 'twice'
    it(`${kind} gives a threshold that real runs of the one-retry producer confirm within one step of the grid`, async () => {
      const stepMs = 50
      const events = await drillByScript({ everyMs: EVERY_MS, seed: 10 + index, downs, redialMs: REDIAL_MS })
      const { retryThresholdMs: replayed } = judge(events)
      assert.ok(replayed !== null && replayed > 0)
      const leadMs = leadOf(events)
      // The smallest step with which, and with every larger one, no job fails.
      let measuredMs = 0
      for (let ms = 0; ms <= replayed + 10 * stepMs; ms += stepMs) {
        if ((await failuresByScript({ everyMs: EVERY_MS, downs }, leadMs, ms)) > 0) measuredMs = ms + stepMs
      }
      assert.ok(Math.abs(measuredMs - replayed) <= stepMs, `measured ${measuredMs} ms, replayed ${replayed} ms`)
    })
  }
})
