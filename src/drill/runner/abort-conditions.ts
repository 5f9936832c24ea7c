import { formatCount, sayMs } from '../checker/exact-durations.ts'
import type { AbortConditions } from '../plan.ts'

/** What a drill knows of its jobs at one moment. */
interface JobsNow {
  /** Milliseconds since a job was last confirmed, or since the fault where that is later; 0 while none waits. */
  readonly withoutConfirmMs: number
  /** Jobs that the producer gave up since the fault. */
  readonly failed: number
}

/** The first condition that is met, as a clause; undefined while none is. */
export function metCondition(conditions: AbortConditions, jobs: JobsNow): string | undefined {
  const { outageMs, failedJobs } = conditions
  if (outageMs !== undefined && jobs.withoutConfirmMs >= outageMs) return `no job was confirmed for ${sayMs(outageMs)}`
  if (failedJobs !== undefined && jobs.failed >= failedJobs)
    return `${formatCount(jobs.failed)} ${jobs.failed === 1 ? 'job' : 'jobs'} had failed`
  return undefined
}
