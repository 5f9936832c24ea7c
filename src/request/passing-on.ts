import type { Clock, Random } from '../clock.ts'
import type { Delivery } from '../listener/delivery.ts'
import { Deadlines, type Timed } from './deadlines.ts'

// How long a reply for somebody else is held before it goes back to the queue: often enough that its owner
// has it soon, and seldom enough that an ownerless one costs the broker little. Never the same time: brokers
// hand out in turn, and two processes in step would each get back what belongs to the other for ever.
const SHORTEST_HOLD_MS = 50
const LONGEST_HOLD_MS = 150
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
  readonly #random: Random
  readonly #held = new Map<Delivery, Timed>()
  readonly #holding: Deadlines
  readonly #firstSeen = new Map<string, number>()

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
    this.#holding = new Deadlines(clock)
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
    const dueAt = now + SHORTEST_HOLD_MS + this.#random() * (LONGEST_HOLD_MS - SHORTEST_HOLD_MS)
    const held: Timed = { dueAt, late: () => this.#handBack(delivery) }
    this.#held.set(delivery, held)
    this.#holding.begin(held)
    return true
  }

  /** Hands back what is held, now. */
  flush(): void {
    this.#holding.clear()
    for (const delivery of this.#held.keys()) this.#handBack(delivery)
  }

  #handBack(delivery: Delivery): void {
    this.#held.delete(delivery)
    // Where its link has gone, the broker has it back already.
    void delivery.requeue()
  }

  #remember(id: string, now: number): void {
    if (this.#firstSeen.size >= MOST_REMEMBERED) {
      const eldest = this.#firstSeen.keys().next().value
      if (eldest !== undefined) this.#firstSeen.delete(eldest)
    }
    this.#firstSeen.set(id, now)
  }
}
