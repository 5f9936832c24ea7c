import { type Attempt, confirmOf, type Delivery, type Job, type Ledger } from './jobs-ledger.ts'
import { reordered } from './reordering.ts'
import type { JobCounts } from '../result.ts'

/** What became of the jobs. */
export interface Fates {
  readonly counts: JobCounts
  /** Acknowledged and not delivered: lost if the drain succeeded, else only not seen yet. */
  readonly undelivered: readonly Job[]
  /** Attempted, and at the end neither acknowledged nor given up nor in doubt. */
  readonly unfinished: number
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** Counts every word of `docs/drills.md` that is about a job. */
export function fatesOf(ledger: Ledger, drained: boolean): Fates {
  const duplicated = { redelivery: 0, resend: 0, broker: 0, postAck: 0 }
  const counts: Mutable<JobCounts> = {
    attempted: 0,
    acknowledged: 0,
    failed: 0,
    definitelyFailed: 0,
    indeterminate: 0,
    lost: null,
    recovered: 0,
    resurrected: 0,
    unexpected: ledger.foreign,
    reordered: reordered(ledger.jobs),
    duplicated,
  }
  const undelivered: Job[] = []
  let unfinished = 0
  for (const job of ledger.jobs) {
    for (const kind of duplicatesOf(job.deliveries)) duplicated[kind]++
    const delivered = job.deliveries.length > 0
    if (job.attempts.length > 0) counts.attempted++
    else if (delivered) counts.unexpected++
    if (confirmOf(job)) {
      counts.acknowledged++
      if (!delivered) undelivered.push(job)
      continue
    }
    const inDoubt = job.attempts.some((attempt) => attempt.outcome === 'ambiguous')
    if (inDoubt) {
      counts.indeterminate++
      if (delivered) counts.recovered++
    }
    if (job.gaveUp) {
      counts.failed++
      if (job.attempts.every(isDefinite)) {
        counts.definitelyFailed++
        if (delivered) counts.resurrected++
      }
    } else if (!inDoubt && job.attempts.length > 0) unfinished++
  }
  if (drained) counts.lost = undelivered.length
  return { counts, undelivered, unfinished }
}

function isDefinite(attempt: Attempt): boolean {
  return attempt.outcome === 'nack' || attempt.outcome === 'returned' || attempt.outcome === 'refused'
}

export type DuplicateKind = keyof JobCounts['duplicated']

/**
 * Of each delivery after the first, why it came. Post-ack looks at copies of the same attempt only: a job
 * that was sent twice lies in the broker twice, and its second copy comes rightly even after the first was
 * acknowledged. That is a resend.
 */
export function duplicatesOf(deliveries: readonly Delivery[]): readonly DuplicateKind[] {
  if (deliveries.length < 2) return []
  const kinds: DuplicateKind[] = []
  // Of each attempt that was delivered so far, when an acknowledge of its copy was first confirmed.
  const acknowledged = new Map<number, number>()
  for (const { k, atNs, redelivered, ackConfirmedNs } of deliveries) {
    const acknowledgedNs = acknowledged.get(k)
    if (acknowledgedNs !== undefined && acknowledgedNs < atNs) kinds.push('postAck')
    else if (acknowledged.size > 0 && acknowledgedNs === undefined) kinds.push('resend')
    else if (acknowledgedNs !== undefined) kinds.push(redelivered ? 'redelivery' : 'broker')
    const never = Number.POSITIVE_INFINITY
    acknowledged.set(k, Math.min(acknowledgedNs ?? never, ackConfirmedNs ?? never))
  }
  return kinds
}
