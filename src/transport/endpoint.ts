import type { TlsSettings } from './tls-settings.ts'

/** One broker address out of a failover URI. */
export interface Endpoint {
  readonly scheme: string
  readonly host: string
  readonly port: number
  /** Decoded; undefined when the URI names no user. */
  readonly username: string | undefined
  readonly password: string | undefined
  /** The path after the host, decoded, without its leading slash (an AMQP virtual host). */
  readonly path: string
  /** The options of this inner URI, `nested.*` already merged in, the inner URI's own winning. */
  readonly options: Readonly<Record<string, string>>
  /** The longest a dial may take from the first packet to the broker's own greeting, in milliseconds. */
  readonly connectTimeoutMs: number
  /** How often each side shows that it is alive, in milliseconds; 0 for never. */
  readonly heartbeatMs: number
  /** How to encrypt, on a scheme with TLS; undefined for Node's own defaults. */
  readonly tls: TlsSettings | undefined
}

/** `scheme://host:port`: all that may be shown of an endpoint. */
export type RedactedEndpoint = string

export function redact(endpoint: Pick<Endpoint, 'scheme' | 'host' | 'port'>): RedactedEndpoint {
  // A broker in memory is called by its name; a port makes a door of its own.
  if (endpoint.scheme === 'memory' && endpoint.port === 0) return `memory://${endpoint.host}`
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  return `${endpoint.scheme}://${host}:${endpoint.port}`
}
