import { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
import { Connection } from './connection.ts'
import { UnderstudyError } from './errors.ts'
import { tlsFileOptions, withTls } from './failover/tls-files.ts'
import { checkEndpointOptions, type FailoverUri, parseFailoverUri, type SpokenScheme } from './failover/uri.ts'
import { type Logger, silentLogger } from './logger.ts'
import type { ProducerObserver } from './producer/producer.ts'
import type { ClientMetrics } from './telemetry/metrics.ts'
import type { ClientTracing } from './telemetry/tracing.ts'
import type { Codec } from './transport/codec.ts'
import type { Endpoint } from './transport/endpoint.ts'
import type { TlsSettings } from './transport/tls-settings.ts'
import { checkNames, type NamesOf } from './transport/option-names.ts'
import type { Transport } from './transport/transport.ts'

/** Each adapter is loaded when a URI first names its scheme. */
const ADAPTERS = {
  activemq: async (): Promise<Transport> => (await import('../adapters/activemq/transport.ts')).activemqTransport(),
  rabbitmq: async (): Promise<Transport> => (await import('../adapters/rabbitmq/transport.ts')).rabbitmqTransport(),
  memory: async (): Promise<Transport> => (await import('../adapters/memory/transport.ts')).memoryTransport(),
}

const ADAPTER_OF_SCHEME: Readonly<Record<SpokenScheme, keyof typeof ADAPTERS>> = {
  stomp: 'activemq',
  'stomp+ssl': 'activemq',
  amqp: 'rabbitmq',
  amqps: 'rabbitmq',
  memory: 'memory',
}

/** What a connection is given beside its URI: logging, TLS, codecs, metrics and tracing. */
export interface ConnectOptions {
  /** A pino-shaped logger. Defaults to one that says nothing. */
  readonly logger?: Logger
  /**
   * Authorities, client certificate and key for the schemes with TLS, one of which the list has to have.
   * Defaults to what the URI names in files.
   */
  readonly tls?: TlsSettings
  /** Gives the first connection up. Defaults to none: the URI's own limits decide. */
  readonly signal?: AbortSignal
  /** Codecs beside bytes, text and JSON, found by content type. Defaults to none. */
  readonly codecs?: readonly Codec[]
  /** How many requests may wait for answers at a time. Defaults to 10,000. */
  readonly maxOpenRequests?: number
  /** Told of every attempt of every send. Defaults to none. */
  readonly observer?: ProducerObserver
  /** Counts what happens, such as `prometheusMetrics()` of `understudy-mq/prometheus`. Defaults to none. */
  readonly metrics?: ClientMetrics
  /** Follows messages, such as `openTelemetryTracing()` of `understudy-mq/opentelemetry`. Defaults to none. */
  readonly tracing?: ClientTracing
  /** Defaults to the system's. */
  readonly clock?: Clock
  /** Defaults to `Math.random`. */
  readonly random?: Random
}

const CONNECT_OPTIONS: NamesOf<ConnectOptions> = {
  logger: true,
  tls: true,
  signal: true,
  codecs: true,
  maxOpenRequests: true,
  observer: true,
  metrics: true,
  tracing: true,
  clock: true,
  random: true,
}

/**
 * A connection to whichever broker of a failover URI serves, once the first of them has answered.
 *
 * @throws UnderstudyError `invalid-uri` or `invalid-option` before anything is dialled; `authentication`
 * or `tls` at once; `attempts-exhausted` when the URI's own limit is reached; `aborted` by the signal.
 */
export async function connect(uri: string, options: ConnectOptions = {}): Promise<Connection> {
  const connection = await prepare(uri, options)
  const { signal } = options
  const onAbort = (): void => void connection.close()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    signal?.throwIfAborted()
    await connection.connected()
    return connection
  } catch (error) {
    await connection.close()
    if (signal?.aborted)
      throw new UnderstudyError('aborted', `no broker of ${connection.uri} answered in time`, { cause: signal.reason })
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** A failover URI with all that it names: certificates read, options checked, adapters loaded. */
export interface ResolvedUri {
  readonly uri: FailoverUri
  readonly transportOf: (endpoint: Endpoint) => Transport
}

/**
 * Reads a URI and loads its adapters; nothing is dialled.
 *
 * @throws UnderstudyError `invalid-uri` or `invalid-option`.
 */
export async function resolveUri(uri: string, tls?: TlsSettings): Promise<ResolvedUri> {
  const parsed = parseFailoverUri(uri)
  const transports = new Map<string, Transport>()
  for (const { scheme } of parsed.endpoints) {
    if (!transports.has(scheme)) transports.set(scheme, await ADAPTERS[ADAPTER_OF_SCHEME[scheme as SpokenScheme]]())
  }
  const endpoints = await Promise.all(parsed.endpoints.map((endpoint) => withTls(endpoint, tls)))
  if (tls && !endpoints.some((endpoint) => endpoint.tls)) {
    const message = 'TLS settings were given, and no broker of the list has a scheme with TLS: stomp+ssl: or amqps:'
    throw new UnderstudyError('invalid-option', message)
  }
  const transportOf = (endpoint: Endpoint): Transport => transports.get(endpoint.scheme) as Transport
  for (const endpoint of endpoints) {
    const transport = transportOf(endpoint)
    checkEndpointOptions(endpoint, [...transport.optionNames, ...tlsFileOptions])
    transport.validate(endpoint)
  }
  return { uri: { ...parsed, endpoints }, transportOf }
}

/** Reads the URI and loads its adapters, and leaves the first dial to the first use. */
export async function prepare(uri: string, options: ConnectOptions = {}): Promise<Connection> {
  checkNames('connect', options, CONNECT_OPTIONS)
  return new Connection({
    ...(await resolveUri(uri, options.tls)),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    logger: options.logger ?? silentLogger,
    ...(options.observer ? { observer: options.observer } : {}),
    ...(options.metrics ? { metrics: options.metrics } : {}),
    ...(options.tracing ? { tracing: options.tracing } : {}),
    ...(options.maxOpenRequests === undefined ? {} : { maxOpenRequests: options.maxOpenRequests }),
    ...(options.codecs ? { codecs: options.codecs } : {}),
  })
}
