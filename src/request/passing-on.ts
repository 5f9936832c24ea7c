import type { Clock, Timer } from '../clock.ts'
import type { Delivery } from '../listener/delivery.ts'

// How long a reply for somebody else is held before it goes back to the queue: often enough that its owner
// has it soon, and seldom enough that an ownerless one costs the broker little.
const HOLD_MS = 100
// How long a reply may go round before it is taken for ownerless.
const GIVE_UP_MS = 60_000
// How many ids are remembered; past it the eldest begin anew.
const MOST_REMEMBERED = 10_000

/**
 * Hands replies that belong to another process back to the queue that both listen on, each after a pause,
 * until one is old enough to belong to nobody. It holds at most as many as the listener may have out.
 */
export class PassingOn {
  readonly #clock: Clock
  readonly #held: { readonly delivery: Delivery; readonly until: number }[] = []
  readonly #firstSeen = new Map<string, number>()
  #timer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Returns false when it has gone round long enough; then it was not taken. */
  take(delivery: Delivery): boolean {
    const now = this.#clock.now()
    const seen = this.#firstSeen.get(delivery.id)
    if (seen !== undefined && now - seen >= GIVE_UP_MS) {
      this.#firstSeen.delete(delivery.id)
      return false
    }
    if (seen === undefined) this.#remember(delivery.id, now)
    this.#held.push({ delivery, until: now + HOLD_MS })
    this.#arm()
    return true
  }

  /** Hands back what is held, now. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const { delivery } of this.#held.splice(0)) void delivery.requeue()
  }

  #remember(id: string, now: number): void {
    if (this.#firstSeen.size >= MOST_REMEMBERED) {
      const eldest = this.#firstSeen.keys().next().value
      if (eldest !== undefined) this.#firstSeen.delete(eldest)
    }
    this.#firstSeen.set(id, now)
  }

  #arm(): void {
    const eldest = this.#held[0]
    if (!eldest || this.#timer) return
    this.#timer = this.#clock.after(eldest.until - this.#clock.now(), () => {
      this.#timer = undefined
      const now = this.#clock.now()
      while (this.#held[0] && this.#held[0].until <= now) void this.#held.shift()?.delivery.requeue()
      this.#arm()
    })
  }
}
