import { confirmOf, type Job, jobsLedger } from '../checker/jobs-ledger.ts'
import { msAtMost } from '../checker/exact-durations.ts'
import type { HistoryEvent } from '../history.ts'

/** How the one-retry producer fared in one run. */
export interface ArticleOutcome {
  readonly jobs: number
  /** Jobs that no broker confirmed in either pass. */
  readonly failed: number
  /** How many jobs needed their second pass. */
  readonly retried: number
  /**
   * The retry threshold by these attempts themselves: over all jobs whose first pass failed, when the service was
   * back, minus the job's first attempt, minus how long that pass took to fail. 0 when every first pass was good;
   * null when none was good after the last that failed.
   */
  readonly thresholdMs: number | null
  /** Whether a pass had failed before the fault: then the brokers were not steady, and the run says nothing. */
  readonly failedBefore: boolean
}

/** One way through the list of brokers. */
interface Pass {
  readonly startNs: number
  readonly endNs: number
  readonly good: boolean
}

/**
 * Reads the history of a one-retry producer with a list of `brokers` entries.
 *
 * @param faultNs when the fault's command was given.
 */
export function articleOutcome(
  events: readonly HistoryEvent[],
  runId: string,
  brokers: number,
  faultNs: number,
): ArticleOutcome {
  const jobs = jobsLedger(events, runId).jobs.filter((job) => job.attempts.length > 0)
  const passes = jobs.map((job) => passesOf(job, brokers))
  const all = passes.flat()
  const bad = all.filter((pass) => !pass.good)
  const lastBadNs = bad.reduce((latest, pass) => Math.max(latest, pass.startNs), Number.NEGATIVE_INFINITY)
  const backNs = all
    .filter((pass) => pass.good && pass.startNs > lastBadNs)
    .reduce((earliest, pass) => Math.min(earliest, pass.startNs), Number.POSITIVE_INFINITY)
  let thresholdNs = 0
  for (const [first] of passes) {
    if (first && !first.good) thresholdNs = Math.max(thresholdNs, backNs - first.endNs)
  }
  return {
    jobs: jobs.length,
    failed: jobs.filter((job) => job.gaveUp && confirmOf(job) === undefined).length,
    retried: passes.filter(([first]) => first?.good === false).length,
    thresholdMs: Number.isFinite(thresholdNs) ? msAtMost(thresholdNs) : null,
    failedBefore: bad.some((pass) => pass.endNs < faultNs),
  }
}

function passesOf({ attempts }: Job, brokers: number): readonly Pass[] {
  const passes: Pass[] = []
  for (let first = 0; first < attempts.length; first += brokers) {
    const tried = attempts.slice(first, first + brokers)
    const [start] = tried
    const end = tried.at(-1)
    if (!start || !end) continue
    passes.push({
      startNs: start.startNs,
      endNs: end.endNs ?? end.startNs,
      good: tried.some((attempt) => attempt.outcome === 'ack'),
    })
  }
  return passes
}
