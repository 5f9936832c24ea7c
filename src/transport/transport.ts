import type { Capabilities } from './capabilities.ts'
import type { Endpoint } from './endpoint.ts'
import type { Link } from './link.ts'

/** Speaks one broker protocol. Everything that a broker does its own way stays behind this interface. */
export interface Transport {
  /** The URI schemes it answers to, such as `stomp` and `stomp+ssl`. */
  readonly schemes: readonly string[]
  readonly capabilities: Capabilities
  /**
   * Checks the endpoint's own options before anything is dialled.
   *
   * @throws UnderstudyError `invalid-option` naming the option and the nearest known one.
   */
  validate(endpoint: Endpoint): void
  /**
   * Opens one connection and finishes the protocol's handshake, within `endpoint.connectTimeoutMs`.
   *
   * @throws UnderstudyError with `retriable` set when another attempt, here or elsewhere, may succeed.
   */
  dial(endpoint: Endpoint, signal: AbortSignal): Promise<Link>
}
