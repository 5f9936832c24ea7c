import type { Random } from '../clock.ts'
import type { FailoverOptions } from './options.ts'

// One connection that dies young is an accident (a kill soon after the start); three are a pattern.
const FLAPS = 3

/**
 * How long to wait before the list of brokers is tried again.
 *
 * Doubling alone, as ActiveMQ does it, sleeps through a takeover: after 0.2 s of outage it waits for
 * 0.16 s more. So while attempts are unlimited a delay is also bounded to a small share of the outage
 * so far: a short outage is answered within milliseconds, a long one is polled ever more slowly. A
 * limited number of attempts keeps the pure doubling, since whoever set the limit counted on it.
 */
export class Backoff {
  readonly #options: FailoverOptions
  readonly #random: Random
  #delays = 0
  #since = 0
  #shortLived = 0

  constructor(options: FailoverOptions, random: Random) {
    this.#options = options
    this.#random = random
  }

  /** A link that had lived for `livedMs` was lost at `now`. A flapping broker resets nothing. */
  linkLost(now: number, livedMs: number): void {
    this.#shortLived = livedMs < this.#options.stabilityWindowMs ? this.#shortLived + 1 : 0
    if (!this.flapping) this.restart(now)
  }

  /** The first dial, or an outage after a stable connection, begins at `now`. */
  restart(now: number): void {
    this.#delays = 0
    this.#since = now
  }

  /** Whether links keep dying young. Then even the first pass has to wait. */
  get flapping(): boolean {
    return this.#shortLived >= FLAPS
  }

  /** The next delay in milliseconds; never more than `maxReconnectDelay`. */
  next(now: number, limited: boolean): number {
    const { initialReconnectDelayMs, maxReconnectDelayMs, useExponentialBackOff } = this.#options
    const { reconnectDelayExponent, reconnectDelayShare, jitter } = this.#options
    let delay = initialReconnectDelayMs
    if (useExponentialBackOff) {
      // Past 2^1023 the power is Infinity, which the bound below takes.
      delay = initialReconnectDelayMs * reconnectDelayExponent ** this.#delays
      if (!limited && !this.flapping) {
        delay = Math.min(delay, Math.max(initialReconnectDelayMs, (now - this.#since) * reconnectDelayShare))
      }
    }
    this.#delays++
    return Math.min(delay, maxReconnectDelayMs) * (1 - jitter * this.#random())
  }
}
