import type { FaultTime } from '../fault-time.ts'
import { confirmOf, type Ledger } from '../jobs-ledger.ts'
import { scheduledLatencyNs } from '../latency.ts'

/** Between these lies for how long no job was confirmed; `upper` is null when none was any more. */
export interface WithoutConfirm {
  readonly lower: number
  readonly upper: number | null
  /** From the fault to the beginning of that time, by `lower`: far from 0 where jobs flowed again and then stopped. */
  readonly sinceFault: number
}

/**
 * The longest time after the fault in which no job was confirmed. It tells of jobs that hang, which the producer's
 * outage cannot: an attempt that is confirmed at last has not failed.
 *
 * The service was away at most from one confirm, or the fault, to the next; and at least from when the first job fell
 * due in that time, less what a job takes at most in the steady state. Undefined when no job fell due after the fault.
 */
export function withoutConfirm(ledger: Ledger, fault: FaultTime): WithoutConfirm | undefined {
  const confirms: number[] = []
  const dues: number[] = []
  let steadyNs = 0
  for (const job of ledger.jobs) {
    const endNs = confirmOf(job)?.endNs
    if (endNs !== undefined && endNs < fault.orderedNs) steadyNs = Math.max(steadyNs, scheduledLatencyNs(job) ?? 0)
    if (endNs !== undefined && endNs > fault.effectiveNs) confirms.push(endNs)
    if (job.dueNs !== null && job.dueNs >= fault.effectiveNs) dues.push(job.dueNs)
  }
  const ascending = Float64Array.from(confirms).sort()
  const due = Float64Array.from(dues).sort()
  if (due.length === 0) return undefined
  if (ascending.length === 0) {
    return { lower: Math.max(0, (due.at(-1) as number) - (due[0] as number)), upper: null, sinceFault: 0 }
  }
  let longest = { lower: 0, upper: 0, sinceFault: 0 }
  let fromNs = fault.effectiveNs
  let next = 0
  for (const untilNs of ascending) {
    while (next < due.length && (due[next] as number) < fromNs) next++
    const firstDueNs = Math.min(due[next] ?? untilNs, untilNs)
    const lower = Math.max(0, untilNs - firstDueNs - steadyNs)
    const upper = untilNs - fromNs
    longest = {
      lower: Math.max(longest.lower, lower),
      upper: Math.max(longest.upper, upper),
      sinceFault: lower > longest.lower ? fromNs - fault.effectiveNs : longest.sinceFault,
    }
    fromNs = untilNs
  }
  // What fell due after the last confirm and was never confirmed itself.
  while (next < due.length && (due[next] as number) < fromNs) next++
  const openNs = next < due.length ? (due.at(-1) as number) - (due[next] as number) : 0
  return openNs > longest.upper ? { lower: openNs, upper: null, sinceFault: fromNs - fault.effectiveNs } : longest
}
