import type { Connection } from '../connection.ts'
import type { FailureDesk } from '../jobs/failures/desk.ts'
import type { WorkerDescription } from '../jobs/worker/description.ts'

/** A worker as somebody sees it from outside, or as it sees itself. */
export interface SeenWorker extends Pick<WorkerDescription, 'id' | 'name' | 'host' | 'state' | 'concurrency'> {
  readonly slots: readonly unknown[]
  /** It ought to have shown that it is alive. Defaults to no. */
  readonly isGone?: boolean
}

/** Where the gauges of jobs look when they are asked. Whatever is not given has no samples. */
export interface JobSources {
  /** Kept failures: `app.failures`. Asked once for all scrapes within `cacheMs`. */
  readonly failures?: Pick<FailureDesk, 'tally'>
  /** Whose queues these are. Asked for each queue once for all scrapes within `cacheMs`. */
  readonly connection?: Pick<Connection, 'inspect'>
  /** Queues whose depth is wanted, such as `images`, or what tells them; the first 100. Defaults to none. */
  readonly queues?: readonly string[] | (() => readonly string[])
  /** The workers that can be seen: a `HeartbeatRegistry`, or `{ workers: () => [worker.describe()] }` of one's own. */
  readonly workers?: {
    /** Asked at every scrape. */
    workers(): readonly SeenWorker[]
  }
}
