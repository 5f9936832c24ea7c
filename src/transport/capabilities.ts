import type { QueueSettings } from './topology.ts'

/** What a transport can do beyond send, subscribe and acknowledge. All are declared, none is guessed. */
export interface Capabilities {
  /** Messages may carry a priority. */
  readonly priority: boolean
  /** Messages may carry an expiry. */
  readonly expiry: boolean
  /** A message to a queue may be held back until later: by the broker, and not by this process. */
  readonly delay: boolean
  /** Topics: every subscriber gets a copy. */
  readonly topics: boolean
  /** AMQP exchanges with routing keys. */
  readonly exchanges: boolean
  /** A rejected message is kept by the broker in a dead letter queue. */
  readonly deadLetters: boolean
  /** `ack` resolves when the broker has confirmed it, and not merely when it was written. */
  readonly confirmedSettlement: boolean
  /** The queue settings that {@link QueueSettings} may carry here. */
  readonly queueSettings: readonly (keyof QueueSettings)[]
}
