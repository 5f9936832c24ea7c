import type { Clock } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'
import type { StatusEvent } from '../failover/status.ts'
import type { DeliveryObserver } from '../listener/observer.ts'
import type { AttemptEnd, SendObserver } from '../producer/observer.ts'
import type { Settlement } from '../transport/link.ts'
import type { ObservedConnection } from './observed-connection.ts'

/** What `connect(uri, { metrics })` takes; `understudy-mq/prometheus` makes one. */
export interface ClientMetrics {
  /** Called once for every connection. */
  open(connection: ObservedConnection): ConnectionMetrics
}

/**
 * How a delivery ended: `stale` when its link was lost first, so that the broker delivers it again, and
 * `failed` when the broker refused the settlement.
 */
export type SettlementEnd = Settlement | 'stale' | 'failed'

/** Counts what happens to one connection. Whatever of it throws disturbs nobody. Durations are milliseconds. */
export interface ConnectionMetrics {
  /** Everything that `connection.observe` tells. */
  status(event: StatusEvent): void
  /** One send has ended, `durationMs` after it was called. */
  sendEnded(outcome: AttemptEnd, durationMs: number): void
  /** A message was tried again. */
  sendRetried(): void
  /** A message came into a handler's hands. */
  delivered(redelivered: boolean): void
  /** A handler has ended. */
  handled(threw: boolean, durationMs: number): void
  /** A delivery was settled, or could not be. */
  settled(end: SettlementEnd): void
  /** A copy of a finished message was kept from the handler. */
  duplicate(): void
  /** The connection has been closed. */
  closed(): void
}

/** The counts of sends, in the form that a producer takes. */
export function sendMetrics(metrics: ConnectionMetrics): SendObserver {
  return {
    sending: (message) => message,
    attempt(_message, attempt) {
      if (attempt > 1) metrics.sendRetried()
    },
    attemptEnded() {},
    gaveUp() {},
    sendEnded: (_message, outcome, durationMs) => metrics.sendEnded(outcome, durationMs),
  }
}

/** The counts of deliveries, in the form that a listener takes. */
export function deliveryMetrics(metrics: ConnectionMetrics, clock: Clock): DeliveryObserver {
  return {
    delivered(message) {
      const startedAt = clock.now()
      metrics.delivered(message.redelivered)
      return {
        run: (handle) => handle(),
        handled: (thrown) => metrics.handled(thrown !== undefined, clock.now() - startedAt),
        settling() {},
        settled(as, failure) {
          const end = failure ? endOf(failure.error) : as
          if (end !== undefined) metrics.settled(end)
        },
        stale: () => metrics.settled('stale'),
      }
    },
    duplicate: () => metrics.duplicate(),
  }
}

/** Undefined when nothing was said to the broker, so that the delivery can still be settled. */
function endOf(error: unknown): SettlementEnd | undefined {
  if (!(error instanceof UnderstudyError) || error.retriable) return 'stale'
  return error.code === 'unsupported' ? undefined : 'failed'
}
