import { UnderstudyError, messageOf } from '../../src/errors.ts'
import { blot } from '../../src/transport/peer-failure.ts'
import { isTlsCode } from '../../src/transport/tls-settings.ts'
import type { MysqlAddress } from './address.ts'

interface MysqlError {
  readonly code?: unknown
  readonly errno?: unknown
  readonly sqlMessage?: unknown
  readonly fatal?: unknown
}

/** By the server's own number: what the error means, and whether a later call may succeed. */
const MEANINGS: ReadonlyMap<number, { readonly text: string; readonly retriable: boolean }> = new Map([
  [1021, { text: 'has no room left on its disk', retriable: true }],
  [1040, { text: 'has as many connections as it may', retriable: true }],
  [1044, { text: 'refused the user name, the password or the permission', retriable: false }],
  [1045, { text: 'refused the user name, the password or the permission', retriable: false }],
  [1049, { text: 'has no database of that name', retriable: false }],
  [1053, { text: 'is being stopped', retriable: true }],
  [1114, { text: 'has no room left for rows', retriable: true }],
  [1142, { text: 'refused the permission', retriable: false }],
  [1153, { text: 'takes no statement of this size (max_allowed_packet)', retriable: false }],
  [1203, { text: 'has as many connections of this user as it may', retriable: true }],
  [1205, { text: 'kept a row locked for too long', retriable: true }],
  [1213, { text: 'had two changes wait for each other, again and again', retriable: true }],
  [1226, { text: 'gave this user as much as it may have', retriable: true }],
  [1290, { text: 'is read only', retriable: true }],
  [1317, { text: 'broke the statement off', retriable: true }],
  [1792, { text: 'is read only', retriable: true }],
  [1836, { text: 'is read only', retriable: true }],
  [1927, { text: 'ended the connection', retriable: true }],
  [3024, { text: 'broke the statement off, as it took too long', retriable: true }],
])

// ER_LOCK_WAIT_TIMEOUT and ER_LOCK_DEADLOCK.
const COLLISIONS = new Set([1205, 1213])

/** A statement was not answered in time; whether it was carried out is not known, and the connection has to go. */
export class LateError extends UnderstudyError {
  constructor(message: string) {
    super('storage', message, { retriable: true })
  }
}

/** Two statements got into each other's way, and this one was undone. */
export function isCollision(error: unknown): boolean {
  const { errno } = Object(error) as MysqlError
  return typeof errno === 'number' && COLLISIONS.has(errno)
}

/** The connection is of no use any more. */
export function isLost(error: unknown): boolean {
  if (error instanceof LateError) return true
  const { errno, fatal, code } = Object(error) as MysqlError
  // Numbers of the server are 1000 and above, those of the system are negative; the driver's own errors have none.
  const ofServer = typeof errno === 'number' && errno >= 1000
  if (error instanceof UnderstudyError) return false
  return fatal === true || (!ofServer && typeof code === 'string') || errno === 1053 || errno === 1927
}

/** Every error of mysql2, of the socket below it and of the server behind it, as `storage`. Total. */
export function classify(thrown: unknown, address: MysqlAddress): UnderstudyError {
  if (thrown instanceof UnderstudyError) return thrown
  const error = Object(thrown) as MysqlError
  const { shown } = address
  const code = typeof error.code === 'string' ? error.code : ''
  // Without the statement, which holds what is to be kept.
  const said = blot(messageOf(error.sqlMessage ?? thrown), address.password)
  if (isTlsCode(code) || /^HANDSHAKE_(NO_)?SSL/.test(code)) {
    return new UnderstudyError('storage', `${shown} is not trusted: ${said}`, {
      endpoint: shown,
      cause: new Error(said),
    })
  }
  const meaning = typeof error.errno === 'number' ? MEANINGS.get(error.errno) : undefined
  const text = meaning?.text ?? dialled(code) ?? (isLost(thrown) ? `was lost (${code})` : `failed: ${said}`)
  const retriable = meaning?.retriable ?? isLost(thrown)
  // Words about who was refused name the user and the host.
  const hasName = error.errno === 1044 || error.errno === 1045 || error.errno === 1142
  const cause = Object.assign(new Error(hasName ? code : said), code === '' ? {} : { code })
  return new UnderstudyError('storage', `${shown} ${text}`, { retriable, endpoint: shown, cause })
}

function dialled(code: string): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused the connection'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'has a host name that is not known'
    case 'ETIMEDOUT':
      return 'did not answer the dial in time'
    default:
      return undefined
  }
}
