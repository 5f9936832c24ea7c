import { quantile } from './order-statistics.ts'
import type { TrialRecord } from './trial-record.ts'

/** What was measured, without any confidence: the values themselves. Times are milliseconds. */
export interface Measured {
  /** How many outages. */
  readonly outages: number
  /** How many of them have a threshold that is known. */
  readonly known: number
  /** Of those that are known. */
  readonly leastMs: number
  readonly medianMs: number
  readonly greatestMs: number
  /** The p-quantile of all; null when it is among those that are not known. */
  readonly atPassMs: number | null
}

/** Of the direct trials, or of every run where there are none. Null when no threshold is known. */
export function measuredOf(trials: readonly TrialRecord[], pass: number): Measured | null {
  const outages = measuredOutages(trials)
  const known = outages.flatMap(({ thresholdMs }) => thresholdMs ?? [])
  const medianMs = quantile(known, 0.5)
  if (medianMs === undefined) return null
  const atPass = quantile(
    outages.map(({ thresholdMs }) => thresholdMs ?? Number.POSITIVE_INFINITY),
    pass,
  )
  return {
    outages: outages.length,
    known: known.length,
    leastMs: Math.min(...known),
    medianMs,
    greatestMs: Math.max(...known),
    atPassMs: atPass === undefined || !Number.isFinite(atPass) ? null : atPass,
  }
}

/** The runs that measured an outage by probing alone; in a verification, all. */
export function measuredOutages(trials: readonly TrialRecord[]): readonly TrialRecord[] {
  const direct = trials.filter(({ kind }) => kind === 'direct')
  return direct.length > 0 ? direct : trials
}
