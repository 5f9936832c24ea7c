import { countOf, formatCount, sayMs } from '../checker/durations.ts'
import { failureAtLeast, failureAtMost } from './binomial.ts'
import { sayPercent } from './claim.ts'
import type { ScheduleFate } from './retry-schedule.ts'
import type { Search } from './search-file.ts'

/** What the claim means, as one sentence; none without a threshold. */
export function meaningWords({ claim, trial, target }: Search): readonly string[] {
  if (!claim || claim.thresholdMs === null) return []
  const share = sayPercent(claim.pass)
  const lab = target?.lab ?? 'these brokers'
  return [
    `A producer that tries every broker, waits ${sayMs(claim.thresholdMs)} and tries once more fails no job in at least ${share} of faults like this (${trial.fault} on ${lab}).`,
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
  return `${formatCount(held)} of ${formatCount(runs.length)} fresh runs held at ${sayMs(verify.atMs)}: a job fails in ${range} of such faults (each bound ${sayPercent(method.confidence)})`
}

/** The values themselves, without any confidence. */
export function measuredWords({ measured, method }: Search): readonly string[] {
  if (!measured) return []
  const { outages, known, leastMs, medianMs, greatestMs, atPassMs } = measured
  const unknown = outages === known ? '' : `, and ${formatCount(outages - known)} whose threshold was not seen`
  const at = atPassMs === null ? '' : `, R${method.pass} of these very values ${sayMs(atPassMs)}`
  return [
    `thresholds of ${countOf(outages, 'outage')}: ${sayMs(leastMs)} to ${sayMs(greatestMs)}, median ${sayMs(medianMs)}${at}${unknown}`,
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

/** How many runs of the article's schedule held at the claim's threshold, and what that says; none without any. */
export function confirmedWords({ claim, method }: Search): readonly string[] {
  if (!claim?.confirmed) return []
  const { held, failureAtMost: most } = claim.confirmed
  return [
    `${formatCount(held)} of ${formatCount(method.confirmRuns)} runs of the article's own schedule held: a job fails in at most ${sayPercent(most)} of such faults (${sayPercent(claim.confidence)})`,
  ]
}
