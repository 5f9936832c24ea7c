import type { Logger } from '../logger.ts'
import type { Serializer } from './serializer.ts'
import type { RetryOptions } from './retry-policy.ts'
import type { StandardSchema } from './standard-schema.ts'

/** What a job's `perform` is told and given beside its arguments. */
export interface JobContext {
  /** The job's identity, the same on every retry, redelivery and requeue. */
  readonly jobId: string
  /** The job's name. */
  readonly job: string
  /** The queue it was enqueued to, such as `images`. */
  readonly queue: string
  /** Which attempt this is, from 1; counted anew after an operator sent the job back. */
  readonly attempt: number
  /** How often an operator sent the job back from the failure store. */
  readonly requeues: number
  /** Whether the broker says that it may have delivered this before. */
  readonly redelivered: boolean
  /** What the enqueuer called the request that this job is a part of; undefined where it said nothing. */
  readonly requestId: string | undefined
  /** The headers that the enqueuer gave, without those of this package. */
  readonly headers: Readonly<Record<string, string>>
  /** Fires on the job's timeout, on a worker's stop past its grace, and on an operator's abort. */
  readonly signal: AbortSignal
  /** A logger that names the job. */
  readonly log: Logger
  /**
   * Tells whoever waits for the result how far the job is.
   *
   * @param percent from 0 to 100.
   * @throws UnderstudyError `invalid-option` for a percentage that cannot be. Where nobody listens, nothing happens.
   */
  progress(percent: number, message?: string): Promise<void>
}

/** What a job is called, where it goes, what it does and how it is tried again. */
export interface JobOptions<Input, Args, Result> {
  /** What the job is called on the wire and in the failure store, such as `image.resize`. Of 1 to 200 characters. */
  readonly name: string
  /** The queue it goes to unless the enqueuer says otherwise, such as `images`. Defaults to `jobs`. */
  readonly queue?: string
  /**
   * Where it is published, where that is not the queue itself: such as `exchange://user.commands/user.account.create`,
   * of an exchange that the queue is bound to (see `createApp({ queues })`). Retries go to the queue. A broker delays
   * messages to queues alone. Defaults to the queue.
   */
  readonly to?: string
  /** Checks the arguments, when they are enqueued and again before they are worked on. Defaults to none. */
  readonly schema?: StandardSchema<Input, Args>
  /** How arguments become bytes. Defaults to JSON. */
  readonly serializer?: Serializer
  /** What happens when `perform` throws. Defaults to no second attempt. */
  readonly retry?: RetryOptions
  /** Milliseconds after which `context.signal` fires and the attempt counts as failed. Defaults to none. */
  readonly timeout?: number
  /** A short text about the arguments for people. Defaults to the beginning of them. */
  preview?(args: Args): string
  /** Does the work. What it returns is the result, what it throws the failure. */
  perform(args: Args, context: JobContext): Promise<Result> | Result
}

/** A job as {@link defineJob} made it; it can be enqueued without a worker and worked on without an enqueuer. */
export interface Job<Input = unknown, Args = unknown, Result = unknown> extends JobOptions<Input, Args, Result> {
  /** Without `queue://`. */
  readonly queue: string
  readonly serializer: Serializer
}
