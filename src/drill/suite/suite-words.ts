import { formatMs, plural } from '../report/durations.ts'
import type { Prediction } from '../fault.ts'
import { RUN_STATES, type SuiteDrillResult, type SuiteRun } from './suite-result.ts'

/** `2 drills, 3 runs: 1 pass, 1 skipped, 1 fail`, or `2 drills, 3 of 20 runs: …` when it was ended before. */
export function sayTotals(drills: readonly SuiteDrillResult[]): string {
  const runs = drills.reduce((sum, drill) => sum + drill.runs.length, 0)
  const states = RUN_STATES.toReversed().flatMap((state) => {
    const count = drills.reduce((sum, drill) => sum + drill.counts[state], 0)
    return count === 0 ? [] : [`${count} ${state}`]
  })
  const planned = drills.reduce((sum, drill) => sum + (drill.repeat ?? drill.runs.length), 0)
  const done = runs < planned ? `${runs} of ${plural(planned, 'run')}` : plural(runs, 'run')
  const all = `${plural(drills.length, 'drill')}, ${done}`
  return states.length === 0 ? all : `${all}: ${states.join(', ')}`
}

/** `200 ms to 10.0 s`, or `until healed`. */
export function sayPrediction({ lowerMs, upperMs }: Prediction): string {
  return upperMs === null ? 'until healed' : sayRange({ min: lowerMs, max: upperMs })
}

/** `213 ms`, or `213 ms to 9.20 s`. */
function sayRange({ min, max }: { readonly min: number; readonly max: number }): string {
  return min === max ? formatMs(min) : `${formatMs(min)} to ${formatMs(max)}`
}

/** What the runs of a drill showed beside their outages, a clause each; empty when none came to a verdict. */
export function seenInRuns(drill: SuiteDrillResult): readonly string[] {
  const { runs, signs, failoverMs, recoveryMs, retryThresholdMs } = drill
  const judged = runs.filter((run) => run.jobs !== null)
  const facts: string[] = []
  const takenOver = judged.filter((run) => run.takenOverBy !== null).length
  if (judged.length > 0) {
    facts.push(takenOver === 0 ? 'no takeover' : `takeover in ${takenOver} of ${judged.length}`)
    facts.push(`${sayLost(judged)} lost, ${sumOf(judged, 'failed')} failed`)
  }
  if (failoverMs) facts.push(`failover ${sayRange(failoverMs)}`)
  if (recoveryMs) facts.push(`recovery ${sayRange(recoveryMs)}`)
  if (retryThresholdMs) {
    // Of a run whose service was not back by its end no threshold is known to be enough.
    const known = retryThresholdMs.n < judged.length ? ` in ${retryThresholdMs.n} of ${judged.length}` : ''
    facts.push(`r* up to ${formatMs(retryThresholdMs.max)}${known}`)
  }
  for (const [sign, times] of Object.entries(signs)) facts.push(`${sign} in ${times}`)
  return facts
}

/** Why runs did not pass, each reason once, as often as it came: `fail: 2 of 90 … (3 times)`. */
export function reasonsOf(runs: readonly SuiteRun[]): readonly string[] {
  const reasons = new Map<string, number>()
  for (const run of runs) {
    const [reason] = run.reasons
    if (reason === undefined) continue
    const text = `${run.state}: ${reason}`
    reasons.set(text, (reasons.get(text) ?? 0) + 1)
  }
  return [...reasons].map(([text, times]) => (times === 1 ? text : `${text} (${times} times)`))
}

/** How many jobs of these runs met this end. */
export function sumOf(runs: readonly SuiteRun[], of: 'acknowledged' | 'failed'): number {
  return runs.reduce((all, run) => all + (run.jobs?.[of] ?? 0), 0)
}

/** `0`, or `3 at least` where a run's drain failed, so that nobody knows of its jobs. */
export function sayLost(runs: readonly SuiteRun[]): string {
  const judged = runs.flatMap((run) => run.jobs ?? [])
  const lost = judged.reduce((all, jobs) => all + (jobs.lost ?? 0), 0)
  return judged.some((jobs) => jobs.lost === null) ? `${lost} at least` : String(lost)
}
