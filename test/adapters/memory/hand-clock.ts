import type { Clock, Timer } from '../../../src/clock.ts'

interface Due {
  readonly at: number
  readonly action: () => void
}

/** A clock that stands still until it is advanced. */
export class HandClock implements Clock {
  #now = 1_000_000
  readonly #due = new Set<Due>()

  /** How many timers wait. */
  get pending(): number {
    return this.#due.size
  }

  now(): number {
    return this.#now
  }

  wallTime(): number {
    return this.#now
  }

  after(delayMs: number, action: () => void): Timer {
    const due: Due = { at: this.#now + Math.max(0, delayMs), action }
    this.#due.add(due)
    return { cancel: () => this.#due.delete(due) }
  }

  /** Moves time on without calling anything until then, as when the whole process was stopped. */
  skip(byMs: number): void {
    const end = this.#now + byMs
    const late = [...this.#due].filter((due) => due.at <= end).toSorted((a, b) => a.at - b.at)
    this.#now = end
    for (const due of late) if (this.#due.delete(due)) due.action()
  }

  /** Moves time on, and calls what falls due on the way in its order. */
  advance(byMs: number): void {
    const end = this.#now + byMs
    for (;;) {
      const next = [...this.#due].filter((due) => due.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#due.delete(next)
      this.#now = next.at
      next.action()
    }
    this.#now = end
  }
}
