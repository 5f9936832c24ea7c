import type { BrokerControl } from '../../src/drill/broker-control.ts'
import type { Prediction } from '../../src/drill/fault.ts'
import { seconds } from '../prediction.ts'

/** What of a client decides how long it suffers from its path. Times are milliseconds. */
export interface ClientPatience {
  /** How often each side shows that it is alive; 0 for never. */
  readonly heartbeatMs: number
  /** From the last byte to the moment that the client gives a silent connection up: the least and the most. */
  readonly silence: readonly [number, number]
  /** What decides `silence`, with its value. */
  readonly because: string
  readonly connectTimeoutMs: number
  /** How many times a handshake goes there and back. */
  readonly handshakeTrips: number
  /** Whether jobs can flow through another node or entrance while this one cannot be reached. */
  readonly detour: boolean
}

// The failover URI's own defaults.
const HEARTBEAT_MS = 5000
const CONNECT_TIMEOUT_MS = 3000
const CONFIRM_TIMEOUT_MS = 15_000

/** From the options of the failover URI and from who else can serve. */
export function patienceOf(
  options: Readonly<Record<string, string>>,
  { topology = 'lock', nodes, entrances }: Pick<BrokerControl, 'topology' | 'nodes' | 'entrances'>,
): ClientPatience {
  const heartbeatMs = Number(options['heartbeat'] ?? HEARTBEAT_MS)
  const confirmMs = Number(options['confirmTimeout'] ?? CONFIRM_TIMEOUT_MS)
  const beats = nodes.some(({ endpoint }) => endpoint.startsWith('amqp'))
    ? amqpBeats(heartbeatMs)
    : stompBeats(heartbeatMs)
  const byBeats = heartbeatMs > 0 && beats.silence[1] <= confirmMs
  return {
    heartbeatMs,
    silence: byBeats ? beats.silence : [Math.min(confirmMs, heartbeatMs > 0 ? beats.silence[0] : confirmMs), confirmMs],
    because: byBeats
      ? beats.because
      : `confirmTimeout ${seconds(confirmMs)} gives a connection up that confirms nothing`,
    handshakeTrips: beats.handshakeTrips,
    connectTimeoutMs: Number(options['connectTimeout'] ?? CONNECT_TIMEOUT_MS),
    detour: entrances === undefined ? topology !== 'lock' && nodes.length > 1 : entrances.length > 1,
  }
}

interface Beats {
  readonly silence: readonly [number, number]
  readonly because: string
  readonly handshakeTrips: number
}

function stompBeats(heartbeatMs: number): Beats {
  const most = 1.5 * heartbeatMs
  const because = `a connection is given up after one and a half heartbeat of ${seconds(heartbeatMs)} without a byte`
  // The last byte may be as old as one heart-beat when the path goes silent.
  return { silence: [most - heartbeatMs, most], because, handshakeTrips: 1 }
}

function amqpBeats(heartbeatMs: number): Beats {
  // AMQP counts them in whole seconds, and misses two before it gives up.
  const beatMs = Math.max(1, Math.ceil(heartbeatMs / 1000)) * 1000
  const because = `a connection is given up after two to three heartbeats of ${seconds(beatMs)} without a byte`
  // Header and start, start-ok and tune, open and open-ok.
  return { silence: [beatMs, 3 * beatMs], because, handshakeTrips: 3 }
}

export type PathPrediction =
  | { readonly name: 'cut' | 'half-open' | 'refuse' }
  | { readonly name: 'slow'; readonly delayMs: number }

/** How long jobs should not flow when that is done to the path to the node or entrance that a client uses. */
export function predictPath(path: PathPrediction, patience: ClientPatience): Prediction {
  const { connectTimeoutMs, detour, silence, because } = patience
  const dial = `another dial takes no longer than connectTimeout ${seconds(connectTimeoutMs)}`
  const nowhereElse = 'nobody else takes the jobs'
  switch (path.name) {
    case 'cut':
      return { lowerMs: 0, upperMs: connectTimeoutMs, because: `a reset is noticed at once, and ${dial}` }
    case 'refuse':
      return detour
        ? { lowerMs: 0, upperMs: connectTimeoutMs, because: `a reset is noticed at once, and ${dial}` }
        : { lowerMs: 0, upperMs: null, because: `a closed port is noticed at once, and ${nowhereElse}` }
    case 'half-open':
      return detour
        ? { lowerMs: silence[0], upperMs: silence[1] + connectTimeoutMs, because: `${because}, and ${dial}` }
        : { lowerMs: 0, upperMs: null, because: `${because}, and ${nowhereElse}` }
    case 'slow':
      return predictSlow(path.delayMs, patience)
  }
}

function predictSlow(delayMs: number, patience: ClientPatience): Prediction {
  const { silence, because, connectTimeoutMs, handshakeTrips } = patience
  const handshakeMs = 2 * delayMs * handshakeTrips
  if (delayMs < silence[0]) {
    const why = `confirms stand still once, for the way there and back, and ${because}`
    const anew = `; who connects anew takes ${seconds(handshakeMs)}, longer than connectTimeout ${seconds(connectTimeoutMs)}`
    return { lowerMs: 0, upperMs: 2 * delayMs, because: why + (handshakeMs > connectTimeoutMs ? anew : '') }
  }
  return { lowerMs: 0, upperMs: null, because: `${because}, which a delay of ${seconds(delayMs)} may come to` }
}
