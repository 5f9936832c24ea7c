import { countUpTo } from './ascending.ts'
import { nsOf } from './exact-durations.ts'
import type { FaultTime } from './fault-time.ts'
import { confirmOf, type Job, type Ledger, wasServed } from './jobs-ledger.ts'
import { scheduledLatencyNs, summarizeLatency } from './latency.ts'

// What is as good as before: twice the steady figure, but a tenth of a second at least, since the double of
// a millisecond is still nobody's outage.
const TIMES_STEADY = 2
const ALWAYS_GOOD_NS = nsOf(100)
// p99: one job in a hundred, and one hundredth of the time, may lie outside.
const TOLERATED = 0.01

export interface Recovery {
  /** From the fault until all was back in bounds for a whole window; null when that was not seen. */
  readonly recoveredNs: number | null
  /** What the recovery took at least, whether or not it was seen to the end. */
  readonly atLeastNs: number
  /** How long all was in bounds, up to the window. 0 when it never came back. */
  readonly watchedNs: number
}

/**
 * When errors, scheduled latency and backlog came back to what they were in the steady state, and
 * stayed there for `windowMs`:
 *
 * - of the attempts in the window no larger a share fails than did before the fault;
 * - p99 of the latency of the jobs confirmed in it is at most twice the steady p99, or 100 ms;
 * - for 99 % of it no more jobs are due and not yet delivered than twice the steady most, or than fall
 *   due in 100 ms and one.
 *
 * The window may begin at the first confirm of a job that fell due after the fault, or at any confirm
 * after it; where nothing ever left its bounds, at the fault itself. It ends with the schedule at the
 * latest: without jobs everything would look well.
 */
export function recovery(ledger: Ledger, fault: FaultTime, everyMs: number, windowMs: number): Recovery {
  const load = measure(ledger, fault, everyMs)
  const from = fault.effectiveNs
  if (inBounds(load, from, load.endNs) && quiet(load)) return seen(load, from, from, windowMs)
  for (const startNs of load.starts) {
    if (startNs >= load.endNs) break
    if (inBounds(load, startNs, Math.min(startNs + nsOf(windowMs), load.endNs))) {
      return seen(load, from, startNs, windowMs)
    }
  }
  return { recoveredNs: null, atLeastNs: Math.max(0, load.endNs - from), watchedNs: 0 }
}

function seen(load: Load, from: number, startNs: number, windowMs: number): Recovery {
  const watchedNs = Math.min(nsOf(windowMs), Math.max(0, load.endNs - startNs))
  const atLeastNs = startNs - from
  return { recoveredNs: watchedNs >= nsOf(windowMs) ? atLeastNs : null, atLeastNs, watchedNs }
}

/** What went on after the fault, each list ascending. */
interface Load {
  /** Where the window may begin. */
  readonly starts: Float64Array
  readonly attempts: Float64Array
  readonly failures: Float64Array
  readonly steadyFailureShare: number
  readonly confirms: Float64Array
  /** The confirms that came late. */
  readonly late: Float64Array
  /** The times of too great a backlog, and how much of it there was before each. */
  readonly crowded: readonly { readonly fromNs: number; readonly untilNs: number }[]
  readonly crowdedFrom: Float64Array
  readonly crowdedBefore: Float64Array
  readonly endNs: number
}

function measure(ledger: Ledger, fault: FaultTime, everyMs: number): Load {
  const steady: number[] = []
  const after: { atNs: number; latencyNs: number; dueNs: number }[] = []
  let lastDueNs = Number.NEGATIVE_INFINITY
  for (const job of ledger.jobs) {
    lastDueNs = Math.max(lastDueNs, job.dueNs ?? lastDueNs)
    const latencyNs = scheduledLatencyNs(job)
    const atNs = confirmOf(job)?.endNs
    if (latencyNs === undefined || atNs === undefined || job.dueNs === null) continue
    if (atNs < fault.orderedNs) steady.push(latencyNs)
    else after.push({ atNs, latencyNs, dueNs: job.dueNs })
  }
  after.sort((one, other) => one.atNs - other.atNs)
  const steadyP99Ns = nsOf(summarizeLatency(steady)?.p99 ?? 0)
  const latestNs = Math.max(TIMES_STEADY * steadyP99Ns, ALWAYS_GOOD_NS)
  const firstAfter = after.find((confirm) => confirm.dueNs >= fault.effectiveNs)?.atNs ?? Number.POSITIVE_INFINITY
  const confirms = Float64Array.from(after, (confirm) => confirm.atNs)
  const { crowded } = backlog(ledger.jobs, fault, nsOf(everyMs))
  let total = 0
  const crowdedBefore = Float64Array.from(crowded, ({ fromNs, untilNs }) => {
    const before = total
    total += untilNs - fromNs
    return before
  })
  return {
    starts: confirms.filter((atNs) => atNs >= firstAfter),
    ...attemptsOf(ledger, fault),
    confirms,
    late: Float64Array.from(after.filter((confirm) => confirm.latencyNs > latestNs).map((confirm) => confirm.atNs)),
    crowded,
    crowdedFrom: Float64Array.from(crowded, (time) => time.fromNs),
    crowdedBefore,
    endNs: lastDueNs + nsOf(everyMs),
  }
}

function attemptsOf(ledger: Ledger, fault: FaultTime): Pick<Load, 'attempts' | 'failures' | 'steadyFailureShare'> {
  const attempts: number[] = []
  const failures: number[] = []
  let before = 0
  let failedBefore = 0
  for (const attempt of ledger.attempts) {
    const endedNs = attempt.endpoint === null ? attempt.startNs : (attempt.endNs ?? attempt.startNs)
    const served = wasServed(attempt)
    if (endedNs < fault.orderedNs) {
      before++
      if (!served) failedBefore++
    } else {
      attempts.push(endedNs)
      if (!served) failures.push(endedNs)
    }
  }
  return {
    attempts: Float64Array.from(attempts).sort(),
    failures: Float64Array.from(failures).sort(),
    steadyFailureShare: before === 0 ? 0 : failedBefore / before,
  }
}

/**
 * When too many jobs were due and not yet delivered. Jobs that never arrive are left out: they are told
 * as lost, failed or in doubt, and would keep the backlog up for ever.
 */
function backlog(jobs: readonly Job[], fault: FaultTime, everyNs: number): Pick<Load, 'crowded'> {
  const changes: { atNs: number; by: 1 | -1 }[] = []
  for (const { dueNs, deliveries } of jobs) {
    const deliveredNs = deliveries[0]?.atNs
    if (dueNs === null || deliveredNs === undefined || deliveredNs <= dueNs) continue
    changes.push({ atNs: dueNs, by: 1 }, { atNs: deliveredNs, by: -1 })
  }
  changes.sort((one, other) => one.atNs - other.atNs || one.by - other.by)
  const crowded: { fromNs: number; untilNs: number }[] = []
  let waiting = 0
  let steadyMost = 0
  let since: number | undefined
  for (const { atNs, by } of changes) {
    waiting += by
    if (atNs < fault.orderedNs) {
      steadyMost = Math.max(steadyMost, waiting)
      continue
    }
    const most = Math.max(TIMES_STEADY * steadyMost, Math.ceil(ALWAYS_GOOD_NS / everyNs) + 1)
    if (waiting > most) since ??= atNs
    else if (since !== undefined) {
      crowded.push({ fromNs: since, untilNs: atNs })
      since = undefined
    }
  }
  return { crowded }
}

function quiet(load: Load): boolean {
  return load.failures.length === 0 && load.late.length === 0 && load.crowded.length === 0
}

function inBounds(load: Load, fromNs: number, untilNs: number): boolean {
  const failures = within(load.failures, fromNs, untilNs)
  const late = within(load.late, fromNs, untilNs)
  const crowdedNs = crowdedUpTo(load, untilNs) - crowdedUpTo(load, fromNs)
  return (
    failures <= load.steadyFailureShare * within(load.attempts, fromNs, untilNs) &&
    late <= TOLERATED * within(load.confirms, fromNs, untilNs) &&
    crowdedNs <= TOLERATED * (untilNs - fromNs)
  )
}

function within(values: Float64Array, fromNs: number, untilNs: number): number {
  return countUpTo(values, untilNs) - countUpTo(values, fromNs)
}

function crowdedUpTo(load: Load, limitNs: number): number {
  const index = countUpTo(load.crowdedFrom, limitNs) - 1
  const time = load.crowded[index]
  if (!time) return 0
  return (load.crowdedBefore[index] as number) + Math.min(limitNs, time.untilNs) - time.fromNs
}
