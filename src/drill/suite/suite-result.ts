import type { Prediction } from '../fault.ts'
import type { DrillResult, Verdict } from '../result.ts'

/**
 * How one run of a suite ended: with a verdict; `skipped`, as the machine lacks something that it needs; `broken`, as
 * the harness failed; `interrupted`, by Ctrl-C, after healing.
 */
export type RunState = Verdict | 'skipped' | 'broken' | 'interrupted'

/** Every state, the worst first: what is proven to be violated stays so whatever else there is. */
export const RUN_STATES: readonly RunState[] = ['fail', 'broken', 'interrupted', 'unknown', 'skipped', 'pass']

/** One run of a drill. Times are milliseconds; null means it was not observed. */
export interface SuiteRun {
  readonly state: RunState
  /** Why it is no pass, one sentence each. */
  readonly reasons: readonly string[]
  /** The run's own folder under that of the suite; null when it left nothing behind. */
  readonly folder: string | null
  readonly seed: number
  readonly phaseMs: number | null
  readonly takenOverBy: string | null
  readonly outageMs: { readonly lower: number; readonly upper: number } | null
  readonly failoverMs: number | null
  readonly recoveryMs: number | null
  readonly retryThresholdMs: number | null
  readonly jobs: Pick<DrillResult['jobs'], 'attempted' | 'acknowledged' | 'failed' | 'lost'> | null
  /** What was seen of the brokers, a word each, as the drill's own result has them. */
  readonly signs: readonly string[]
}

/** What several runs measured, in milliseconds. */
interface Spread {
  readonly n: number
  readonly min: number
  readonly median: number
  readonly max: number
}

/** One drill of the plan with all its runs. */
export interface SuiteDrillResult {
  readonly name: string
  readonly lab: string
  readonly fault: string
  /** How many runs the plan asks for; `runs` are fewer while the suite goes on, and when it was ended before. */
  readonly repeat: number
  /** The worst of its runs. */
  readonly state: RunState
  readonly counts: Readonly<Record<RunState, number>>
  /** Null where no run observed it. */
  readonly outageMs: { readonly lower: Spread; readonly upper: Spread } | null
  readonly failoverMs: Spread | null
  readonly recoveryMs: Spread | null
  /**
   * Its greatest is the smallest threshold at which no job of these runs would have failed: of those whose service was
   * back by their end.
   */
  readonly retryThresholdMs: Spread | null
  readonly predicted: Prediction | null
  /** In how many runs each sign was seen. */
  readonly signs: Readonly<Record<string, number>>
  readonly runs: readonly SuiteRun[]
}

/** `result.json` of a suite, and what `--json` prints. */
export interface SuiteResult {
  readonly schema: 1
  readonly kind: 'suite'
  /** `fail` when a run failed; else `unknown` when one says nothing, or was not run (yet); else `pass`. */
  readonly verdict: Verdict
  /** The plan's file. */
  readonly plan: string
  readonly startedAt: string
  readonly endedAt: string
  readonly command: string
  readonly versions: Readonly<Record<string, string>>
  readonly drills: readonly SuiteDrillResult[]
  readonly files: { readonly result: string; readonly report: string; readonly junit: string }
}

/** What is kept of a drill's own result. */
export function runOf(result: DrillResult, seed: number, folder: string): SuiteRun {
  const { verdict, reasons, fault, takenOverBy, outage, failoverMs, recoveryMs, retryThresholdMs, jobs, signs } = result
  const { attempted, acknowledged, failed, lost } = jobs
  return {
    state: verdict,
    reasons,
    folder,
    seed,
    phaseMs: fault.phaseMs,
    takenOverBy,
    outageMs: outage.producerMs,
    failoverMs,
    recoveryMs,
    retryThresholdMs,
    jobs: { attempted, acknowledged, failed, lost },
    signs,
  }
}

/** A run that came to no verdict, and why. */
export function runWithoutVerdict(
  state: Exclude<RunState, 'pass' | 'fail'>,
  reason: string,
  seed: number,
  folder: string | null,
): SuiteRun {
  return {
    state,
    reasons: [reason],
    folder,
    seed,
    phaseMs: null,
    takenOverBy: null,
    outageMs: null,
    failoverMs: null,
    recoveryMs: null,
    retryThresholdMs: null,
    jobs: null,
    signs: [],
  }
}

/** One drill's runs, put together. */
export function summarizeRuns(
  drill: Pick<SuiteDrillResult, 'name' | 'lab' | 'fault' | 'repeat' | 'predicted'>,
  runs: readonly SuiteRun[],
): SuiteDrillResult {
  const counts = Object.fromEntries(
    RUN_STATES.map((state) => [state, runs.filter((run) => run.state === state).length]),
  ) as Record<RunState, number>
  const lower = spreadOf(runs.map((run) => run.outageMs?.lower ?? null))
  const upper = spreadOf(runs.map((run) => run.outageMs?.upper ?? null))
  const signs: Record<string, number> = {}
  for (const sign of runs.flatMap((run) => [...new Set(run.signs)])) signs[sign] = (signs[sign] ?? 0) + 1
  const { name, lab, fault, repeat, predicted } = drill
  return {
    name,
    lab,
    fault,
    repeat,
    state: worstOf(runs.map((run) => run.state)),
    counts,
    outageMs: lower && upper ? { lower, upper } : null,
    failoverMs: spreadOf(runs.map((run) => run.failoverMs)),
    recoveryMs: spreadOf(runs.map((run) => run.recoveryMs)),
    retryThresholdMs: spreadOf(runs.map((run) => run.retryThresholdMs)),
    predicted,
    signs,
    runs,
  }
}

/** The worst of several; of none `skipped`, as nothing was rehearsed. */
export function worstOf(states: readonly RunState[]): RunState {
  return RUN_STATES.find((state) => states.includes(state)) ?? 'skipped'
}

/**
 * A suite says `pass` only when something was rehearsed, and all that was passed. What was skipped proves nothing, and
 * neither does a suite that did not come to its end.
 */
export function verdictOf(drills: readonly Pick<SuiteDrillResult, 'counts' | 'runs' | 'repeat'>[]): Verdict {
  const any = (state: RunState): boolean => drills.some(({ counts }) => counts[state] > 0)
  if (any('fail')) return 'fail'
  if (drills.some(({ runs, repeat }) => runs.length < repeat)) return 'unknown'
  return any('broken') || any('interrupted') || any('unknown') || !any('pass') ? 'unknown' : 'pass'
}

function spreadOf(values: readonly (number | null)[]): Spread | null {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b)
  const [min] = sorted
  const max = sorted.at(-1)
  if (min === undefined || max === undefined) return null
  const middle = sorted.length / 2
  const below = sorted[Math.ceil(middle) - 1] ?? min
  const above = sorted[Math.floor(middle)] ?? max
  return { n: sorted.length, min, median: (below + above) / 2, max }
}
