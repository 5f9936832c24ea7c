import type { Failure, KeptFailure } from './failure.ts'
import type { FailureQuery } from './query/query.ts'

/** Which page of what a query finds. */
export interface SearchPage {
  /** How many at most, from 1 to 1,000. */
  readonly limit: number
  /** The `next` of the page before; undefined for the first. */
  readonly after?: string | undefined
}

/** One page of what a query finds. */
export interface FoundFailures {
  /** The latest first. */
  readonly failures: readonly KeptFailure[]
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined
}

/** Failures of one fingerprint. Times are milliseconds since the epoch. */
export interface FailureGroup {
  readonly fingerprint: string
  readonly job: string
  readonly errorClass: string
  /** The message of the latest. */
  readonly errorMessage: string
  readonly count: number
  readonly firstAt: number
  readonly lastAt: number
}

/** Failures of one job in one queue. */
export interface FailureShare {
  readonly queue: string
  readonly job: string
  readonly count: number
}

/** How many failures there are, and whose. */
export interface FailureTally {
  readonly count: number
  /** When the eldest of them failed, in milliseconds since the epoch; undefined where there is none. */
  readonly eldestAt: number | undefined
  /** The largest first, then by queue and job; fewer than there are where they are many. */
  readonly shares: readonly FailureShare[]
}

/** Who takes which failures out of everybody else's reach, before they are sent back. */
export interface ClaimOptions {
  /** A name for this requeue, of which there is no other. */
  readonly batch: string
  /** How many at most, the eldest first. */
  readonly limit: number
  /** Who asked for it. */
  readonly actor: string
  /** Now, in milliseconds since the epoch. */
  readonly at: number
}

/** What is taken over of claims that somebody left behind. */
export interface ReclaimOptions extends ClaimOptions {
  /** Only those of claims whose batch begins with this. Defaults to all. */
  readonly of?: string | undefined
}

/** What somebody did to failures or queues, and when. */
export interface AuditEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly actor: string
  /** Such as `requeue`, `remove`, `discard`, `edit`, `pause`, `resume`, `purge`. */
  readonly action: string
  /** What it was done to, such as a query or a queue, in words. */
  readonly target: string
  /** How many failures or messages it touched. */
  readonly count: number
}

/**
 * Keeps failed jobs. Every change of a status is a compare-and-set in one statement, so that two operators who do the
 * same at once do it once. Every method throws UnderstudyError `storage`, retriable where a later call may succeed.
 */
export interface FailureStore extends AsyncDisposable {
  /** Such as `sqlite`. */
  readonly kind: string
  /** Where it is, without credentials. */
  readonly name: string
  /** Makes what is missing of its tables. Idempotent, and safe in several processes at once. */
  open(): Promise<void>
  /** Resolves once all of them are safe from a crash of the process. What is kept already is left as it is. */
  keep(failures: readonly Failure[]): Promise<void>
  /** One failure by its id, whatever its state. */
  get(id: string): Promise<KeptFailure | undefined>
  /** All of one job, the first failure first. */
  ofJob(jobId: string): Promise<readonly KeptFailure[]>
  /** What a query finds, page by page, the latest first. */
  search(query: FailureQuery, page: SearchPage): Promise<FoundFailures>
  /** How many a query finds. */
  count(query: FailureQuery): Promise<number>
  /** The largest first. */
  groups(query: FailureQuery, limit: number): Promise<readonly FailureGroup[]>
  /** By queue and job, `limit` (1 to 1,000) of them at most. */
  tally(query: FailureQuery, limit: number): Promise<FailureTally>
  /** `failed` → `retrying`, for what matches now. Resolves with how many. */
  claim(query: FailureQuery, options: ClaimOptions): Promise<number>
  /** Those of a claim that are still `retrying`, the eldest first. */
  claimed(batch: string, limit: number): Promise<readonly KeptFailure[]>
  /**
   * Those of a claim that are still `retrying` count as claimed at this time: a requeue that takes long is alive, and
   * {@link reclaim} leaves it alone. Resolves with how many there are.
   */
  renew(batch: string, at: number): Promise<number>
  /**
   * Notes which new job one of a claim is about to be sent as, or that it was not sent after all, while it is `retrying`
   * in that claim; resolves with whether it is. What is given back keeps this, as it may have gone: it is forgotten when
   * it is claimed again.
   */
  sendingAs(id: string, as: { readonly batch: string; readonly retryJobId: string | undefined }): Promise<boolean>
  /** `retrying` → `retried`. */
  retried(
    failures: readonly { readonly id: string; readonly retryJobId: string }[],
    by: { readonly actor: string; readonly at: number },
  ): Promise<void>
  /** `retrying` → `failed`. */
  release(ids: readonly string[]): Promise<void>
  /**
   * Those that are `retrying` since before this time: somebody died over them. Takes them over into a new claim.
   */
  reclaim(claimedBefore: number, options: ReclaimOptions): Promise<number>
  /**
   * The job that was sent back from here for the `requeues`th time has succeeded. One that was given back although it
   * went, as a new job, is `retried` from then on.
   */
  resolved(jobId: string, requeues: number, at: number): Promise<void>
  /** `failed` → `discarded`. Resolves with how many. */
  discard(query: FailureQuery): Promise<number>
  /** Forgets what matches and is not `retrying`. Resolves with how many. */
  remove(query: FailureQuery): Promise<number>
  /** Writes down what an operator did. */
  audit(entry: AuditEntry): Promise<void>
  /** The latest first. */
  audits(limit: number): Promise<readonly AuditEntry[]>
  /** Queues that nobody may work on for now. */
  paused(): Promise<readonly string[]>
  /** Pauses or resumes a queue for every worker that looks here. */
  setPaused(queue: string, paused: boolean): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}
