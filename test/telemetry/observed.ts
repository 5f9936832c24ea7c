/** A connection over scripted links with metrics and traces, as an application would have it. */
import { Connection } from '../../src/connection.ts'
import type { ClientMetrics } from '../../src/telemetry/metrics.ts'
import type { ClientTracing } from '../../src/telemetry/tracing.ts'
import { type Parts, type PartsOptions, parts } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import type { ScriptedLink, ScriptedSubscription } from '../support/scripted-transport.ts'

export interface Observed extends Parts {
  readonly connection: Connection
  /** The present link of sends, or of deliveries. */
  readonly linkTo: (role: 'producer' | 'listener') => ScriptedLink
  /** The subscription that was made last. */
  readonly subscription: () => ScriptedSubscription
}

export interface ObservedOptions extends PartsOptions {
  readonly metrics?: ClientMetrics
  readonly tracing?: ClientTracing
}

export async function observed(options: ObservedOptions = {}): Promise<Observed> {
  const of = parts(options)
  const { uri, transport, clock, random, logger } = of
  const connection = new Connection({
    uri,
    transportOf: () => transport,
    clock,
    random,
    logger,
    ...(options.metrics ? { metrics: options.metrics } : {}),
    ...(options.tracing ? { tracing: options.tracing } : {}),
  })
  await connection.connected()
  await settled()
  const subscribed = (link: ScriptedLink): boolean => link.subscriptions.length > 0
  const linkTo = (role: 'producer' | 'listener'): ScriptedLink => {
    const link = transport.links.findLast((link) => !link.over && subscribed(link) === (role === 'listener'))
    if (!link) throw new Error(`no ${role} link is up`)
    return link
  }
  const subscription = (): ScriptedSubscription => {
    const found = linkTo('listener').subscriptions.at(-1)
    if (!found) throw new Error('nothing is subscribed')
    return found
  }
  return { ...of, connection, linkTo, subscription }
}
