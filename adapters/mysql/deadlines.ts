import type { Clock, Timer } from '../../src/clock.ts'

interface Awaited {
  readonly until: number
  readonly giveUp: () => void
}

/**
 * One and the same deadline for all that is under way, with one timer. The driver's own deadline of a statement leaves
 * its timer behind where the connection was lost, and a statement of a connection that is destroyed never ends.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #withinMs: number
  // In the order of their deadlines.
  readonly #awaited = new Set<Awaited>()
  #timer: Timer | undefined

  constructor(clock: Clock, withinMs: number) {
    this.#clock = clock
    this.#withinMs = withinMs
  }

  /** The answer, or what `late` gives after the time; the answer is then nobody's any more. */
  async bound<Answer>(answer: Promise<Answer>, late: () => Error): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const awaited = { until: this.#clock.now() + this.#withinMs, giveUp: () => reject(late()) }
    this.#awaited.add(awaited)
    this.#timer ??= this.#clock.after(this.#withinMs, () => this.#look())
    answer.then(resolve, reject)
    try {
      return await promise
    } finally {
      this.#awaited.delete(awaited)
      if (this.#awaited.size === 0) {
        this.#timer?.cancel()
        this.#timer = undefined
      }
    }
  }

  #look(): void {
    this.#timer = undefined
    for (const awaited of this.#awaited) {
      const leftMs = awaited.until - this.#clock.now()
      if (leftMs > 0) {
        this.#timer = this.#clock.after(leftMs, () => this.#look())
        return
      }
      this.#awaited.delete(awaited)
      awaited.giveUp()
    }
  }
}
