import { basename } from 'node:path'
import type { SqliteFailuresOptions } from '../adapters/sqlite/failures.ts'
import type { SqliteLedgerOptions } from '../adapters/sqlite/ledger.ts'
import { LazyFailureStore } from './jobs/failures/lazy-store.ts'
import type { FailureStore } from './jobs/failures/store.ts'
import { LazyLedger } from './jobs/ledger/lazy-ledger.ts'
import type { Ledger } from './jobs/ledger/ledger.ts'
import { checkNames } from './transport/option-names.ts'

export type { SqliteFailuresOptions, SqliteLedgerOptions }

/**
 * Keeps failures in a SQLite file, which all processes of one host may share; for several hosts there is MySQL or
 * MariaDB. The file is made when it is opened, its folder must be there.
 *
 * @throws UnderstudyError `invalid-option` for an unknown option, at once; for what is no path of a file, at `open()`.
 */
export function sqliteFailures(path: string, options: SqliteFailuresOptions = {}): FailureStore {
  checkNames('sqliteFailures', options, { clock: true })
  return new LazyFailureStore('sqlite', basename(path), async () => {
    const { SqliteFailures } = await import('../adapters/sqlite/failures.ts')
    return new SqliteFailures(path, options)
  })
}

/**
 * Remembers in a SQLite file which runs are finished, for the workers of one host. It may be the file of the failures.
 *
 * @throws UnderstudyError `invalid-option` likewise.
 */
export function sqliteLedger(path: string, options: SqliteLedgerOptions = {}): Ledger {
  checkNames('sqliteLedger', options, { keepForMs: true, clock: true })
  return new LazyLedger('sqlite', async () => {
    const { openSqliteLedger } = await import('../adapters/sqlite/ledger.ts')
    return openSqliteLedger(path, options)
  })
}
