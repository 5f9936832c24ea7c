import { abortReason, type Clock, systemClock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type Endpoint, redact } from '../../src/transport/endpoint.ts'
import type { Greeting, Link } from '../../src/transport/link.ts'
import type { Peer, Phase } from '../../src/transport/peer-failure.ts'
import { NOTHING_DECLARED } from '../../src/transport/topology.ts'
import type { DialContext, Transport } from '../../src/transport/transport.ts'
import { tlsOptionsOf } from '../../src/transport/tls-settings.ts'
import {
  applicationError,
  type StompClient,
  type StompConnect,
  type StompIncomingFrame,
  stompitConnect,
} from './driver.ts'
import { classify } from './errors.ts'
import { StompLink } from './link.ts'

// stompit's own limits (1,024 characters, 64 headers) are below what a dead letter carries.
const MAX_LINE_LENGTH = 64 * 1024
const MAX_HEADERS = 1000
// ActiveMQ's own wireFormat.maxFrameSize. A peer that announces more, or never ends, is not believed.
const MAX_FRAME_BYTES = 100 * 1024 * 1024

const LONGEST_HEARTBEAT_MS = 86_400_000
// TCP counts whole seconds.
const SHORTEST_PROBE_MS = 1000

/**
 * ActiveMQ, and any broker that speaks STOMP 1.2 with `client-individual` acknowledgement.
 *
 * A link is lost when nothing came for one and a half `heartbeat`. Where a broker grants no heart-beat (both
 * kinds here do), a host or network that is gone is found ten seconds after one `heartbeat` of silence, by
 * TCP; a broker that only hangs, by the next send or settlement that it owes an answer to.
 *
 * Options of an inner URI: `vhost`, the `host` header of CONNECT (defaults to the host itself);
 * `maxFrameBytes`, the longest message body that is taken (defaults to 104,857,600).
 */
export function activemqTransport(connect: StompConnect = stompitConnect, clock: Clock = systemClock): Transport {
  return {
    schemes: ['stomp', 'stomp+ssl'],
    capabilities: {
      priority: true,
      expiry: true,
      // Where the broker has its scheduler on, which a link finds out before the first message with a delay.
      delay: true,
      topics: true,
      exchanges: false,
      deadLetters: true,
      confirmedSettlement: true,
      // Queues appear when they are used, and what they are like is the broker's own configuration.
      queueSettings: [],
    },
    optionNames: ['vhost', 'maxFrameBytes'],
    validate,
    dial: (endpoint, signal, context) => dial(connect, clock, endpoint, signal, context),
  }
}

function validate(endpoint: Endpoint): void {
  if (endpoint.path !== '') {
    throw new UnderstudyError('invalid-uri', `${redact(endpoint)} has a path, which STOMP gives no meaning`)
  }
  maxFrameBytesOf(endpoint)
}

/** The longest message body that is taken from this endpoint. */
function maxFrameBytesOf(endpoint: Endpoint): number {
  const text = endpoint.options['maxFrameBytes']
  if (text === undefined) return MAX_FRAME_BYTES
  const value = Number(text)
  if (!/^\d{1,10}$/.test(text) || value < 1) {
    throw new UnderstudyError(
      'invalid-option',
      `option maxFrameBytes of ${redact(endpoint)} must be a whole number from 1 to 9999999999`,
    )
  }
  return value
}

function dial(
  connect: StompConnect,
  clock: Clock,
  endpoint: Endpoint,
  signal: AbortSignal,
  { topology }: Pick<DialContext, 'topology'> = { topology: NOTHING_DECLARED },
): Promise<Link> {
  const address = redact(endpoint)
  const peer: Peer = { address, secret: endpoint.password }
  let phase: Phase = 'dialling'
  let link: StompLink | undefined
  return new Promise((resolve, reject) => {
    const client = connect(
      {
        host: endpoint.host,
        port: endpoint.port,
        ssl: endpoint.scheme === 'stomp+ssl',
        timeout: 0,
        noDelay: true,
        connectHeaders: connectHeaders(endpoint),
        maxLineLength: MAX_LINE_LENGTH,
        maxHeaders: MAX_HEADERS,
        heartbeatDelayMargin: endpoint.heartbeatMs / 2,
        heartbeatOutputMargin: Math.floor(endpoint.heartbeatMs / 4),
        // A broker may grant no heart-beat; then a host that is gone is found by TCP, ten seconds later.
        probeAfterMs: endpoint.heartbeatMs === 0 ? 0 : Math.max(SHORTEST_PROBE_MS, endpoint.heartbeatMs),
        // Nothing that a plain connection would stumble on: without TLS they are not looked at.
        ...tlsOptionsOf(endpoint.host, endpoint.tls),
      },
      (error) => {
        signal.removeEventListener('abort', onAbort)
        if (error) {
          reject(classify(error, phase, peer))
          return
        }
        const connected = client.headers ?? {}
        const unusable = whyUnusable(connected, address)
        if (unusable) {
          client.destroy()
          reject(unusable)
          return
        }
        phase = 'established'
        const greeting = greetingOf(connected, endpoint)
        link = new StompLink({ client, peer, greeting, maxFrameBytes: maxFrameBytesOf(endpoint), topology, clock })
        resolve(link)
      },
    )
    const onAbort = (): void => {
      reject(phase === 'handshake' ? mute(endpoint, address) : abortReason(signal))
      client.destroy()
    }
    client.on('socket-connect', () => {
      phase = 'handshake'
      // stompit's own handler of an ERROR frame with a short text throws where nobody can catch it. It is
      // put in place right after this event.
      process.nextTick(() => {
        if (phase === 'handshake') client.setCommandHandler('ERROR', (frame) => refused(client, frame))
      })
    })
    client.on('error', (error) => link?.ended(error))
    client.on('end', () => link?.ended())
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

function refused(client: StompClient, frame: StompIncomingFrame): void {
  frame.resume()
  client.destroy(applicationError(String(frame.headers['message'] ?? 'the broker sent an ERROR frame')))
}

function connectHeaders(endpoint: Endpoint): Record<string, string> {
  return {
    'accept-version': '1.2',
    host: endpoint.options['vhost'] ?? endpoint.host,
    'heart-beat': `${endpoint.heartbeatMs},${endpoint.heartbeatMs}`,
    ...(endpoint.username === undefined ? {} : { login: endpoint.username }),
    ...(endpoint.password === undefined ? {} : { passcode: endpoint.password }),
  }
}

function mute(endpoint: Endpoint, address: string): UnderstudyError {
  const message = `${address} accepted the connection and answered nothing within ${endpoint.connectTimeoutMs} ms`
  return new UnderstudyError('handshake-timeout', message, { retriable: true, endpoint: address })
}

/** Why nothing may be sent to a broker that has answered, or undefined. */
function whyUnusable(connected: StompIncomingFrame['headers'], address: string): UnderstudyError | undefined {
  // Without the escapes of 1.2 a header with a line break would become a header of its own.
  if (connected['version'] !== '1.2')
    return new UnderstudyError('unsupported', `${address} does not speak STOMP 1.2`, { endpoint: address })
  // What does not fit into a timer would fire without a pause.
  const beats = String(connected['heart-beat'] ?? '0,0').split(',')
  if (beats.every((beat) => Number(beat) <= LONGEST_HEARTBEAT_MS)) return undefined
  const message = `${address} asks for heart-beats that no timer can keep`
  return new UnderstudyError('protocol', message, { retriable: true, endpoint: address })
}

/** `server` is a product and its version, then a comment: `ActiveMQ/5.17.2`. */
function greetingOf(connected: StompIncomingFrame['headers'], { heartbeatMs }: Endpoint): Greeting {
  const [, product, version] = /^([^/\s]+)(?:\/(\S+))?/.exec(String(connected['server'] ?? '')) ?? []
  const offered = Number(String(connected['heart-beat'] ?? '0,0').split(',')[0])
  // Each direction is the slower of what one side can do and the other wants, and none where either says 0.
  const agreed = offered === 0 || heartbeatMs === 0 ? 0 : Math.max(offered, heartbeatMs)
  return { product, version, cluster: undefined, heartbeatMs: agreed }
}
