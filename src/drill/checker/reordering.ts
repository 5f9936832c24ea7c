import { countUpTo } from './ascending.ts'
import { confirmOf, type Job } from './jobs-ledger.ts'

/** How many jobs were overtaken. */
export function reordered(jobs: readonly Job[]): number {
  return overtaken(jobs).length
}

/**
 * The jobs that were confirmed before another job was first attempted, and yet first delivered after it.
 * Sends that overlap in time have no order to keep.
 */
export function overtaken(jobs: readonly Job[]): readonly Job[] {
  const arrivals = jobs
    .flatMap((job) => {
      const started = job.attempts[0]?.startNs
      const delivered = job.deliveries[0]?.atNs
      return started === undefined || delivered === undefined ? [] : [{ started, delivered }]
    })
    .sort((one, other) => one.started - other.started)
  // earliest[i]: the first delivery among arrivals i and later.
  const earliest = new Float64Array(arrivals.length + 1).fill(Number.POSITIVE_INFINITY)
  for (let index = arrivals.length - 1; index >= 0; index--) {
    earliest[index] = Math.min(earliest[index + 1] as number, arrivals[index]?.delivered as number)
  }
  const starts = Float64Array.from(arrivals, (arrival) => arrival.started)
  return jobs.filter((job) => {
    const confirmed = confirmOf(job)?.endNs
    const delivered = job.deliveries[0]?.atNs
    if (confirmed === undefined || delivered === undefined) return false
    return (earliest[countUpTo(starts, confirmed)] as number) < delivered
  })
}
