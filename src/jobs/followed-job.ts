import { UnderstudyError } from '../errors.ts'
import type { JobState } from './results/results.ts'

/** How far a job is. */
export interface JobProgress {
  /** From 0 to 100. */
  readonly percent: number
  readonly message: string | undefined
  /** When the worker told, in milliseconds since the epoch. */
  readonly at: number
}

/** A job failed for good: it is in the failure store, and may be sent back from there. */
export class JobFailedError extends UnderstudyError {
  override readonly name = 'JobFailedError'
  readonly jobId: string
  /** Such as `exception` or `timeout`. */
  readonly reason: string
  /** Such as `TypeError`. */
  readonly errorClass: string
  readonly errorMessage: string

  constructor(jobId: string, { reason, errorClass, errorMessage }: Extract<JobState, { readonly kind: 'failed' }>) {
    super('remote', `job ${jobId} failed (${reason}): ${errorClass}: ${errorMessage}`)
    this.jobId = jobId
    this.reason = reason
    this.errorClass = errorClass
    this.errorMessage = errorMessage
  }
}

export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: JobFailedError }
  /** Nobody will hear what came of it. */
  | { readonly kind: 'unknown'; readonly error: UnderstudyError }

// What nobody reads is not kept for ever.
const MOST_KEPT = 1000

/** What is known of a job that was enqueued here: it takes states as they come, until one ends it. */
export class FollowedJob {
  readonly id: string
  readonly #onEnd: (job: FollowedJob) => void
  #outcome: Outcome | undefined
  /** The latest progress; `#forgotten` came before it. */
  readonly #kept: JobProgress[] = []
  #forgotten = 0
  #news: PromiseWithResolvers<void> | undefined

  /** @param onEnd called once, when the outcome is known or known not to come. */
  constructor(id: string, onEnd: (job: FollowedJob) => void) {
    this.id = id
    this.#onEnd = onEnd
  }

  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  take(state: JobState): void {
    if (this.#outcome) return
    switch (state.kind) {
      case 'progress':
        this.#kept.push({ percent: state.percent, message: state.message, at: state.at })
        if (this.#kept.length > MOST_KEPT) {
          this.#kept.shift()
          this.#forgotten++
        }
        this.#tell()
        return
      case 'succeeded':
        this.#end({ kind: 'value', value: state.value })
        return
      case 'failed':
        this.#end({ kind: 'failed', error: new JobFailedError(this.id, state) })
    }
  }

  /** Nobody will hear of it any more. */
  lose(error: UnderstudyError): void {
    if (!this.#outcome) this.#end({ kind: 'unknown', error })
  }

  /** Resolves at the next state. */
  next(): Promise<void> {
    this.#news ??= Promise.withResolvers<void>()
    return this.#news.promise
  }

  /** The first progress from `place` on, counted from 0, that is still kept; and the place after it. */
  progressFrom(place: number): { readonly progress: JobProgress; readonly next: number } | undefined {
    const index = Math.max(0, place - this.#forgotten)
    const progress = this.#kept[index]
    return progress && { progress, next: this.#forgotten + index + 1 }
  }

  #end(outcome: Outcome): void {
    this.#outcome = outcome
    this.#onEnd(this)
    this.#tell()
  }

  #tell(): void {
    const news = this.#news
    this.#news = undefined
    news?.resolve()
  }
}
