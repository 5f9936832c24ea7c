import { quantileBound, trialsNeeded } from './order-statistics.ts'

/** What is searched for, and by how many runs. Times are milliseconds. */
export interface Method {
  /** p: how often no job may fail, above 0 and below 1. */
  readonly pass: number
  readonly confidence: number
  /** How many outages are measured before there is a candidate. */
  readonly directTrials: number
  /** How many runs in a row must hold at a candidate; 0 for no confirmation. */
  readonly confirmRuns: number
  /** A candidate is a multiple of this. */
  readonly gridMs: number
  /** A threshold above this is told as "more than the cap" and not searched for. */
  readonly capMs: number
}

/** One outage that was measured. */
export interface DirectOutcome {
  /** From 0. */
  readonly index: number
  /** The retry threshold of that run; null when it is more than the cap, or was not seen. */
  readonly thresholdMs: number | null
}

/** One run of the one-retry producer at the candidate of its stage. */
export interface ConfirmOutcome {
  /** Candidates are numbered from 1. */
  readonly stage: number
  /** From 0 within the stage. */
  readonly index: number
  /** Whether no job failed. */
  readonly held: boolean
  /** As of {@link DirectOutcome}, of the jobs of this very run. */
  readonly thresholdMs: number | null
}

export interface Outcomes {
  readonly direct: readonly DirectOutcome[]
  readonly confirm: readonly ConfirmOutcome[]
}

export type Step =
  | { readonly kind: 'direct'; readonly index: number }
  | { readonly kind: 'confirm'; readonly stage: number; readonly index: number; readonly atMs: number }

/** Where a search stands, by its outcomes alone. */
export interface Standing {
  readonly phase: 'direct' | 'confirm' | 'confirmed' | 'censored'
  /** The measured outages that count: the first ones without a gap. */
  readonly counted: readonly DirectOutcome[]
  /** The bound of the direct phase; undefined before its end; `Infinity` when it is more than the cap. */
  readonly boundMs: number | undefined
  /** The candidate of the last stage; undefined before there is one, or when it is more than the cap. */
  readonly candidateMs: number | undefined
  /** The number of that candidate; 0 before there is one. */
  readonly stage: number
  /** How many runs in a row held at that candidate. */
  readonly held: number
  /** What can be run now, the most urgent first. It does not know what is under way. */
  readonly open: readonly Step[]
}

/** As many outages as p and the confidence need, and as many runs again. */
export function methodFor(asked: Pick<Method, 'pass' | 'confidence' | 'gridMs' | 'capMs'> & Partial<Method>): Method {
  const needed = trialsNeeded(asked.pass, asked.confidence)
  return { directTrials: needed, confirmRuns: needed, ...asked }
}

/**
 * Where a search stands and what comes next. It depends on the outcomes and not on the order in which they came,
 * so that labs side by side, or an interruption, change nothing: outcomes count by their numbers, and a stage ends
 * at its first failure by number, whatever ran beyond it.
 *
 * 1. Direct: `directTrials` outages. The bound of the p-quantile of their thresholds, rounded up to the grid, is the
 *    first candidate.
 * 2. Confirm: `confirmRuns` runs at the candidate. One in which a job failed raises the candidate to that run's own
 *    threshold, rounded up and by one step of the grid at least, and a stage begins anew.
 */
export function standing(method: Method, { direct, confirm }: Outcomes): Standing {
  const counted = withoutGap(direct)
  const base = { counted, boundMs: undefined, candidateMs: undefined, stage: 0, held: 0 }
  if (counted.length < method.directTrials) {
    const known = new Set(direct.map(({ index }) => index))
    const open = range(method.directTrials)
      .filter((index) => !known.has(index))
      .map((index) => ({ kind: 'direct', index }) as const)
    return { ...base, phase: 'direct', open }
  }
  const thresholds = counted.map((trial) => withinCap(trial.thresholdMs, method))
  const boundMs = quantileBound(thresholds, method.pass, method.confidence)
  // Too few for this p, because fewer were asked for: what they earned is told, and nothing confirmed.
  if (boundMs === undefined) return { ...base, phase: 'confirmed', open: [] }
  return confirmAt(method, confirm, { ...base, boundMs })
}

function confirmAt(
  method: Method,
  confirm: readonly ConfirmOutcome[],
  known: Pick<Standing, 'counted' | 'boundMs'> & { readonly boundMs: number },
): Standing {
  let candidateMs = roundUp(known.boundMs, method.gridMs)
  for (let stage = 1; ; stage++) {
    if (candidateMs > method.capMs) {
      return { ...known, phase: 'censored', candidateMs: undefined, stage, held: 0, open: [] }
    }
    const runs = withoutGap(confirm.filter((run) => run.stage === stage))
    const failed = runs.find((run) => !run.held)
    if (failed === undefined) {
      const common = { ...known, candidateMs, stage, held: runs.length }
      if (runs.length >= method.confirmRuns) return { ...common, phase: 'confirmed', open: [] }
      return { ...common, phase: 'confirm', open: openRuns(method, confirm, stage, candidateMs) }
    }
    const needed = roundUp(withinCap(failed.thresholdMs, method), method.gridMs)
    candidateMs = Math.max(candidateMs + method.gridMs, needed)
  }
}

/** The runs of a stage that have no outcome yet; those beyond a known failure would not count. */
function openRuns(method: Method, confirm: readonly ConfirmOutcome[], stage: number, atMs: number): readonly Step[] {
  const known = new Map(confirm.filter((run) => run.stage === stage).map((run) => [run.index, run]))
  const failure = range(method.confirmRuns).find((index) => known.get(index)?.held === false)
  return range(failure ?? method.confirmRuns)
    .filter((index) => !known.has(index))
    .map((index) => ({ kind: 'confirm', stage, index, atMs }) as const)
}

/**
 * The outcomes 0, 1, 2, … up to the first that is missing. A short outage is over before a long one that began
 * with it, so what happens to be done when time is up leans to the short side; this does not.
 */
function withoutGap<Outcome extends { readonly index: number }>(outcomes: readonly Outcome[]): readonly Outcome[] {
  const ascending = outcomes.toSorted((one, other) => one.index - other.index)
  const gap = ascending.findIndex((outcome, place) => outcome.index !== place)
  return gap < 0 ? ascending : ascending.slice(0, gap)
}

function withinCap(thresholdMs: number | null, { capMs }: Method): number {
  return thresholdMs === null || thresholdMs > capMs ? Number.POSITIVE_INFINITY : thresholdMs
}

function roundUp(ms: number, gridMs: number): number {
  return Math.ceil(ms / gridMs) * gridMs
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index)
}

/** What names a step among all of a search. */
export function stepKey(step: Step): string {
  return step.kind === 'direct' ? `direct-${padded(step.index)}` : `confirm-${step.stage}-${padded(step.index)}`
}

function padded(index: number): string {
  return String(index + 1).padStart(3, '0')
}
