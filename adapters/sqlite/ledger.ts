import { type Clock, systemClock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type Ledger, RUNS_KEPT_FOR_MS } from '../../src/jobs/ledger/ledger.ts'
import type { LedgerWrites } from './ledger-writes.ts'
import { databasePath } from './path.ts'
import { DatabaseThread } from './thread.ts'

/** How finished runs are kept in a file. */
export interface SqliteLedgerOptions {
  /** How long a run is remembered, in milliseconds; longer than any job is on its way. Defaults to 7 days. */
  readonly keepForMs?: number
  /** Defaults to the system's. */
  readonly clock?: Clock
}

/** A ledger in a file of this host, which the workers of all its processes share. */
export function openSqliteLedger(path: string, options: SqliteLedgerOptions = {}): Ledger {
  const { keepForMs = RUNS_KEPT_FOR_MS, clock = systemClock } = options
  if (!(Number.isFinite(keepForMs) && keepForMs >= 1))
    throw new UnderstudyError('invalid-option', `keepForMs must be a number from 1, and is ${keepForMs}`)
  const file = databasePath(path)
  const thread = new DatabaseThread<keyof LedgerWrites, LedgerWrites>({ kind: 'ledger', path: file, keepForMs })
  const close = (): Promise<void> => thread.close()
  return {
    kind: 'sqlite',
    open: () => thread.call('open'),
    begin: (run, worker) => thread.call('begin', run, worker, clock.wallTime()),
    finish: (run) => thread.call('finish', run, clock.wallTime()),
    interrupted: (run) => thread.call('interrupted', run),
    close,
    [Symbol.asyncDispose]: close,
  }
}
