import { abortReason, systemClock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type Endpoint, redact } from '../../src/transport/endpoint.ts'
import type { Link } from '../../src/transport/link.ts'
import { nearestName } from '../../src/transport/option-names.ts'
import type { Peer, Phase } from '../../src/transport/peer-failure.ts'
import type { DialContext, Transport } from '../../src/transport/transport.ts'
import { tlsOptionsOf } from '../../src/transport/tls-settings.ts'
import { type AmqpConnect, type AmqpDialOptions, amqplibConnect } from './driver.ts'
import { classify } from './errors.ts'
import { RabbitLink } from './link.ts'
import type { QueueType } from './queue-arguments.ts'

// RabbitMQ's own default of frame_max. A longer frame is refused as soon as its head says so.
const MAX_FRAME_BYTES = 131_072
// RabbitMQ's own default of max_message_size.
const MAX_MESSAGE_BYTES = 134_217_728
const DEFAULT_VHOST = '/'
const MOST_VHOST_BYTES = 255

const QUEUE_TYPES: readonly string[] = ['classic', 'quorum'] satisfies QueueType[]

export interface RabbitmqTransportOptions {
  /** Defaults to amqplib. */
  readonly connect?: AmqpConnect
  /** Milliseconds since the epoch. Defaults to the system's clock. */
  readonly wallTime?: () => number
}

/**
 * RabbitMQ, over AMQP 0-9-1. The path of the URI is the virtual host (defaults to `/`).
 *
 * Options of an inner URI: `queueType`, `classic` or `quorum`, for queues that nobody declared (defaults to
 * `classic`); `maxMessageBytes`, the longest message body that is taken (defaults to 134,217,728);
 * `mandatory`, whether the broker sends back what no queue takes (defaults to `true`; with `false` RabbitMQ confirms
 * such a message and drops it).
 */
export function rabbitmqTransport(options: RabbitmqTransportOptions = {}): Transport {
  const { connect = amqplibConnect, wallTime = () => systemClock.wallTime() } = options
  return {
    schemes: ['amqp', 'amqps'],
    capabilities: {
      priority: true,
      expiry: true,
      delay: true,
      topics: true,
      exchanges: true,
      deadLetters: true,
      // AMQP has no answer to an acknowledge.
      confirmedSettlement: false,
      queueSettings: ['type', 'deadLetterTo', 'messageTtlMs', 'expiresAfterMs', 'maxLength', 'maxPriority', 'bindings'],
    },
    optionNames: ['queueType', 'maxMessageBytes', 'mandatory'],
    validate,
    dial: (endpoint, signal, context) => dial({ connect, wallTime, endpoint, signal, context }),
  }
}

function validate(endpoint: Endpoint): void {
  if (Buffer.byteLength(endpoint.path) > MOST_VHOST_BYTES) {
    throw new UnderstudyError('invalid-uri', `the virtual host of ${redact(endpoint)} is longer than 255 bytes`)
  }
  queueTypeOf(endpoint)
  maxMessageBytesOf(endpoint)
  mandatoryOf(endpoint)
}

function queueTypeOf(endpoint: Endpoint): QueueType {
  const type = endpoint.options['queueType'] ?? 'classic'
  if (type === 'classic' || type === 'quorum') return type
  throw new UnderstudyError(
    'invalid-option',
    `option queueType of ${redact(endpoint)} must be classic or quorum; did you mean ${nearestName(type, QUEUE_TYPES)}?`,
  )
}

function maxMessageBytesOf(endpoint: Endpoint): number {
  const text = endpoint.options['maxMessageBytes']
  if (text === undefined) return MAX_MESSAGE_BYTES
  const value = Number(text)
  if (!/^\d{1,10}$/.test(text) || value < 1) {
    throw new UnderstudyError(
      'invalid-option',
      `option maxMessageBytes of ${redact(endpoint)} must be a whole number from 1 to 9999999999`,
    )
  }
  return value
}

function mandatoryOf(endpoint: Endpoint): boolean {
  const text = endpoint.options['mandatory'] ?? 'true'
  if (text === 'true' || text === 'false') return text === 'true'
  throw new UnderstudyError('invalid-option', `option mandatory of ${redact(endpoint)} must be true or false`)
}

interface Dial {
  readonly connect: AmqpConnect
  readonly wallTime: () => number
  readonly endpoint: Endpoint
  readonly signal: AbortSignal
  readonly context: DialContext | undefined
}

function dial({ connect, wallTime, endpoint, signal, context }: Dial): Promise<Link> {
  const address = redact(endpoint)
  const peer: Peer = { address, secret: endpoint.password }
  if (signal.aborted) return Promise.reject(abortReason(signal))
  let phase: Phase = 'dialling'
  return new Promise((resolve, reject) => {
    const socket = connect(dialOptions(endpoint), (error, connection) => {
      signal.removeEventListener('abort', onAbort)
      if (connection) {
        if (signal.aborted) {
          connection.on('error', () => {})
          connection.connection.stream.destroy(abortReason(signal))
          return
        }
        const maxMessageBytes = maxMessageBytesOf(endpoint)
        const queueType = queueTypeOf(endpoint)
        const mandatory = mandatoryOf(endpoint)
        resolve(new RabbitLink({ connection, peer, queueType, maxMessageBytes, mandatory, context, wallTime }))
        return
      }
      reject(classify(error ?? new Error('the connection ended'), phase, peer))
      socket.destroy()
    })
    const onAbort = (): void => {
      reject(phase === 'handshake' ? mute(endpoint, address) : abortReason(signal))
      socket.destroy(abortReason(signal))
    }
    socket.once('connect', () => {
      phase = 'handshake'
    })
    // The callback tells; this only keeps the error from having no listener.
    socket.on('error', () => {})
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

function dialOptions(endpoint: Endpoint): AmqpDialOptions {
  const { host, port, username, password, path, heartbeatMs, scheme, tls } = endpoint
  const byCertificate = username === undefined && scheme === 'amqps' && tls?.cert !== undefined
  return {
    host,
    port,
    // The host is what the certificate is checked against, where no name is sent.
    tls: scheme === 'amqps' ? { host, ...tlsOptionsOf(host, tls) } : undefined,
    // RabbitMQ's own default user, which is let in from its own machine alone.
    login: byCertificate
      ? undefined
      : { username: username ?? 'guest', password: password ?? (username === undefined ? 'guest' : '') },
    vhost: path === '' ? DEFAULT_VHOST : path,
    heartbeat: heartbeatMs === 0 ? 0 : Math.max(1, Math.ceil(heartbeatMs / 1000)),
    maxFrameBytes: MAX_FRAME_BYTES,
  }
}

function mute(endpoint: Endpoint, address: string): UnderstudyError {
  const message = `${address} accepted the connection and answered nothing within ${endpoint.connectTimeoutMs} ms`
  return new UnderstudyError('handshake-timeout', message, { retriable: true, endpoint: address })
}
