import assert from 'node:assert/strict'
import { MemoryBrokers } from '../../../adapters/memory/brokers.ts'
import { memoryTransport } from '../../../adapters/memory/transport.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import { type MemoryBrokerControl, memoryBroker } from '../../../src/testing/memory-broker.ts'
import type { Destination } from '../../../src/transport/destination.ts'
import type { Endpoint } from '../../../src/transport/endpoint.ts'
import type { Link } from '../../../src/transport/link.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import type { DialContext } from '../../../src/transport/transport.ts'
import { message } from '../../support/client-parts.ts'
import { HandClock } from './hand-clock.ts'

export const never: AbortSignal = new AbortController().signal

export interface Dialling {
  readonly clock: HandClock
  readonly brokers: MemoryBrokers
  readonly broker: MemoryBrokerControl
  readonly dial: (context?: DialContext, uri?: string, signal?: AbortSignal) => Promise<Link>
}

const links: Link[] = []

/** Ends every link that a test has dialled; for `afterEach`. */
export async function closeLinks(): Promise<void> {
  await Promise.all(links.splice(0).map((link) => link.close(AbortSignal.abort())))
}

/** Brokers of the test's own, over a clock of its own, and the control of the one called `x`. */
export function dialling(): Dialling {
  const clock = new HandClock()
  const brokers = new MemoryBrokers(clock)
  const transport = memoryTransport(brokers, clock)
  const dial: Dialling['dial'] = async (context, uri = 'memory:x', signal = never) => {
    const link = await transport.dial(endpointOf(uri), signal, context)
    links.push(link)
    return link
  }
  return {
    clock,
    brokers,
    broker: memoryBroker('x', brokers),
    dial,
  }
}

export function endpointOf(uri: string): Endpoint {
  const [endpoint] = parseFailoverUri(uri).endpoints
  assert.ok(endpoint)
  return endpoint
}

export function to(destination: Destination, id = 'job-1', given: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { ...message(id), destination, ...given }
}

export const queue = (name: string): Destination => ({ kind: 'queue', name })
export const topic = (name: string): Destination => ({ kind: 'topic', name })
export const exchange = (name: string, routingKey: string): Destination => ({ kind: 'exchange', name, routingKey })

/** Waits until every turn that was due has been taken. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
