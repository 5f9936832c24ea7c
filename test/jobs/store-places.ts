/** Where failures are kept and runs noted: what a check of the job layer is tried on. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { FailureStore } from '../../src/jobs/failures/store.ts'
import type { Ledger } from '../../src/jobs/ledger/ledger.ts'
import { ownDatabase, ownServer, skip } from '../adapters/mysql/place.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { failuresAt, ledgerAt } from './stores-at.ts'

export interface StorePlace {
  /** The path of a file or a URI, as a process of its own is told. */
  readonly location: string
  /** One that is not open yet, as another process would have one. */
  readonly failures: () => FailureStore
  readonly ledger: () => Ledger
  /** Nothing can be kept any more, until what it resolves with is called. */
  readonly breakDown: () => Promise<() => Promise<void>>
}

interface StoreKind {
  readonly name: string
  readonly skip: string | false
  /** Nothing is in it, and nobody else has it. */
  readonly place: () => Promise<StorePlace>
}

export const STORES: readonly StoreKind[] = [
  {
    name: 'SQLite',
    skip: false,
    place: async () => {
      const location = join(temporaryFolder('stores'), 'jobs.db')
      const run = (statement: string): void => {
        using database = new DatabaseSync(location)
        database.exec(statement)
      }
      return placeAt(location, async () => {
        run('ALTER TABLE failure_bodies RENAME TO away')
        return async () => run('ALTER TABLE away RENAME TO failure_bodies')
      })
    },
  },
  {
    name: 'MariaDB',
    skip,
    place: async () => {
      const [server, uri] = [await ownServer(), await ownDatabase()]
      const database = new URL(uri).pathname.slice(1)
      return placeAt(uri, async () => {
        await server.run(`RENAME TABLE ${database}.understudy_failures TO ${database}.away`)
        return async () => await server.run(`RENAME TABLE ${database}.away TO ${database}.understudy_failures`)
      })
    },
  },
]

function placeAt(location: string, breakDown: StorePlace['breakDown']): StorePlace {
  return { location, failures: () => failuresAt(location), ledger: () => ledgerAt(location), breakDown }
}
