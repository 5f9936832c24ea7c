import { countOf, formatCount, sayMs } from '../checker/exact-durations.ts'
import { decidedEarly } from './search.ts'
import { GO_OR_NOT } from './sequential-test.ts'
import { failureAtLeast, failureAtMost } from './binomial.ts'
import { sayPercent } from './claim.ts'
import { measuredOutages } from './measured.ts'
import type { ScheduleFate } from './retry-schedule.ts'
import type { Search } from './search-file.ts'
import type { TrialRecord } from './trial-record.ts'

// Jobs that hang for less are nobody's outage.
const HANGING_MS = 100

/** What the claim means, and for whom it holds; nothing without a threshold. */
export function meaningWords({ claim, trial, target }: Search): readonly string[] {
  if (!claim || claim.thresholdMs === null) return []
  const share = sayPercent(claim.pass)
  const lab = target?.lab ?? 'these brokers'
  return [
    `A producer that tries every broker, waits ${sayMs(claim.thresholdMs)} and tries once more fails no job in at least ${share} of faults like this (${trial.fault} on ${lab}). Each dial and each confirm of it may take ${sayMs(trial.deadlineMs)}.`,
    `That rests on ${countOf(claim.trials, 'measured outage')} (n), by a method that is right in ${sayPercent(claim.confidence)} of such searches.`,
  ]
}

/** How many fresh runs held, and what that says. */
export function verificationWords({ verify, trials, method }: Search): string {
  if (!verify) return ''
  const runs = trials.filter(({ kind }) => kind === 'verify')
  const failed = runs.filter(({ article }) => article?.held === false).length
  const held = runs.length - failed
  const most = failureAtMost(failed, runs.length, method.confidence)
  const least = failureAtLeast(failed, runs.length, method.confidence)
  const range = failed === 0 ? `at most ${sayPercent(most)}` : `${sayPercent(least)} to ${sayPercent(most)}`
  const fared = `${formatCount(held)} of ${formatCount(runs.length)} fresh runs held at ${sayMs(verify.atMs)}`
  // Bounds for a number of runs that was fixed before do not hold for runs that ended because of what they showed.
  if (verify.early) return `${fared}: ${EARLY[decidedEarly(runs)]}`
  return `${fared}: a job fails in ${range} of such faults (each bound ${sayPercent(method.confidence)})`
}

const { good, bad, alpha, beta } = GO_OR_NOT
const EARLY = {
  go: `go: they speak for a job that fails in at most ${sayPercent(good)} of such faults, against ${sayPercent(bad)} (wrong once in ${Math.round(1 / beta)})`,
  'no-go': `no-go: they speak for a job that fails in ${sayPercent(bad)} of such faults or more, against ${sayPercent(good)} (wrong once in ${Math.round(1 / alpha)})`,
  undecided: `undecided between a job that fails in ${sayPercent(good)} of such faults and one that fails in ${sayPercent(bad)}`,
} as const

/** The values themselves, without any confidence. */
export function measuredWords({ measured, method, trials, trial }: Search): readonly string[] {
  if (!measured) return []
  const { outages, known, leastMs, medianMs, greatestMs, atPassMs } = measured
  const unknown = outages === known ? '' : `; for ${formatCount(outages - known)} more no pause is known to be enough`
  const at = atPassMs === null ? '' : `; ${sayMs(atPassMs)} was enough in ${sayPercent(method.pass)} of all`
  return [
    `pauses that were just enough in ${countOf(known, 'outage')}: ${sayMs(leastMs)} to ${sayMs(greatestMs)}, median ${sayMs(medianMs)}${at}${unknown}`,
    ...hungWords(measuredOutages(trials), trial.deadlineMs),
  ]
}

/** What a threshold of 0 does not tell: jobs that hung, and were confirmed at last. */
function hungWords(outages: readonly TrialRecord[], deadlineMs: number): readonly string[] {
  const hung = outages.flatMap(({ down, silentMs }) =>
    down.length === 0 && silentMs && silentMs.lower >= HANGING_MS ? silentMs.lower : [],
  )
  if (hung.length === 0) return []
  const longest = sayMs(Math.max(...hung))
  const all = formatCount(outages.length)
  return [
    `in ${formatCount(hung.length)} of ${all} no attempt failed, and jobs hung for up to ${longest}: a producer that waits less than that for a confirm has to retry; the runs of the one-retry producer gave it ${sayMs(deadlineMs)}`,
  ]
}

/** What the brokers' own settings said of the outage, and where one of all the runs was outside of it. */
export function predictedWords({ target, trials }: Search): readonly string[] {
  const predicted = target?.predicted
  if (!predicted) return []
  const { lowerMs, upperMs, because } = predicted
  const least = lowerMs === 0 ? '' : `at least ${sayMs(lowerMs)}, `
  const range = upperMs === null ? `${least}until it is healed` : `${sayMs(lowerMs)} to ${sayMs(upperMs)}`
  const lines = [`${range}: ${because}`]
  const known = trials.flatMap(({ thresholdMs }) => thresholdMs ?? [])
  const above = upperMs === null ? 0 : Math.max(...known, 0) - upperMs
  const below = known.length === 0 ? 0 : lowerMs - Math.min(...known)
  if (above > 0) lines.push(`the longest of all runs was ${sayMs(above)} above that`)
  if (below > 0) lines.push(`the shortest of all runs was ${sayMs(below)} below that`)
  return lines
}

/** How another retry policy would have fared. */
export function scheduleWords(
  { schedule, spanMs, outages, failed, failureAtMost: most }: ScheduleFate,
  confidence: number,
): string {
  return `${schedule} (gives up after ${sayMs(spanMs)}): a job would have failed in ${formatCount(failed)} of ${countOf(outages, 'outage')}, so in at most ${sayPercent(most)} of them (${sayPercent(confidence)})`
}

/** How many runs of the one-retry producer held at the claim's threshold, and what that says; none without any. */
export function confirmedWords({ claim, method }: Search): readonly string[] {
  if (!claim?.confirmed) return []
  const { held, failureAtMost: most } = claim.confirmed
  return [
    `${formatCount(held)} of ${formatCount(method.confirmRuns)} runs of the one-retry producer held: a job fails in at most ${sayPercent(most)} of such faults (${sayPercent(claim.confidence)})`,
  ]
}
