import type { ResultTable } from '../../src/jobs/results/table-results.ts'
import { databasePath } from './path.ts'
import type { ResultRows } from './result-rows.ts'
import { DatabaseThread } from './thread.ts'

/** How results are kept in a file. */
export interface SqliteResultsOptions {
  /** How long a state is kept after it was put, in milliseconds. Defaults to 86,400,000, a day. */
  readonly ttl?: number
}

/** Results in a file of this host. */
export function sqliteResultTable(path: string): ResultTable {
  const thread = new DatabaseThread<keyof ResultRows, ResultRows>({ kind: 'results', path: databasePath(path) })
  return {
    open: () => thread.call('open'),
    read: (jobIds, now) => thread.call('read', jobIds, now),
    writeResult: (jobId, text, expiresAt) => thread.call('writeResult', jobId, text, expiresAt),
    writeProgress: (jobId, text, expiresAt, now) => thread.call('writeProgress', jobId, text, expiresAt, now),
    prune: (now) => thread.call('prune', now),
    close: () => thread.close(),
  }
}
