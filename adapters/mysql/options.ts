import { isIP } from 'node:net'
import { type Clock, systemClock, systemRandom } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { checkNames, type NamesOf } from '../../src/transport/option-names.ts'
import type { TlsSettings } from '../../src/transport/tls-settings.ts'
import { parseMysqlUri } from './address.ts'
import { Database } from './database.ts'

/** Where a MySQL or MariaDB database is, and how it is used. */
export interface MysqlOptions {
  /** `mysql://USER[:PASSWORD]@HOST[:PORT]/DATABASE`. The tables are made where they are missing. */
  readonly uri: string
  /** Encrypts connections; `{}` with the authorities that Node believes. Defaults to none. */
  readonly tls?: TlsSettings
  /** How many connections at a time, from 1; opened as they are needed. Defaults to 5. */
  readonly connections?: number
  /** How long a statement may take, in milliseconds. Defaults to 30,000. */
  readonly timeout?: number
  /** What ages and times to live are counted from. Defaults to the system's. */
  readonly clock?: Clock
}

export const MYSQL_OPTIONS: NamesOf<MysqlOptions> = {
  uri: true,
  tls: true,
  connections: true,
  timeout: true,
  clock: true,
}

/** A database whose tables are not looked for yet. @throws UnderstudyError `invalid-option`. */
export function databaseOf<Options extends MysqlOptions>(
  what: string,
  options: Options,
  names: NamesOf<Options>,
): { readonly database: Database; readonly clock: Clock; readonly shown: string } {
  checkNames(what, options, names)
  const { uri, tls, connections = 5, timeout = 30_000, clock = systemClock } = options
  const address = parseMysqlUri(uri)
  if (tls !== undefined && tls.serverName === undefined && isIP(address.host) !== 0) {
    // The driver would hold a certificate of `localhost` against it.
    const message = `${what}: a certificate carries a name, and ${address.host} is none; give tls.serverName, or a host by its name`
    throw new UnderstudyError('invalid-option', message)
  }
  checkWhole(what, 'connections', connections, 1_000)
  checkWhole(what, 'timeout', timeout, 2 ** 31 - 1)
  const database = new Database({ address, tls, clock, random: systemRandom, connections, withinMs: timeout })
  return { database, clock, shown: address.shown }
}

/** @throws UnderstudyError `invalid-option` unless it is a whole number from 1 on. */
export function checkWhole(what: string, name: string, value: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return
  throw new UnderstudyError('invalid-option', `${name} of ${what} is a whole number from 1 on, and not ${value}`)
}
