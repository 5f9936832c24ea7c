import type { RedactedEndpoint } from '../transport/endpoint.ts'

/** What a connection shows to those who measure or trace it. */
export interface ObservedConnection {
  /** The brokers of its list, without credentials. */
  readonly brokers: readonly RedactedEndpoint[]
  /** How many sends are unconfirmed now. */
  readonly pendingSends: () => number
  /** How many deliveries are unsettled now. */
  readonly unsettledDeliveries: () => number
}
