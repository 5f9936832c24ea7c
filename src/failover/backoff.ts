import type { Random } from '../clock.ts'
import type { FailoverOptions } from './options.ts'

// One connection that dies young is an accident (a kill soon after the start); three are a pattern.
const FLAPS = 3

// ActiveMQ's standby polls its lock every 10 s by default, and starts within 5 s of having it. While such
// a takeover may still be going on, its end is worth 50 passes a second; a share of the outage alone would
// add 0.24 s to one of 7 s (measured).
const TAKEOVER_MS = 15_000
const TAKEOVER_DELAY_MS = 20

/**
 * How long to wait before the list of brokers is tried again.
 *
 * Doubling alone, as ActiveMQ does it, sleeps through a takeover: after 0.2 s of outage it waits for
 * 0.16 s more. So while attempts are unlimited a delay is also bounded to a small share of the outage
 * so far, and to 20 ms for as long as a takeover usually lasts: a takeover is answered within
 * milliseconds, a long outage is polled ever more slowly. A limited number of attempts keeps the pure
 * doubling, since whoever set the limit counted on it; a share of 1 comes close to it.
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

  /** A link that had lived for `livedMs` was lost at `now`. */
  linkLost(now: number, livedMs: number): void {
    this.#shortLived = livedMs < this.#options.stabilityWindowMs ? this.#shortLived + 1 : 0
    this.restart(now)
  }

  /** The first dial, or an outage, begins at `now`. */
  restart(now: number): void {
    this.#delays = 0
    this.#since = now
  }

  /** Whether links keep dying young. Then even the first pass has to wait. */
  get flapping(): boolean {
    return this.#shortLived >= FLAPS
  }

  /**
   * How long the first pass of an outage waits, in milliseconds: not at all, unless links keep dying young. Then longer
   * from link to link, whatever the passes of the outages between them came to.
   */
  firstDelay(): number {
    return this.flapping ? this.#delay(this.#shortLived - FLAPS) : 0
  }

  /** The next delay in milliseconds; never more than `maxReconnectDelay`. */
  next(now: number, limited: boolean): number {
    const { initialReconnectDelayMs, reconnectDelayShare } = this.#options
    const bound = limited ? Number.POSITIVE_INFINITY : boundOf(now - this.#since, reconnectDelayShare)
    return this.#delay(this.#delays++, Math.max(initialReconnectDelayMs, bound))
  }

  #delay(doublings: number, bound = Number.POSITIVE_INFINITY): number {
    const { initialReconnectDelayMs, maxReconnectDelayMs, useExponentialBackOff } = this.#options
    const { reconnectDelayExponent, jitter } = this.#options
    // Past 2^1023 the power is Infinity, which the bounds take.
    const delay = useExponentialBackOff
      ? Math.min(initialReconnectDelayMs * reconnectDelayExponent ** doublings, bound)
      : initialReconnectDelayMs
    return Math.min(delay, maxReconnectDelayMs) * (1 - jitter * this.#random())
  }
}

/** The longest delay that an outage has earned by now, in milliseconds. */
function boundOf(outageMs: number, share: number): number {
  const bound = outageMs * share
  return share < 1 && outageMs < TAKEOVER_MS ? Math.min(bound, TAKEOVER_DELAY_MS) : bound
}
