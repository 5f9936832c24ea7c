/**
 * How far a worker is.
 *
 * - `idle`: made, and not started.
 * - `running`: takes jobs from every queue that is not paused.
 * - `paused`: takes none, and finishes those in hand.
 * - `stopping`: takes none any more, and ends with those in hand.
 * - `stopped`: it is over.
 */
export type WorkerState = 'idle' | 'running' | 'paused' | 'stopping' | 'stopped'

/** What one slot is doing. */
export interface SlotDescription {
  readonly job: string
  readonly jobId: string
  readonly queue: string
  readonly attempt: number
  /** When it began, in milliseconds since the epoch. */
  readonly since: number
}

/** A queue as the worker that takes from it sees it. */
export interface WorkerQueueDescription {
  readonly queue: string
  /** Whether it is paused: here, by an operator, or with the worker. */
  readonly paused: boolean
  /** Deliveries that wait here for a slot. */
  readonly waiting: number
}

/** What a worker says of itself. Times are milliseconds since the epoch. */
export interface WorkerDescription {
  /** `host:pid:n`, of which there is no other. */
  readonly id: string
  /** What operators call it. */
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly state: WorkerState
  readonly queues: readonly WorkerQueueDescription[]
  /** How many jobs may run at a time. */
  readonly concurrency: number
  /** What runs now, the eldest first. */
  readonly slots: readonly SlotDescription[]
  /** What came of the jobs so far. */
  readonly done: WorkerCounts
  /** When it was started; 0 before that. */
  readonly since: number
  /** When it said this. */
  readonly at: number
  /** How often it says so by itself, in milliseconds. */
  readonly heartbeatMs: number
}

/** What became of the deliveries that a worker took, since it started. */
export interface WorkerCounts {
  readonly succeeded: number
  /** Kept as failures. */
  readonly failed: number
  readonly retried: number
  /** Finished before, and acknowledged without doing them again. */
  readonly deduplicated: number
  /** Left to another delivery. */
  readonly interrupted: number
}
