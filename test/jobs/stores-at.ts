import type { FailureStore } from '../../src/jobs/failures/store.ts'
import type { Ledger } from '../../src/jobs/ledger/ledger.ts'
import { mysqlFailures, mysqlLedger, sqliteFailures, sqliteLedger } from '../../src/stores.ts'

/** `location` is the path of a file, or the URI of MySQL or MariaDB. */
export function failuresAt(location: string): FailureStore {
  return location.startsWith('mysql:') ? mysqlFailures({ uri: location }) : sqliteFailures(location)
}

export function ledgerAt(location: string): Ledger {
  return location.startsWith('mysql:') ? mysqlLedger({ uri: location }) : sqliteLedger(location)
}
