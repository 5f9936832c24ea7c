import type { Clock } from '../../clock.ts'

/** Wrong tokens of one address, or of all. */
interface Tally {
  count: number
  /** When it is forgotten, by the clock. */
  until: number
}

const WINDOW_MS = 60_000
const MOST_OF_ONE = 10
// Whoever has many addresses; those who know their token wait with them, for a minute at most.
const MOST_OF_ALL = 200
const MOST_ADDRESSES = 1000

/** Counts wrong tokens, and says who has to wait. */
export class Attempts {
  readonly #clock: Clock
  readonly #tallies = new Map<string, Tally>()
  readonly #all: Tally = { count: 0, until: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many milliseconds an address has to wait; 0 where it may try. */
  waitOf(address: string): number {
    const now = this.#clock.now()
    const left = (tally: Tally | undefined, most: number): number =>
      tally && tally.count >= most ? Math.max(0, tally.until - now) : 0
    return Math.max(left(this.#tallies.get(address), MOST_OF_ONE), left(this.#all, MOST_OF_ALL))
  }

  wrong(address: string): void {
    const now = this.#clock.now()
    const tally = this.#tallies.get(address) ?? { count: 0, until: 0 }
    for (const each of [tally, this.#all]) {
      if (each.until <= now) Object.assign(each, { count: 0, until: now + WINDOW_MS })
      each.count++
    }
    this.#tallies.delete(address)
    this.#tallies.set(address, tally)
    for (const eldest of this.#tallies.keys()) {
      if (this.#tallies.size <= MOST_ADDRESSES) break
      this.#tallies.delete(eldest)
    }
  }
}
