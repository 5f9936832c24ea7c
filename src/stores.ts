import { basename } from 'node:path'
import { parseMysqlUri } from '../adapters/mysql/address.ts'
import type { MysqlLedgerOptions } from '../adapters/mysql/ledger.ts'
import type { MysqlOptions } from '../adapters/mysql/options.ts'
import type { MysqlResultsOptions } from '../adapters/mysql/result-table.ts'
import type { SqliteFailuresOptions } from '../adapters/sqlite/failures.ts'
import type { SqliteLedgerOptions } from '../adapters/sqlite/ledger.ts'
import { parseValkeyUrl } from '../adapters/valkey/address.ts'
import type { ValkeyResultsOptions } from '../adapters/valkey/results.ts'
import type { SqliteResultsOptions } from '../adapters/sqlite/result-table.ts'
import { LazyFailureStore } from './jobs/failures/lazy-store.ts'
import type { FailureStore } from './jobs/failures/store.ts'
import { LazyLedger } from './jobs/ledger/lazy-ledger.ts'
import type { Ledger } from './jobs/ledger/ledger.ts'
import type { Results } from './jobs/results/results.ts'
import { tableResults } from './jobs/results/table-results.ts'
import { checkNames } from './transport/option-names.ts'

export type {
  MysqlLedgerOptions,
  MysqlOptions,
  MysqlResultsOptions,
  SqliteFailuresOptions,
  SqliteLedgerOptions,
  SqliteResultsOptions,
  ValkeyResultsOptions,
}

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

/**
 * Results in a SQLite file, for the processes of one host. It may be the file of the failures. Whoever waits looks now
 * and then: after 100 ms, and at longer intervals up to a second.
 *
 * @throws UnderstudyError `invalid-option` likewise.
 */
export function sqliteResults(path: string, options: SqliteResultsOptions = {}): Results {
  checkNames('sqliteResults', options, { ttl: true })
  return tableResults({
    what: 'sqliteResults',
    ttl: options.ttl,
    load: async () => (await import('../adapters/sqlite/result-table.ts')).sqliteResultTable(path),
  })
}

const MYSQL = { uri: true, tls: true, connections: true, timeout: true } as const

/**
 * Keeps failures in MySQL 8 or MariaDB 10.6 and later, which workers on any number of hosts may share. The tables are
 * made where they are missing, by whoever opens it first; afterwards a user who may read and change them is enough.
 *
 * @throws UnderstudyError `invalid-option` for a URI that is none or an unknown option, at once; for a number that
 * cannot be, at `open()`.
 */
export function mysqlFailures(options: MysqlOptions): FailureStore {
  checkNames('mysqlFailures', options, { ...MYSQL, clock: true })
  const { shown } = parseMysqlUri(options.uri)
  return new LazyFailureStore('mysql', shown, async () => {
    const { MysqlFailures } = await import('../adapters/mysql/failures.ts')
    return new MysqlFailures(options)
  })
}

/**
 * Remembers in MySQL or MariaDB which runs are finished, for workers on any number of hosts.
 *
 * @throws UnderstudyError `invalid-option` likewise.
 */
export function mysqlLedger(options: MysqlLedgerOptions): Ledger {
  checkNames('mysqlLedger', options, { ...MYSQL, clock: true, keepForMs: true })
  parseMysqlUri(options.uri)
  return new LazyLedger('mysql', async () => {
    const { openMysqlLedger } = await import('../adapters/mysql/ledger.ts')
    return openMysqlLedger(options)
  })
}

/**
 * Results in MySQL or MariaDB. Whoever waits looks now and then: after 100 ms, and at longer intervals up to a second.
 *
 * @throws UnderstudyError `invalid-option` likewise.
 */
export function mysqlResults(options: MysqlResultsOptions): Results {
  checkNames('mysqlResults', options, { ...MYSQL, ttl: true })
  parseMysqlUri(options.uri)
  return tableResults({
    what: 'mysqlResults',
    ttl: options.ttl,
    load: async () => (await import('../adapters/mysql/result-table.ts')).mysqlResultTable(options),
  })
}

/**
 * Results in Valkey, or in Redis 6 and later, through the package `@redis/client`, which has to be installed beside
 * this one. Whoever waits is told by the server.
 *
 * @throws UnderstudyError `invalid-option` for a URL that is none or an unknown option, at once; for a number that
 * cannot be, when the application opens it, and `unsupported` where the package is not installed.
 */
export function valkeyResults(options: ValkeyResultsOptions): Results {
  checkNames('valkeyResults', options, { url: true, tls: true, ttl: true, timeout: true })
  parseValkeyUrl(options.url)
  return {
    kind: 'valkey',
    open: async (host) => {
      const adapter = await import('../adapters/valkey/results.ts')
      return await adapter.valkeyResults(options).open(host)
    },
  }
}
