import type { FailureReason } from './failures/failure.ts'

/** What every event says. `queue` and `job` are few by nature and fit as labels; ids are not and do not. */
interface About {
  readonly queue: string
  readonly job: string
  readonly jobId: string
}

/** What happens to jobs, for metrics, logs and pages. Durations are milliseconds. */
export type JobEvent =
  /** A broker confirmed it. */
  | ({ readonly type: 'enqueued' } & About)
  /** A worker begins; `waitedMs` since it was enqueued or became due, undefined where the message does not say. */
  | ({ readonly type: 'started'; readonly waitedMs: number | undefined; readonly worker: string } & About)
  | ({ readonly type: 'succeeded'; readonly durationMs: number; readonly worker: string } & About)
  /** An attempt failed and the next one is on its way, `delayMs` from now. */
  | ({
      readonly type: 'retried'
      readonly durationMs: number
      readonly delayMs: number
      readonly error: unknown
      readonly worker: string
    } & About)
  /** It failed for good and is kept. */
  | ({
      readonly type: 'failed'
      readonly reason: FailureReason
      readonly durationMs: number
      readonly error: unknown
      readonly worker: string
    } & About)
  /** It was finished before: acknowledged and not worked on. */
  | ({ readonly type: 'deduplicated' } & About)
  /** The link was lost, or the worker let go of it: another delivery of it comes. */
  | ({ readonly type: 'interrupted'; readonly worker: string } & About)
  /** An operator sent it back. */
  | ({ readonly type: 'requeued' } & About)

/** Told of every event. What it throws disturbs nobody. */
export type JobObserver = (event: JobEvent) => void
