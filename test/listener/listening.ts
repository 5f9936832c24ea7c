import assert from 'node:assert/strict'
import type { FailoverSession } from '../../src/failover/session.ts'
import type { Delivery } from '../../src/listener/delivery.ts'
import { type DeliveryHandler, Listener, type ListenOptions } from '../../src/listener/listener.ts'
import { Codecs } from '../../src/transport/codec.ts'
import { type Parts, type PartsOptions, parts, sessionOf } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import type { ScriptedSubscription } from '../support/scripted-transport.ts'

export interface Listening extends Parts {
  readonly session: FailoverSession
  readonly listener: Listener
  /** Every delivery that reached the handler. */
  readonly taken: Delivery[]
  /** The subscription that was made last. */
  readonly subscription: () => ScriptedSubscription
}

interface Given extends PartsOptions, ListenOptions {
  readonly handler?: DeliveryHandler
  readonly before?: (of: Parts) => void
  /** Whether `taken` is filled. Defaults to true. */
  readonly keeps?: boolean
}

export async function listening(given: Given = {}): Promise<Listening> {
  const of = parts(given)
  given.before?.(of)
  const session = sessionOf(of, 'listener')
  const taken: Delivery[] = []
  const listener = new Listener({
    session,
    failover: of.uri.options,
    destination: { kind: 'queue', name: 'jobs' },
    handler: (delivery) => {
      if (given.keeps !== false) taken.push(delivery)
      return given.handler?.(delivery)
    },
    clock: of.clock,
    logger: of.logger,
    codecs: new Codecs(),
    ...(given.prefetch === undefined ? {} : { prefetch: given.prefetch }),
    ...(given.onError === undefined ? {} : { onError: given.onError }),
    ...(given.concurrency === undefined ? {} : { concurrency: given.concurrency }),
    ...(given.dedupe === undefined ? {} : { dedupe: given.dedupe }),
    ...(given.signal === undefined ? {} : { signal: given.signal }),
    ...(given.onRelease === undefined ? {} : { onRelease: given.onRelease }),
  })
  await settled()
  const subscription = (): ScriptedSubscription => {
    const found = of.transport.last.subscriptions.at(-1)
    assert.ok(found, 'nothing was subscribed on the last link')
    return found
  }
  return { ...of, session, listener, taken, subscription }
}

export const idsOf = (taken: readonly Delivery[]): string[] => taken.map(({ id }) => id)
