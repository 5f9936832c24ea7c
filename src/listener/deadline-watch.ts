import type { Clock, Timer } from '../clock.ts'

/**
 * Watches things that all have the same time to end in, with one timer for all of them: they end late in
 * the order they began, so the eldest has the nearest deadline. An empty watch has no timer for long.
 */
export class DeadlineWatch<Item> {
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #onLate: (item: Item) => void
  readonly #began = new Map<Item, number>()
  #timer: Timer | undefined

  /** `onLate` is called for the eldest; it is expected to end all that is watched. */
  constructor(clock: Clock, limitMs: number, onLate: (item: Item) => void) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#onLate = onLate
  }

  begin(item: Item): void {
    this.#began.set(item, this.#clock.now())
    if (!this.#timer) this.#arm(this.#limitMs)
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

  #arm(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined
      const eldest = this.#began.entries().next().value
      if (!eldest) return
      const [item, beganAt] = eldest
      const left = beganAt + this.#limitMs - this.#clock.now()
      if (left > 0) this.#arm(left)
      else this.#onLate(item)
    })
  }
}
