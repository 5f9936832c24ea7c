import { type DrillResult, type Verdict } from '../../drill/result.ts'
import type { SuiteResult } from '../../drill/suite/suite-result.ts'
import { sayTotals } from '../../drill/suite/suite-words.ts'
import type { Search } from '../../drill/threshold/search-file.ts'
import { verificationOf } from '../../drill/threshold/verification.ts'
import { verificationWords } from '../../drill/threshold/words.ts'
import { plural } from '../../drill/report/durations.ts'
import { duplicates, headline } from '../../drill/report/headline.ts'

/**
 * How a folder of the shelf stands: by its verdict; `running`; `unfinished`, as nothing was written for a while and
 * there is no verdict; `broken`, as what lies there cannot be read.
 */
export type EntryState = Verdict | 'running' | 'unfinished' | 'broken'

export const ENTRY_STATES: readonly EntryState[] = ['pass', 'fail', 'unknown', 'running', 'unfinished', 'broken']

export type EntryKind = 'drill' | 'suite' | 'threshold'

/** One folder of the shelf in a line. Times are milliseconds; null means that it was not observed. */
export interface ShelfEntry {
  /** The folder's name. */
  readonly name: string
  readonly kind: EntryKind
  readonly state: EntryState
  /** Empty where nothing says; several, with commas between them, of a suite. */
  readonly lab: string
  readonly fault: string
  /** When the fault struck, or else when it began, since the epoch. */
  readonly at: number
  readonly outageMs: number | null
  readonly retryThresholdMs: number | null
  /** Null where nobody knows. */
  readonly lost: number | null
  readonly duplicated: number | null
  /** What happened, in a sentence, or what is wrong with the folder. */
  readonly says: string
  readonly hasReport: boolean
}

const NOTHING = { outageMs: null, retryThresholdMs: null, lost: null, duplicated: null } as const

export function entryOfDrill(name: string, result: DrillResult, writtenAt: number): ShelfEntry {
  const { verdict, target, fault, outage, retryThresholdMs, jobs, files } = result
  return {
    name,
    kind: 'drill',
    state: verdict,
    lab: target.lab,
    fault: [fault.name, fault.node].join(' ').trim(),
    at: timeOf(fault.injectedAt) ?? writtenAt,
    outageMs: outage.producerMs?.upper ?? null,
    retryThresholdMs,
    lost: jobs.lost,
    duplicated: duplicates(result),
    says: headline(result),
    hasReport: typeof files.report === 'string',
  }
}

/** @param isRunning whether a suite that has runs left was written to just now. */
export function entryOfSuite(name: string, suite: SuiteResult, writtenAt: number, isRunning: boolean): ShelfEntry {
  const { drills, verdict, plan, startedAt } = suite
  const runs = drills.flatMap((drill) => drill.runs)
  const judged = runs.flatMap(({ jobs }) => jobs ?? [])
  const isOver = !hasRunsLeft(suite)
  return {
    name,
    kind: 'suite',
    state: isOver || verdict === 'fail' ? verdict : isRunning ? 'running' : 'unfinished',
    lab: eachOnce(drills.map(({ lab }) => lab)),
    fault: eachOnce(drills.map(({ fault }) => fault)),
    at: timeOf(startedAt) ?? writtenAt,
    outageMs: greatest(runs.map(({ outageMs }) => outageMs?.upper ?? null)),
    retryThresholdMs: greatest(runs.map((run) => run.retryThresholdMs)),
    lost: judged.length === 0 || judged.some(({ lost }) => lost === null) ? null : sum(judged.map(({ lost }) => lost)),
    duplicated: null,
    says: `${plan}: ${sayTotals(drills)}.`,
    hasReport: true,
  }
}

export function hasRunsLeft({ drills }: SuiteResult): boolean {
  return drills.some(({ runs, repeat }) => runs.length < (repeat ?? runs.length))
}

const STATE_OF_VERIFICATION = { shown: 'pass', refuted: 'fail', open: 'unknown' } as const

/** @param ended whether its report was written after its last trial. */
export function entryOfSearch(
  name: string,
  search: Search,
  writtenAt: number,
  { ended, isRunning }: { readonly ended: boolean; readonly isRunning: boolean },
): ShelfEntry {
  const { lab, trial, claim, verify } = search
  const verdict = verify ? STATE_OF_VERIFICATION[verificationOf(search)] : claim?.asWanted ? 'pass' : 'unknown'
  const words = verify ? verificationWords(search) : claim?.text
  return {
    ...NOTHING,
    name,
    kind: 'threshold',
    state: ended ? verdict : isRunning ? 'running' : 'unfinished',
    lab,
    fault: trial.fault,
    at: writtenAt,
    // What it says of itself on the way is no claim yet.
    retryThresholdMs: ended ? (verify?.atMs ?? claim?.thresholdMs ?? null) : null,
    says: ended
      ? words === undefined || words === ''
        ? 'Nothing was measured.'
        : words
      : saysOnTheWay(search, isRunning),
    hasReport: ended,
  }
}

function saysOnTheWay({ trials }: Search, isRunning: boolean): string {
  const far = plural(trials.length, 'trial')
  return isRunning
    ? `It is under way: ${far} so far.`
    : `It ended without a claim after ${far}: it was interrupted, or its process died. understudy threshold --resume goes on.`
}

/** A drill that has a history and no result. */
export function entryOfHistory(
  name: string,
  { lab, fault, beganAt }: { readonly lab: string; readonly fault: string; readonly beganAt: number },
  isRunning: boolean,
): ShelfEntry {
  const says = isRunning
    ? lab === ''
      ? 'Its brokers are being put up.'
      : 'It is under way: its verdict comes at its end.'
    : 'It ended without a verdict: it was interrupted, or its process died.'
  const state = isRunning ? 'running' : 'unfinished'
  return { ...NOTHING, name, kind: 'drill', state, lab, fault, at: beganAt, says, hasReport: false }
}

export function entryOfBroken(name: string, kind: EntryKind, at: number, wrong: string): ShelfEntry {
  return { ...NOTHING, name, kind, state: 'broken', lab: '', fault: '', at, says: wrong, hasReport: false }
}

function timeOf(text: string | null): number | undefined {
  const at = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

function eachOnce(names: readonly string[]): string {
  return [...new Set(names)].join(', ')
}

function greatest(values: readonly (number | null)[]): number | null {
  return values.reduce((most, value) => (value === null ? most : Math.max(most ?? value, value)), null)
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0)
}
