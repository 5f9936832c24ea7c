import type { UnderstudyError } from '../errors.ts'
import type { Destination } from './destination.ts'
import type { RedactedEndpoint } from './endpoint.ts'
import type { IncomingMessage, OutgoingMessage } from './message.ts'
import type { QueueState } from './queue-state.ts'
import type { QueueSettings } from './topology.ts'

/** Why a link ended: by our own `close`, or lost with the classified reason. */
export type LinkClosed = { readonly kind: 'closed' } | { readonly kind: 'lost'; readonly error: UnderstudyError }

/** A broker's own words from the handshake, as a protocol lets it say them. */
export interface Greeting {
  /** Such as `RabbitMQ`; undefined where it does not say. */
  readonly product: string | undefined
  readonly version: string | undefined
  /** The name of the cluster that it is of; undefined where there is none, or the protocol has no word for it. */
  readonly cluster: string | undefined
  /** How often it shows that it is alive, as agreed, in milliseconds; 0 for never. */
  readonly heartbeatMs: number
}

/** What a listener may say about a delivery. */
export type Settlement = 'ack' | 'reject' | 'requeue'

/** A message together with the only means to settle it: those of the link that delivered it. */
export interface LinkDelivery {
  readonly message: IncomingMessage
  /**
   * Settles this delivery on its own link. Called at most once; the core guards that.
   * Resolves when the broker confirmed (see `Capabilities.confirmedSettlement`).
   *
   * @throws UnderstudyError `link-lost` when the link died before the broker confirmed.
   */
  settle(settlement: Settlement): Promise<void>
}

/** Receives what a subscription delivers. Must not throw. */
export interface DeliverySink {
  /** Takes one delivery, which it has to settle on the same link. */
  deliver(delivery: LinkDelivery): void
  /** The broker ended the subscription while the link lives on. */
  cancelled(reason: UnderstudyError): void
}

/** How a broker is asked for deliveries. */
export interface SubscribeOptions {
  /** How many unsettled deliveries the broker may have out at a time. */
  readonly prefetch: number
  /** What the subscription is called in the broker's own lists, such as `host:pid:1`. Defaults to a name of no meaning. */
  readonly name?: string
}

/** One subscription on one link; it ends with the link. */
export interface Subscription {
  /**
   * Ends the subscription. Settle first: what was delivered and is not settled goes back to the broker.
   * Idempotent.
   */
  cancel(signal: AbortSignal): Promise<void>
}

/**
 * One live connection to one broker. It never reconnects and never retries; when it dies it says why,
 * exactly once, through {@link Link.closed}.
 */
export interface Link {
  readonly endpoint: RedactedEndpoint
  /** What the broker said of itself in the handshake; left out where it says nothing. */
  readonly greeting?: Greeting
  /** Settles once, never rejects. Every unfinished call of this link has been rejected by then. */
  readonly closed: Promise<LinkClosed>
  /**
   * Resolves on the broker's own confirm of this message, and only then.
   * Calls for one destination are written to the connection in the order they are made. `attempt` counts from 1 over the
   * life of the message, across links, and travels with it.
   *
   * @throws SendError with `outcome` `not-sent`, `unknown`, `rejected` or `returned`. `returned` and
   * retriable means that the destination is away for a while and the link as good as before; `rejected`
   * and retriable that another broker may not repeat it, and with `forNow` that this one may not.
   */
  send(message: OutgoingMessage, attempt: number): Promise<void>
  /**
   * Makes sure that a queue exists and is as the settings say. Queues that nobody declares are made when
   * they are first used.
   *
   * @throws UnderstudyError `rejected` when the queue exists and is of another kind; retriable when its
   * node is down.
   */
  declare(queue: string, settings: QueueSettings): Promise<void>
  /**
   * What waits in a queue; undefined where there is no such queue. Takes nothing out and makes no queue.
   *
   * @throws UnderstudyError retriable when its node is down or the link was lost.
   */
  inspect(queue: string): Promise<QueueState | undefined>
  /**
   * Removes all that waits in a queue, without dead letters, and resolves with how many messages that were; 0 where
   * there is no such queue. What consumers hold stays theirs.
   *
   * @throws UnderstudyError as {@link inspect} does; some may be gone by then.
   */
  purge(queue: string): Promise<number>
  /** Resolves when the broker has accepted the subscription. */
  subscribe(destination: Destination, options: SubscribeOptions, sink: DeliverySink): Promise<Subscription>
  /** Says goodbye and ends the connection. When `signal` fires first the socket is destroyed. Idempotent. */
  close(signal: AbortSignal): Promise<void>
}
