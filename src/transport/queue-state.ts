/** What a broker says of a queue, without anything taken out of it. */
export interface QueueState {
  /**
   * Messages that wait to be delivered: not those that a consumer holds, and not those that were sent with a
   * delay that is not over.
   */
  readonly ready: number
  /**
   * Whether `ready` is their number. Otherwise it says no more than that there are some: ActiveMQ over STOMP counts
   * what consumers hold too, and nothing past a thousand.
   */
  readonly isExact: boolean
  /** How many subscriptions take from it; undefined where the protocol does not tell. */
  readonly consumers: number | undefined
}
