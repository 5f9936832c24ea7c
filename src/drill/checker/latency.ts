import { confirmOf, type Job } from './jobs-ledger.ts'
import type { LatencySummary } from '../result.ts'

/**
 * Confirm time minus due time, in nanoseconds: from when the job should have been sent, so that a
 * producer that was held up cannot hide an outage. Undefined for a job that was not acknowledged.
 */
export function scheduledLatencyNs(job: Job): number | undefined {
  const confirm = confirmOf(job)
  return confirm && job.dueNs !== null ? confirm.endNs - job.dueNs : undefined
}

/**
 * Milliseconds, to the microsecond; null when there are no latencies. A percentile is the smallest
 * latency that at least so many of them do not exceed.
 */
export function summarizeLatency(latenciesNs: readonly number[]): LatencySummary | null {
  if (latenciesNs.length === 0) return null
  // Sorted and exact: the whole history is in memory anyway, a million numbers sort in a tenth of a second,
  // and each figure is one that really occurred. A histogram would round them and take as long to load.
  const ascending = Float64Array.from(latenciesNs).sort()
  const at = (share: number): number => {
    const rank = Math.max(1, Math.ceil(share * ascending.length))
    return Math.round((ascending[rank - 1] as number) / 1000) / 1000
  }
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
