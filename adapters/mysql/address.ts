import { UnderstudyError } from '../../src/errors.ts'

/** A MySQL or MariaDB database out of its URI. */
export interface MysqlAddress {
  /** `mysql://host:port/database`: all that may be shown of it. */
  readonly shown: string
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | undefined
  readonly database: string
}

/** @throws UnderstudyError `invalid-option`, which never repeats the URI, as it may hold a password. */
export function parseMysqlUri(uri: string): MysqlAddress {
  const parsed = URL.parse(uri)
  const scheme = parsed?.protocol.slice(0, -1)
  if (parsed === null || (scheme !== 'mysql' && scheme !== 'mariadb')) {
    throw wrong('is none: mysql://USER[:PASSWORD]@HOST[:PORT]/DATABASE, or mariadb:')
  }
  if (parsed.hostname === '') throw wrong('names no host')
  if (parsed.username === '') throw wrong('names no user')
  if (parsed.search !== '' || parsed.hash !== '') throw wrong('has options, and it takes none')
  const database = decoded(parsed.pathname.slice(1))
  if (database === '' || database.includes('/')) throw wrong('has to end in the name of one database')
  const port = parsed.port === '' ? 3306 : Number(parsed.port)
  return {
    shown: `${scheme}://${parsed.hostname}:${port}/${database}`,
    host: decoded(parsed.hostname).replace(/^\[(.*)\]$/, '$1'),
    port,
    user: decoded(parsed.username),
    password: parsed.password === '' ? undefined : decoded(parsed.password),
    database,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('has a % that encodes nothing')
  }
}

function wrong(what: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `the uri of MySQL or MariaDB ${what}`)
}
