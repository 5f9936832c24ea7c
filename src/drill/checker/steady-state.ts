import { countOf, nsOf } from './exact-durations.ts'
import { confirmOf, type Ledger } from './jobs-ledger.ts'

const FEWEST_JOBS = 3
const SLOWEST_LISTENER_NS = nsOf(1000)

/**
 * Why there was no steady state as the fault was ordered, as the end of a sentence; undefined when there
 * was one: at least three jobs confirmed and delivered, and no delivered job that was kept waiting for
 * over a second.
 */
export function missingSteadyState(ledger: Ledger, orderedNs: number): string | undefined {
  let done = 0
  let kept = 0
  for (const job of ledger.jobs) {
    const confirmedNs = confirmOf(job)?.endNs ?? Number.POSITIVE_INFINITY
    const deliveredNs = job.deliveries[0]?.atNs
    if (confirmedNs >= orderedNs || deliveredNs === undefined) continue
    if (deliveredNs < orderedNs) done++
    else if (confirmedNs < orderedNs - SLOWEST_LISTENER_NS) kept++
  }
  if (done < FEWEST_JOBS) return `${countOf(done, 'job')} had been confirmed and delivered`
  if (kept > 0) return `the listener was behind, with ${countOf(kept, 'job')} confirmed over a second earlier`
  return undefined
}
