import type { Clock } from '../clock.ts'
import type { Connection } from '../connection.ts'
import type { FailureDesk } from '../jobs/failures/desk.ts'
import type { JobState } from '../jobs/results/results.ts'
import type { Logger } from '../logger.ts'
import type { DrillShelf } from './drills/shelf.ts'
import type { LiveFeed } from './live/live-feed.ts'
import type { BrokerWatch } from './overview/broker-watch.ts'
import type { QueueWatch } from './queues/queue-watch.ts'
import type { Tell } from './tellable.ts'
import type { WorkerRoster } from './workers/worker-roster.ts'

/** What every page may use. */
export interface DashboardContext {
  /** What stands before every path, such as `/jobs`; empty at the root. */
  readonly basePath: string
  readonly title: string
  /** Whether visitors log in, and so out. */
  readonly hasLogin: boolean
  readonly connection: Connection
  /** Undefined where the application keeps no failures. */
  readonly failures: FailureDesk | undefined
  /** What is known of a job, as `App.result` says; undefined where results are not kept. */
  readonly result: ((jobId: string) => Promise<JobState | undefined>) | undefined
  readonly brokers: BrokerWatch
  readonly workers: WorkerRoster
  readonly queues: QueueWatch
  /** Undefined where no folder of drills was named. */
  readonly drills: DrillShelf | undefined
  readonly live: LiveFeed
  /** What is done when the dashboard closes, before it has closed; it must not reject. */
  readonly onClose: (action: () => Promise<void>) => void
  /** What a page may say of an error. */
  readonly tell: Tell
  readonly clock: Clock
  readonly logger: Logger
}

/** The address of a page, such as `href(context, '/queues')`, for links, forms and redirects. */
export function href({ basePath }: Pick<DashboardContext, 'basePath'>, path: string): string {
  return `${basePath}${path}`
}
