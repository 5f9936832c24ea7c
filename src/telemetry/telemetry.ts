import type { Clock } from '../clock.ts'
import type { StatusEvent } from '../failover/status.ts'
import type { DeliveryObserver } from '../listener/observer.ts'
import type { SendObserver } from '../producer/observer.ts'
import { type ClientMetrics, deliveryMetrics, sendMetrics } from './metrics.ts'
import type { ObservedConnection } from './observed-connection.ts'
import type { ClientTracing } from './tracing.ts'

/** All that watches one connection, in the form in which its parts take it. */
export interface Telemetry {
  readonly sends: readonly SendObserver[]
  /** Undefined when nobody looks at deliveries. */
  readonly deliveries: readonly DeliveryObserver[] | undefined
  readonly status: ((event: StatusEvent) => void) | undefined
  /** The connection has been closed. */
  close(): void
}

const NONE: Telemetry = { sends: [], deliveries: undefined, status: undefined, close: () => {} }

export interface TelemetryOptions {
  readonly metrics?: ClientMetrics
  readonly tracing?: ClientTracing
  readonly clock: Clock
}

/** Opens what was configured for one connection. What throws when it is opened is left out. */
export function openTelemetry(options: TelemetryOptions, connection: ObservedConnection): Telemetry {
  const { metrics, tracing, clock } = options
  const measured = metrics && attempt(() => metrics.open(connection))
  const traced = tracing && attempt(() => tracing.open(connection))
  if (!measured && !traced) return NONE
  return {
    sends: [...(measured ? [sendMetrics(measured)] : []), ...(traced ? [traced.sends] : [])],
    deliveries: [...(measured ? [deliveryMetrics(measured, clock)] : []), ...(traced ? [traced.deliveries] : [])],
    status: measured && ((event) => measured.status(event)),
    close: () => attempt(() => measured?.closed()),
  }
}

function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action()
  } catch {
    // Its owner's trouble: the connection must go on without it.
    return undefined
  }
}
