import { type Clock, sleep } from '../../../clock.ts'

/** Lets so many through in a second, evenly, the first at once. Time that passed unused is not made up for. */
export class RequeuePace {
  readonly #clock: Clock
  readonly #apartMs: number
  #next = Number.NEGATIVE_INFINITY

  /** @param perSecond above 0; undefined for as many as come. */
  constructor(clock: Clock, perSecond: number | undefined) {
    this.#clock = clock
    this.#apartMs = perSecond === undefined ? 0 : 1000 / perSecond
  }

  /** Resolves when it is the caller's turn; one caller at a time. Rejects with the signal's reason. */
  async turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#apartMs === 0) return
    // A timer may be early by a fraction of a millisecond.
    for (let wait = this.#wait(); wait > 0; wait = this.#wait()) await sleep(this.#clock, wait, signal)
    this.#next = Math.max(this.#next, this.#clock.now()) + this.#apartMs
  }

  #wait(): number {
    return this.#next - this.#clock.now()
  }
}
