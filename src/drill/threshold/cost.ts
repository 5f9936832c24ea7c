import { standing } from './method.ts'
import { openSteps } from './search.ts'
import type { Search } from './search-file.ts'
import { outcomesOf, type TrialRecord } from './trial-record.ts'

/** What decides how long a trial takes, in milliseconds. */
export interface TrialCost {
  /** A trial waits for a random moment of it. */
  readonly slowestPeriodMs: number
  readonly slowestTakeoverMs: number
  /** For how long the fault is held, where it is healed after a while; else 0. */
  readonly holdMs: number
}

// Steady state, the proof, a broker that is started again, the calm afterwards, the drain.
const AROUND_MS = 7000

/** About how long one trial takes, before any was made: half of what is drawn at random, and what is around it. */
export function expectedTrialMs({ slowestPeriodMs, slowestTakeoverMs, holdMs }: TrialCost): number {
  return slowestPeriodMs / 2 + (holdMs > 0 ? holdMs : slowestTakeoverMs / 2) + AROUND_MS
}

/** The same by those that were made, once there are three. */
export function measuredTrialMs(trials: readonly TrialRecord[], cost: TrialCost): number {
  if (trials.length < 3) return expectedTrialMs(cost)
  return trials.reduce((sum, { tookMs }) => sum + tookMs, 0) / trials.length
}

/** How many runs there are left when no candidate has to be raised any more. Runs of a candidate that failed are lost. */
export function runsLeft(search: Search): number {
  const { verify, method, trials } = search
  const open = openSteps(search).length
  const inDirectPhase = !verify && standing(method, outcomesOf(trials)).phase === 'direct'
  return open + (inDirectPhase ? method.confirmRuns : 0)
}
