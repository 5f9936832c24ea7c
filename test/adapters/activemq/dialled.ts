import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import type { Endpoint } from '../../../src/transport/endpoint.ts'
import type { DeliverySink, Link, LinkDelivery } from '../../../src/transport/link.ts'
import type { Frame } from '../../../infra/embedded/stomp/frames.ts'
import type { StompPeer } from '../../support/stomp-peer.ts'

export const never: AbortSignal = new AbortController().signal

const DEADLINE_MS = 10_000

/** An endpoint on this machine; `query` as in an inner URI. */
export function endpointAt(port: number, query = 'heartbeat=0', credentials = ''): Endpoint {
  const [endpoint] = parseFailoverUri(`stomp://${credentials}127.0.0.1:${port}?${query}`).endpoints
  assert.ok(endpoint)
  return endpoint
}

export function dialAt(port: number, query?: string): Promise<Link> {
  return activemqTransport().dial(endpointAt(port, query), never)
}

/** Waits for a condition, and fails when it does not come about. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const from = Date.now()
  while (!condition()) {
    assert.ok(Date.now() - from < DEADLINE_MS, `${what}: not within ${DEADLINE_MS} ms`)
    await setTimeout(2)
  }
}

/** Rejects when the promise does not settle in good time, so that a hang is a failure and names itself. */
export async function soon<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  const late = new AbortController()
  const tooLate = setTimeout(DEADLINE_MS, undefined, { signal: late.signal }).then(() =>
    assert.fail(`${what}: not within ${DEADLINE_MS} ms`),
  )
  tooLate.catch(() => {})
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    late.abort()
  }
}

/** The error of ours that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<UnderstudyError> {
  const error: unknown = await soon(
    promise.then(
      () => assert.fail('it did not fail'),
      (thrown: unknown) => thrown,
    ),
    'the failure',
  )
  assert.ok(error instanceof UnderstudyError, String(error))
  return error
}

/** Why a link ended. */
export async function lossOf(link: Link): Promise<UnderstudyError> {
  const closed = await soon(link.closed, 'the end of the link')
  assert.equal(closed.kind, 'lost')
  assert.ok(closed.kind === 'lost')
  return closed.error
}

/** Collects deliveries. */
export class Inbox implements DeliverySink {
  readonly deliveries: LinkDelivery[] = []

  deliver(delivery: LinkDelivery): void {
    this.deliveries.push(delivery)
  }

  cancelled(): void {}

  async next(count = 1): Promise<LinkDelivery> {
    await until(() => this.deliveries.length >= count, `delivery ${count}`)
    const delivery = this.deliveries[count - 1]
    assert.ok(delivery)
    return delivery
  }
}

/** Script of a broker: accepts the connection and one subscription, and returns it. */
export async function acceptSubscription(peer: StompPeer): Promise<Frame> {
  await peer.acceptConnect()
  const subscribe = await peer.next('SUBSCRIBE')
  peer.confirm(subscribe)
  return subscribe
}

/** Script of a broker: confirms whatever asks for a receipt, until the connection ends. */
export async function confirmAll(peer: StompPeer): Promise<void> {
  for (;;) peer.confirm(await peer.next((frame) => frame.headers['receipt'] !== undefined, 60_000))
}
