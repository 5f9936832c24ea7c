import { UnderstudyError } from '../../src/errors.ts'

/** A Redis or Valkey server out of its URL. */
export interface ValkeyAddress {
  /** `scheme://host:port/database`: all that may be shown of it. */
  readonly shown: string
  readonly host: string
  readonly port: number
  readonly isEncrypted: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
}

const SCHEMES: Readonly<Record<string, boolean>> = {
  'redis:': false,
  'valkey:': false,
  'rediss:': true,
  'valkeys:': true,
}

/** @throws UnderstudyError `invalid-option`, which never repeats the URL, as it may hold a password. */
export function parseValkeyUrl(url: string): ValkeyAddress {
  const parsed = URL.parse(url)
  const isEncrypted = parsed === null ? undefined : SCHEMES[parsed.protocol]
  if (parsed === null || isEncrypted === undefined) {
    throw wrong('is none: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:, valkey:, valkeys:')
  }
  if (parsed.hostname === '') throw wrong('names no host')
  if (parsed.search !== '' || parsed.hash !== '') throw wrong('has options, and it takes none')
  const database = parsed.pathname.replace(/^\//, '')
  if (!/^\d{0,5}$/.test(database)) throw wrong('names a database that is no number')
  const port = parsed.port === '' ? 6379 : Number(parsed.port)
  const scheme = parsed.protocol.slice(0, -1)
  return {
    shown: `${scheme}://${parsed.hostname}:${port}${database === '' ? '' : `/${database}`}`,
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    isEncrypted,
    username: decoded(parsed.username),
    password: decoded(parsed.password),
    database: Number(database),
  }
}

function decoded(text: string): string | undefined {
  if (text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('has a % in its user or password that encodes nothing')
  }
}

function wrong(what: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `the url of Valkey or Redis ${what}`)
}
