import { UnderstudyError } from '../../errors.ts'
import type { JobHost, OpenHost } from '../job-host.ts'
import type { FailureStore } from './store.ts'

/** What works on kept failures has in hand. */
export interface DeskHost extends Pick<JobHost, 'connection' | 'declareQueue' | 'tell' | 'clock' | 'logger'> {
  readonly store: FailureStore
}

/** @throws UnderstudyError `unsupported` for an application that keeps no failures. */
export async function openDesk(open: OpenHost): Promise<DeskHost> {
  const { connection, declareQueue, tell, clock, logger, failures: store } = await open()
  if (store) return { connection, declareQueue, tell, clock, logger, store }
  throw new UnderstudyError('unsupported', 'this application keeps no failures: give createApp a failure store')
}
