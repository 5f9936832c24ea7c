import type { Clock, Random } from '../clock.ts'
import type { Connection } from '../connection.ts'
import type { Logger } from '../logger.ts'
import type { FailureStore } from './failures/store.ts'
import type { JobObserver } from './job-events.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { ResultsSession } from './results/results.ts'

/** What an application's parts share: its connection and its stores, all of them open. */
export interface JobHost {
  readonly connection: Connection
  /** Undefined where the application keeps none: then failures go to the broker's own queue of failures. */
  readonly failures: FailureStore | undefined
  readonly ledger: Ledger
  readonly results: ResultsSession | undefined
  /** Makes sure, once for each queue and broker, that it exists before anything is sent to it. */
  readonly declareQueue: (queue: string) => Promise<void>
  readonly tell: JobObserver
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** The application's parts, all of them opened at the first call and once. Rejects where one cannot be opened. */
export type OpenHost = () => Promise<JobHost>

/** Where a worker puts the record of a failed job when no failure store takes it; a collector imports it later. */
export const FAILED_QUEUE = 'understudy.failed'

/** Where workers are asked how they are, and told to pause, resume and abort. */
export const WORKERS_TOPIC = 'topic://understudy.workers'
