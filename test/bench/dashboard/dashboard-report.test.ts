import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Claim } from '../../../bench/claim.ts'
import { compareRuns, dashboardClaims, dashboardText } from '../../../bench/dashboard/dashboard-report.ts'
import { type Arm, type DrillRun, type Figures, isWatched } from '../../../bench/dashboard/rounds.ts'
import { seededRandom } from '../../../src/clock.ts'

const ARMS: readonly Arm[] = ['alone', 'watched', 'watched again', 'alone again']
const FIGURES: Figures = {
  confirmedPerSecond: 100,
  latencyP50Ms: 2,
  latencyP99Ms: 10,
  outageMs: 200,
  failoverMs: 190,
  lockWaitMs: 150,
  takeoverMs: 20,
  clientShareMs: 12,
  retryThresholdMs: 180,
}

function run(round: number, arm: Arm, figures: Partial<Figures> = {}): DrillRun {
  return {
    round,
    arm,
    verdict: 'pass',
    lost: 0,
    figures: { ...FIGURES, ...figures },
    watched: isWatched(arm) ? { open: 50, fragments: 600, livePages: 2 } : undefined,
  }
}

function rounds(count: number, figures: (arm: Arm, round: number) => Partial<Figures>): readonly DrillRun[] {
  return Array.from({ length: count }, (_, round) => ARMS.map((arm) => run(round, arm, figures(arm, round)))).flat()
}

/** How much longer a confirm takes while somebody looks, and by how much the drills differ anyhow. */
function latencies(count: number, times: number, spread: number): readonly DrillRun[] {
  return rounds(count, (arm, round) => {
    const latency = 2 + spread * (((round * 7 + ARMS.indexOf(arm) * 3) % 10) / 10 - 0.45)
    return { latencyP50Ms: isWatched(arm) ? times * latency : latency }
  })
}

/** Drills as the embedded lab has them: up to 250 ms for the lock, and 8 to 32 ms for all else. */
function failovers(seed: number, laterMs: number, knowsWait = true): readonly DrillRun[] {
  const random = seededRandom(seed)
  return rounds(20, (arm) => {
    const lockWaitMs = Math.round(random() * 250)
    const failoverMs = Math.round(lockWaitMs + 8 + 24 * random() + (isWatched(arm) ? laterMs : 0))
    return {
      lockWaitMs: knowsWait ? lockWaitMs : 0,
      failoverMs,
      outageMs: failoverMs + Math.round(10 * random()),
      retryThresholdMs: failoverMs - 9,
    }
  })
}

function verdictOn(runs: readonly DrillRun[], figure: string): boolean | undefined {
  const [verdict, ...others] = verdictsOn(runs, figure)
  assert(verdict && others.length === 0)
  return verdict.holds
}

function verdictsOn(runs: readonly DrillRun[], figure: string): readonly Claim[] {
  return dashboardClaims(runs, 50).filter(({ text }) => text.includes(`: ${figure}`))
}

describe('what looking on costs a drill', () => {
  it('is the ratio of the middle drills, beside that of drills that nobody looked at', () => {
    const latency = compareRuns(latencies(10, 1.5, 0)).find(({ name }) => name.endsWith('median'))
    assert.deepEqual(
      [latency?.alone, latency?.watched, latency?.ratio, latency?.noise, latency?.interval],
      [2, 3, 1.5, 1, { lower: 1.5, upper: 1.5 }],
    )
  })

  it('holds or fails where the drills say so, and is not judged where they differ too much or are too few', () => {
    const latency = 'confirm latency, median'
    assert.equal(verdictOn(latencies(10, 1.01, 0.02), latency), true)
    assert.equal(verdictOn(latencies(10, 1.3, 0.02), latency), false)
    assert.equal(verdictOn(latencies(10, 1.01, 2), latency), undefined)
    assert.equal(verdictOn(latencies(7, 1.01, 0.02), latency), undefined)
  })

  it('is seen in an outage, whenever the kill fell between two looks of the standby', () => {
    const figures = ['outage', 'failover', 'retry threshold']
    const judged = (laterMs: number): readonly (boolean | undefined)[] =>
      [1, 2, 3].flatMap((seed) => {
        const claims = dashboardClaims(failovers(seed, laterMs), 50)
        return figures.map((figure) => claims.find(({ text }) => text.includes(`: ${figure}`))?.holds)
      })
    assert.deepEqual(new Set(judged(0)), new Set([true]))
    assert.deepEqual(new Set(judged(25)), new Set([false]))
    // About the bound itself nobody is to be sure.
    const atTheBound = judged(0.05 * 145)
    assert(atTheBound.filter((holds) => holds === undefined).length > atTheBound.length / 2)
  })

  it('would drown in the wait for the lock, were that left in', () => {
    assert.equal(verdictOn(failovers(1, 0, false), 'failover'), undefined)
  })

  it('is not looked for where no failover was seen, and a part of one is told and not judged', () => {
    const unseen = rounds(10, () => ({ outageMs: null, failoverMs: null, lockWaitMs: null, retryThresholdMs: null }))
    assert.equal(verdictOn(unseen, 'failover'), undefined)
    assert.match(dashboardText(unseen), /outage of the producer +not seen +not seen/)
    const told = dashboardText(failovers(1, 0))
    for (const part of ["the client's share of it", 'the wait for the lock']) {
      assert.equal(verdictsOn(failovers(1, 0), part).length, 0, part)
      assert.match(told, new RegExp(`^${part} `, 'm'))
    }
  })

  it('does not hide a stream that broke off, or a lost job', () => {
    const runs = latencies(10, 1, 0)
    const one = runs.find(({ watched }) => watched)
    assert(one?.watched)
    const broken = [...runs, { ...one, lost: 1, watched: { ...one.watched, open: 49 } }]
    const failed = dashboardClaims(broken, 50).filter(({ holds }) => holds === false)
    assert.deepEqual(
      failed.map(({ text }) => text),
      ['every event stream stayed open and was told of something', 'no drill lost a job'],
    )
  })
})
