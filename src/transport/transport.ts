import type { Capabilities } from './capabilities.ts'
import type { Endpoint } from './endpoint.ts'
import type { Link } from './link.ts'
import type { Topology } from './topology.ts'

/** What a link may need of its owner while it lives. */
export interface DialContext {
  /** What the application declared of queues. */
  readonly topology: Topology
  /**
   * Called with the broker's reason when it stops reading what this link sends, and with undefined when it
   * reads on. Must not throw.
   */
  readonly onBlocked: (reason: string | undefined) => void
}

/** Speaks one broker protocol. Everything that a broker does its own way stays behind this interface. */
export interface Transport {
  /** The URI schemes it answers to, such as `stomp` and `stomp+ssl`. */
  readonly schemes: readonly string[]
  readonly capabilities: Capabilities
  /** The options an inner URI may carry; the core refuses any other by name. */
  readonly optionNames: readonly string[]
  /**
   * Checks an endpoint's option values and path before anything is dialled.
   *
   * @throws UnderstudyError `invalid-option` or `invalid-uri`, naming what is wrong.
   */
  validate(endpoint: Endpoint): void
  /**
   * Opens one connection and finishes the protocol's handshake, within `endpoint.connectTimeoutMs`.
   *
   * Without a context every queue is as the endpoint's own options say, and nobody is told of a block.
   *
   * @throws UnderstudyError with `retriable` set when another attempt, here or elsewhere, may succeed.
   */
  dial(endpoint: Endpoint, signal: AbortSignal, context?: DialContext): Promise<Link>
}
