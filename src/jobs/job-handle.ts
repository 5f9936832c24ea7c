import { abortReason, type Clock } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import type { FollowedJob, JobProgress } from './followed-job.ts'

/** How the result of a job is waited for. */
export interface ResultOptions {
  /** How long to wait, in milliseconds. Defaults to as long as the application is open. */
  readonly timeout?: number
  /** Gives the waiting up; the job goes on. Defaults to none. */
  readonly signal?: AbortSignal
}

const RESULT_OPTIONS: NamesOf<ResultOptions> = { timeout: true, signal: true }

/** A job that a broker has confirmed, in its enqueuer's hands. */
export class JobHandle<Result = unknown> {
  readonly #followed: FollowedJob | undefined
  readonly #clock: Clock
  /** The job's identity, the same on every retry, redelivery and requeue. */
  readonly id: string
  /** The job's name. */
  readonly job: string
  /** The queue it went to. */
  readonly queue: string

  constructor(about: {
    readonly id: string
    readonly job: string
    readonly queue: string
    readonly followed: FollowedJob | undefined
    readonly clock: Clock
  }) {
    this.id = about.id
    this.job = about.job
    this.queue = about.queue
    this.#followed = about.followed
    this.#clock = about.clock
  }

  /**
   * Resolves with what `perform` returned, as it came over the wire: JSON, for instance, has no dates.
   *
   * @throws JobFailedError when the job failed for good; UnderstudyError `deadline` when nothing came in time,
   * `unsupported` where the application has no results, `aborted`, `closed` when the application or its connection
   * was closed, `pending-full` when too many later jobs are waited for.
   */
  async result(options: ResultOptions = {}): Promise<Result> {
    checkNames('result', options, RESULT_OPTIONS)
    const { timeout, signal } = options
    const followed = this.#mustFollow()
    if (timeout !== undefined && !(Number.isFinite(timeout) && timeout > 0))
      throw new UnderstudyError('invalid-option', `timeout must be a number above 0, not ${timeout}`)
    if (signal?.aborted) throw abortReason(signal)
    if (followed.outcome === undefined) await this.#ended(followed, timeout, signal)
    const { outcome } = followed
    if (outcome?.kind === 'value') return outcome.value as Result
    throw outcome?.error ?? new UnderstudyError('closed', `job ${this.id} is not followed any more`)
  }

  /**
   * How far the job is, from the beginning and in order, until it ends; whether it succeeded is what {@link result}
   * tells. A reader that falls 1,000 behind loses the eldest.
   *
   * @throws UnderstudyError from the loop, as {@link result} does where nothing more is heard.
   */
  async *progress(): AsyncGenerator<JobProgress, void, undefined> {
    const followed = this.#mustFollow()
    for (let place = 0; ; ) {
      const found = followed.progressFrom(place)
      if (found) {
        place = found.next
        yield found.progress
      } else if (followed.outcome === undefined) await followed.next()
      else if (followed.outcome.kind === 'unknown') throw followed.outcome.error
      else return
    }
  }

  #mustFollow(): FollowedJob {
    if (this.#followed) return this.#followed
    const message = `nobody asked for the result of job ${this.id}: give createApp({ results })`
    throw new UnderstudyError('unsupported', message)
  }

  async #ended(followed: FollowedJob, timeout: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    const { promise: given, reject: giveUp } = Promise.withResolvers<never>()
    const late = (): void =>
      giveUp(new UnderstudyError('deadline', `job ${this.id} had not ended after ${timeout} ms`, { retriable: true }))
    const onAbort = (): void => {
      if (signal) giveUp(abortReason(signal))
    }
    const timer = timeout === undefined ? undefined : this.#clock.after(timeout, late)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      while (followed.outcome === undefined) await Promise.race([followed.next(), given])
    } finally {
      timer?.cancel()
      signal?.removeEventListener('abort', onAbort)
    }
  }
}
