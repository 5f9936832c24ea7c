import type { Clock, Timer } from '../../clock.ts'

/**
 * Watches runs that may all take equally long, with one timer for all of them: they are late in the order they began.
 * Ten thousand short jobs a second must not cost as many timers.
 */
export class TimeLimit<Item> {
  readonly limitMs: number
  readonly #clock: Clock
  readonly #onLate: (item: Item) => void
  readonly #began = new Map<Item, number>()
  #timer: Timer | undefined

  /** `onLate` is called once for each that is late. Must not throw. */
  constructor(clock: Clock, limitMs: number, onLate: (item: Item) => void) {
    this.limitMs = limitMs
    this.#clock = clock
    this.#onLate = onLate
  }

  begin(item: Item): void {
    this.#began.set(item, this.#clock.now())
    this.#timer ??= this.#clock.after(this.limitMs, () => this.#look())
  }

  end(item: Item): void {
    this.#began.delete(item)
  }

  /** Watches nothing more. */
  clear(): void {
    this.#began.clear()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #look(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (const [item, beganAt] of this.#began) {
      const leftMs = beganAt + this.limitMs - now
      if (leftMs > 0) {
        this.#timer = this.#clock.after(leftMs, () => this.#look())
        return
      }
      this.#began.delete(item)
      this.#onLate(item)
    }
  }
}
