/**
 * Why a job is kept.
 *
 * - `exception`: `perform` threw, and no attempt is left or worth it.
 * - `timeout`: it did not end within its `timeout`.
 * - `expired`: it was too old to be worked on.
 * - `decode`: its body or its headers could not be read, or its arguments did not fit the schema.
 * - `unknown_job`: no job of this name is known to the worker.
 * - `aborted`: an operator aborted it.
 * - `worker_lost`: workers died of it, or with it, too often.
 * - `dead_lettered`: the broker gave it up.
 */
export type FailureReason =
  | 'exception'
  | 'timeout'
  | 'expired'
  | 'decode'
  | 'unknown_job'
  | 'aborted'
  | 'worker_lost'
  | 'dead_lettered'

/**
 * How far a kept job is: `retrying` while it is being sent back, `retried` once a broker confirmed it, `discarded` when
 * an operator does not want it any more.
 */
export type FailureStatus = 'failed' | 'retrying' | 'retried' | 'discarded'

/** An attempt that did not succeed. Times are milliseconds since the epoch. */
export interface AttemptRecord {
  readonly attempt: number
  readonly at: number
  /** `host:pid:n`. */
  readonly worker: string
  /** The endpoint of the broker that delivered it, without credentials. */
  readonly broker: string
  /** Class and message on one line, cut at 200 characters. */
  readonly error: string
  readonly durationMs: number
}

/** A job that failed for good, or what came of it. Times are milliseconds since the epoch. */
export interface Failure {
  /** `jobId.requeues`: keeping the same failure twice is keeping it once. */
  readonly id: string
  readonly jobId: string
  /** The job's name; empty where the message did not say. */
  readonly job: string
  /** The queue it was enqueued to, such as `images`. */
  readonly queue: string
  /** Where it was read from. The url has no credentials. */
  readonly broker: { readonly kind: string; readonly name: string; readonly url: string }
  /** The message's body as it came. */
  readonly args: Uint8Array
  readonly contentType: string | undefined
  readonly preview: string
  /** All headers of the message, without `understudy-job-history`. */
  readonly headers: Readonly<Record<string, string>>
  readonly reason: FailureReason
  /** Such as `TypeError`; of anything that is no Error its type. */
  readonly errorClass: string
  readonly errorMessage: string
  /** The error's own code, such as `ECONNREFUSED`. */
  readonly errorCode: string | undefined
  readonly stack: string | undefined
  /** Failures of one cause share it: the job, the class and the message without numbers, ids and quoted parts. */
  readonly fingerprint: string
  readonly attempts: readonly AttemptRecord[]
  /** How often it had been sent back before. */
  readonly requeues: number
  /** `host:pid:n` of the worker that kept it. */
  readonly worker: string
  readonly enqueuedAt: number | undefined
  readonly firstFailedAt: number
  readonly failedAt: number
  readonly expiresAt: number | undefined
  readonly traceparent: string | undefined
  readonly requestId: string | undefined
  /** Where its result was wanted, such as `queue://orders.reply`. */
  readonly replyTo: string | undefined
  readonly priority: number | undefined
}

/** A failure as a store keeps it. */
export interface KeptFailure extends Failure {
  readonly status: FailureStatus
  /** Which requeue claimed it; undefined while none has. */
  readonly batch: string | undefined
  readonly claimedAt: number | undefined
  readonly retriedAt: number | undefined
  readonly retriedBy: string | undefined
  /**
   * The id of the job that it came back as: the same, or a new one where the operator edited it. Of one that is `failed`:
   * the new job that it may have come back as, where nobody knows.
   */
  readonly retryJobId: string | undefined
  /** When the job that was sent back succeeded; undefined while it has not. */
  readonly resolvedAt: number | undefined
}

export function failureId(jobId: string, requeues: number): string {
  return `${jobId}.${requeues}`
}
