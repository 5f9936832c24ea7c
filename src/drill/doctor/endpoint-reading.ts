import { type Clock, systemClock } from '../../clock.ts'
import { messageOf, type ErrorCode, UnderstudyError } from '../../errors.ts'
import { dial } from '../../failover/dial.ts'
import { type Endpoint, redact } from '../../transport/endpoint.ts'
import type { Greeting } from '../../transport/link.ts'
import type { Transport } from '../../transport/transport.ts'

/**
 * How an endpoint answered a client: `serving`, the whole handshake was answered; `refused`, no such port
 * is open; `mute`, it took the connection and said nothing; `unreachable`, there is no such host, or no way
 * to it; `authentication` and `tls`, it answered and does not let us in; `broken`, anything else.
 */
export type Answer = 'serving' | 'refused' | 'mute' | 'unreachable' | 'authentication' | 'tls' | 'broken'

export interface EndpointReading {
  /** Without credentials. */
  readonly endpoint: string
  readonly answer: Answer
  /** The client's own words where it was not let in; null where it was. */
  readonly error: string | null
  /** Null where nobody answered, or said nothing of itself. */
  readonly greeting: Greeting | null
}

const ANSWERS: Partial<Record<ErrorCode, Answer>> = {
  refused: 'refused',
  'handshake-timeout': 'mute',
  'dial-timeout': 'unreachable',
  unreachable: 'unreachable',
  'unknown-host': 'unreachable',
  authentication: 'authentication',
  tls: 'tls',
}

const GOODBYE_MS = 1000

export interface DialOptions {
  readonly transportOf: (endpoint: Endpoint) => Transport
  /** The longest that one endpoint may take, in milliseconds. */
  readonly withinMs: number
  readonly signal: AbortSignal
  /** Defaults to the system's. */
  readonly clock?: Clock
}

/**
 * Dials every endpoint once, all at a time, as a client would and with its whole handshake, and leaves again.
 *
 * @throws UnderstudyError `aborted` on the signal alone.
 */
export function readEndpoints(endpoints: readonly Endpoint[], options: DialOptions): Promise<EndpointReading[]> {
  return Promise.all(endpoints.map((endpoint) => readEndpoint(endpoint, options)))
}

async function readEndpoint(endpoint: Endpoint, options: DialOptions): Promise<EndpointReading> {
  const { transportOf, withinMs, signal, clock = systemClock } = options
  const address = redact(endpoint)
  try {
    const link = await dial(transportOf(endpoint), { ...endpoint, connectTimeoutMs: withinMs }, clock, signal)
    await link.close(AbortSignal.any([signal, AbortSignal.timeout(GOODBYE_MS)]))
    return { endpoint: address, answer: 'serving', error: null, greeting: link.greeting ?? null }
  } catch (error) {
    if (signal.aborted) throw error
    const answer = (error instanceof UnderstudyError ? ANSWERS[error.code] : undefined) ?? 'broken'
    return { endpoint: address, answer, error: messageOf(error), greeting: null }
  }
}
