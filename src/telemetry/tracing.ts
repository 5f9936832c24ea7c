import type { DeliveryObserver } from '../listener/observer.ts'
import type { SendObserver } from '../producer/observer.ts'
import type { ObservedConnection } from './observed-connection.ts'

/** What `connect(uri, { tracing })` takes; `understudy-mq/opentelemetry` makes one. */
export interface ClientTracing {
  /** Called once for every connection. */
  open(connection: ObservedConnection): ConnectionTracing
}

/** Follows the messages of one connection. Whatever of it throws disturbs nobody. */
export interface ConnectionTracing {
  /** May add headers to a message before it is sent. */
  readonly sends: SendObserver
  readonly deliveries: DeliveryObserver
}
