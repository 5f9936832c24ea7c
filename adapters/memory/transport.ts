import { abortReason, type Clock, systemClock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type Endpoint, redact } from '../../src/transport/endpoint.ts'
import type { Link } from '../../src/transport/link.ts'
import type { DialContext, Transport } from '../../src/transport/transport.ts'
import { type MemoryBrokers, processBrokers } from './brokers.ts'
import { passing } from './errors.ts'
import { MemoryLink } from './link.ts'

/**
 * Brokers that live in this process, for an application's own tests: `memory:NAME` is the broker of that
 * name, made when somebody first dials it, and `memory:` the one called `default`. Credentials are
 * accepted. What it answers comes later than the call, as over a socket, and an open link keeps the process
 * alive, as a socket does.
 */
export function memoryTransport(brokers: MemoryBrokers = processBrokers, clock: Clock = systemClock): Transport {
  return {
    schemes: ['memory'],
    capabilities: {
      priority: true,
      expiry: true,
      delay: true,
      topics: true,
      exchanges: true,
      deadLetters: true,
      confirmedSettlement: true,
      // The type is taken at its word: neither kind can lose a node here.
      queueSettings: ['type', 'deadLetterTo', 'messageTtlMs', 'maxLength', 'maxPriority', 'bindings'],
    },
    optionNames: [],
    validate: () => {},
    dial: (endpoint, signal, context) => dial(brokers, clock, endpoint, signal, context),
  }
}

async function dial(
  brokers: MemoryBrokers,
  clock: Clock,
  endpoint: Endpoint,
  signal: AbortSignal,
  context: DialContext | undefined,
): Promise<Link> {
  const address = redact(endpoint)
  if (signal.aborted) throw abortReason(signal)
  await new Promise((resolve) => setImmediate(resolve))
  let isCounted = false
  for (;;) {
    if (signal.aborted) throw abortReason(signal)
    const broker = brokers.at(endpoint.host)
    const { stopped, refusing, muted, strict } = broker.faults
    const door = broker.doorFaults(endpoint.port)
    if (stopped || refusing || door.refusing) throw passing('refused', `${address} refused the connection`, address)
    if (!isCounted) broker.countDial(endpoint.port)
    isCounted = true
    if (door.slamming) throw passing('unreachable', `${address} threw the connection out`, address)
    if (!muted && !door.muted && !door.holding) {
      if (!strict) return new MemoryLink({ broker, endpoint, context, clock })
      const message = `${address} refused the user name, the password or the permission`
      throw new UnderstudyError('authentication', message, { endpoint: address })
    }
    await broker.faultsToChange(signal)
    if (!signal.aborted) continue
    const message = `${address} accepted the connection and answered nothing within ${endpoint.connectTimeoutMs} ms`
    throw passing('handshake-timeout', message, address)
  }
}
