import type { Capabilities } from './capabilities.ts'
import type { Endpoint } from './endpoint.ts'
import type { Link } from './link.ts'

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
   * @throws UnderstudyError with `retriable` set when another attempt, here or elsewhere, may succeed.
   */
  dial(endpoint: Endpoint, signal: AbortSignal): Promise<Link>
}
