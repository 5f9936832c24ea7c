import type { Topology } from '../broker-control.ts'

/** What the reader wants to know of the settings; all of it may be left out. */
export interface DoctorQuestion {
  /** Who serves. Defaults to `lock` for STOMP and `quorum` for AMQP. */
  readonly topology?: Topology
  /** How long an outage may last, in milliseconds: what would notice it later is a problem. */
  readonly rtoMs?: number
  /** How long a job takes from its delivery to its acknowledge, in milliseconds. */
  readonly jobTimeMs?: number
  /** How long the nodes let a delivery stay unsettled, in milliseconds. Defaults to RabbitMQ's own 30 minutes. */
  readonly consumerTimeoutMs?: number
  /** The one queue that matters, by its name. Defaults to all of the virtual host. */
  readonly queue?: string
  /**
   * Whether the client is a drill's own: its list is dialled in order and without end on purpose. Defaults to
   * false.
   */
  readonly drillClient?: boolean
  /** The longest that a takeover may take by the brokers' own settings, in milliseconds, where they are known. */
  readonly slowestTakeoverMs?: number
}
