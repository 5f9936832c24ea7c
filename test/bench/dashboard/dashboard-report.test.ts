import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compareRuns, dashboardClaims, dashboardText } from '../../../bench/dashboard/dashboard-report.ts'
import type { Arm, DrillRun } from '../../../bench/dashboard/rounds.ts'

function run(round: number, arm: Arm, latencyMs: number, outageMs: number | null = 200): DrillRun {
  return {
    round,
    arm,
    verdict: 'pass',
    lost: 0,
    figures: {
      confirmedPerSecond: 100,
      latencyP50Ms: latencyMs,
      latencyP99Ms: 10,
      outageMs,
      failoverMs: 190,
      clientShareMs: 12,
      retryThresholdMs: 180,
    },
    watched: arm === 'watched' ? { open: 50, fragments: 600, livePages: 2 } : undefined,
  }
}

/** Ten rounds; how much longer a confirm takes while somebody looks, and by how much the drills differ anyhow. */
function rounds(times: number, spread: number): readonly DrillRun[] {
  return Array.from({ length: 10 }, (_, round) => {
    const latency = 2 + spread * (((round * 7) % 10) / 10 - 0.45)
    return [run(round, 'alone', latency), run(round, 'watched', times * latency), run(round, 'alone again', latency)]
  }).flat()
}

function latencyHolds(runs: readonly DrillRun[]): boolean | undefined {
  return dashboardClaims(runs, 50).find(({ text }) => text.endsWith('latency, median'))?.holds
}

describe('what looking on costs a drill', () => {
  it('is the ratio of the medians, beside that of drills that nobody looked at', () => {
    const latency = compareRuns(rounds(1.5, 0)).find(({ name }) => name.endsWith('median'))
    assert.deepEqual(
      [latency?.alone, latency?.watched, latency?.ratio, latency?.noise, latency?.interval],
      [2, 3, 1.5, 1, { lower: 1.5, upper: 1.5 }],
    )
  })

  it('holds or fails where the drills say so, and is not judged where they differ too much', () => {
    assert.equal(latencyHolds(rounds(1.01, 0.02)), true)
    assert.equal(latencyHolds(rounds(1.3, 0.02)), false)
    assert.equal(latencyHolds(rounds(1.03, 2)), undefined)
    assert.equal(latencyHolds(rounds(1.01, 0.02).slice(0, 3)), undefined)
  })

  it('does not hide a stream that broke off, a lost job, or an outage that was not seen', () => {
    const runs = rounds(1, 0)
    const one = runs.find(({ watched }) => watched)
    assert(one?.watched)
    const broken = [...runs, { ...one, lost: 1, watched: { ...one.watched, open: 49 } }]
    const failed = dashboardClaims(broken, 50).filter(({ holds }) => holds === false)
    assert.deepEqual(
      failed.map(({ text }) => text),
      ['every event stream stayed open and was told of something', 'no drill lost a job'],
    )
    const unseen = [run(1, 'alone', 2, null), run(1, 'watched', 2, null)]
    assert.match(dashboardText(unseen), /outage of the producer +not seen +not seen/)
  })
})
