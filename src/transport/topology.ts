import type { Destination } from './destination.ts'

/**
 * What a queue should be like. Each field is a capability of its own: a transport lists those it knows in
 * `Capabilities.queueSettings`, and asking for another is refused before anything is sent.
 */
export interface QueueSettings {
  /**
   * `quorum` is replicated, and lives while most of its nodes do; `classic` lives on one node.
   * Defaults to what the URI says.
   */
  readonly type?: 'classic' | 'quorum'
  /**
   * Where rejected and expired messages go; null leaves it to the broker's own policies, nowhere where it has none.
   * Defaults to the queue `DLQ.NAME`.
   */
  readonly deadLetterTo?: Destination | null
  /** How long a message may wait, in milliseconds, before it expires. Defaults to for ever. */
  readonly messageTtlMs?: number
  /** How long the queue may stay unused, in milliseconds, before the broker removes it. Defaults to for ever. */
  readonly expiresAfterMs?: number
  /** How many messages may wait; past it a send is rejected. Defaults to the broker's own limit. */
  readonly maxLength?: number
  /** The highest priority that the queue tells apart, from 1 to 9. Defaults to none: first in, first out. */
  readonly maxPriority?: number
  /** Exchanges and topics whose messages come into the queue too; `*` and `#` as wildcards. Defaults to none. */
  readonly bindings?: readonly Destination[]
}

/**
 * What the application declared, by queue. A link looks here before its first use of a queue, and of an
 * exchange or topic, whose messages may have to come into queues that this broker does not know yet.
 */
export interface Topology {
  /** How a queue was declared; undefined for one that was not. */
  settingsOf(queue: string): QueueSettings | undefined
  /** Every queue that was declared, with its settings. */
  declared(): Iterable<readonly [queue: string, settings: QueueSettings]>
}

/** A topology in which nothing was declared. */
export const NOTHING_DECLARED: Topology = { settingsOf: () => undefined, declared: () => [] }

/** The declared queues that have a binding to this exchange, whatever the routing key; or to any topic. */
export function queuesBoundTo(
  topology: Topology,
  source: Exclude<Destination, { readonly kind: 'queue' }>,
): (readonly [queue: string, settings: QueueSettings])[] {
  return [...topology.declared()].filter(([, { bindings = [] }]) =>
    bindings.some(({ kind, name }) => kind === source.kind && (kind === 'topic' || name === source.name)),
  )
}
