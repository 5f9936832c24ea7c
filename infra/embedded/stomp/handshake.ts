import { createHash, timingSafeEqual } from 'node:crypto'
import { UnderstudyError } from '../../../src/errors.ts'
import type { Frame, StompVersion } from './frames.ts'

export interface Credentials {
  readonly login: string
  readonly passcode: string
}

/** What broker and client agreed on. */
export interface Agreement {
  readonly version: StompVersion
  /** How often the broker shows that it is alive, in milliseconds; 0 for never. */
  readonly sendEveryMs: number
  /** How often the client promised to, in milliseconds; 0 for never. */
  readonly expectEveryMs: number
}

const VERSIONS: readonly StompVersion[] = ['1.2', '1.1']

/** The broker can send a heart-beat this often, and wants none more often, in milliseconds. */
export const HEARTBEAT_MS = 100

/**
 * Reads a CONNECT or STOMP frame.
 *
 * @throws UnderstudyError `protocol` when no version is shared or a header is malformed, `authentication`
 * when credentials are asked for and these are not the ones.
 */
export function agree(frame: Frame, credentials: Credentials | undefined): Agreement {
  // Without the header a client speaks 1.0, which has no escapes and cannot carry what others send.
  const offered = new Set((frame.headers['accept-version'] ?? '1.0').split(',').map((version) => version.trim()))
  const version = VERSIONS.find((known) => offered.has(known))
  if (version === undefined) {
    throw new UnderstudyError('protocol', `supported protocol versions are ${VERSIONS.join(' ')}`)
  }
  if (credentials !== undefined) {
    const { login = '', passcode = '' } = frame.headers
    // Both are compared whatever the first says, in a time that says nothing.
    if (!(Number(same(login, credentials.login)) & Number(same(passcode, credentials.passcode)))) {
      throw new UnderstudyError('authentication', `User name [${login}] or password is invalid.`)
    }
  }
  const [canMs, wantsMs] = heartbeat(frame.headers['heart-beat'] ?? '0,0')
  return {
    version,
    sendEveryMs: wantsMs === 0 ? 0 : Math.max(wantsMs, HEARTBEAT_MS),
    expectEveryMs: canMs === 0 ? 0 : Math.max(canMs, HEARTBEAT_MS),
  }
}

function heartbeat(text: string): [canMs: number, wantsMs: number] {
  const match = /^\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$/.exec(text)
  if (match === null) throw new UnderstudyError('protocol', 'heart-beat is not two numbers of milliseconds')
  return [Number(match[1]), Number(match[2])]
}

function same(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
