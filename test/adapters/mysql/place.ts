import { after } from 'node:test'
import { mysqlFailures, mysqlLedger } from '../../../src/stores.ts'
import type { FailureStorePlace } from '../../../src/testing/failure-store/place.ts'
import type { LedgerPlace } from '../../../src/testing/ledger/suite.ts'
import { mariadbSkip, startMariadb, type TestDatabase } from '../../support/mariadb.ts'

export const skip: string | false = mariadbSkip()

let server: Promise<TestDatabase> | undefined
let databases = 0

after(async () => await (await server)?.remove())

/** The server of this test file. */
export async function ownServer(): Promise<TestDatabase> {
  server ??= startMariadb()
  return await server
}

/** The URI of a database of that server that nobody else uses. */
export async function ownDatabase(): Promise<string> {
  return await (await ownServer()).database(`test_${++databases}`)
}

export async function mysqlPlace(): Promise<FailureStorePlace & LedgerPlace> {
  const uri = await ownDatabase()
  return {
    store: () => mysqlFailures({ uri }),
    ledger: () => mysqlLedger({ uri }),
    close: async () => {},
  }
}
