import { setImmediate } from 'node:timers/promises'
import type { Clock, Timer } from '../../src/clock.ts'

interface Due {
  readonly at: number
  readonly order: number
  readonly action: () => void
}

const BEGAN_AT = Date.UTC(2026, 0, 1)

/**
 * Lets everything happen that needs no time: promises settle, and so does what they bring about. A few
 * turns of the event loop, since a dial that is given up leaves its transport one of them.
 */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await setImmediate()
}

/** A clock that stands still until it is advanced, and then lets promises settle after every timer. */
export class FakeClock implements Clock {
  #now = 1000
  #order = 0
  readonly #due = new Set<Due>()
  readonly #lateness: () => number

  /** @param lateness by how many milliseconds each timer fires late. Defaults to 0. */
  constructor(lateness: () => number = () => 0) {
    this.#lateness = lateness
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#due.size
  }

  /** Milliseconds until the next timer; undefined when none waits. */
  get nextIn(): number | undefined {
    const next = this.#next(Number.POSITIVE_INFINITY)
    return next === undefined ? undefined : next.at - this.#now
  }

  now(): number {
    return this.#now
  }

  wallTime(): number {
    return BEGAN_AT + this.#now
  }

  after(delayMs: number, action: () => void): Timer {
    const due: Due = { at: this.#now + Math.max(0, delayMs) + this.#lateness(), order: this.#order++, action }
    this.#due.add(due)
    return { cancel: () => this.#due.delete(due) }
  }

  /** Moves time on, and calls what falls due on the way in its order. */
  async advance(byMs: number): Promise<void> {
    const end = this.#now + byMs
    await settled()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#due.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.action()
      await settled()
    }
    this.#now = end
  }

  /** Moves time on without a single timer firing: a process that was stopped. */
  freeze(byMs: number): void {
    this.#now += byMs
  }

  #next(end: number): Due | undefined {
    let first: Due | undefined
    for (const due of this.#due) {
      if (due.at <= end && (!first || due.at < first.at || (due.at === first.at && due.order < first.order)))
        first = due
    }
    return first
  }
}
