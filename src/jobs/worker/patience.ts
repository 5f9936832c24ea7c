import { type Clock, pause } from '../../clock.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000

/** Pauses between the tries of one thing, each twice as long as the one before, from 250 ms to 10 s. */
export class Patience {
  readonly #clock: Clock
  #nextMs = FIRST_PAUSE_MS

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async wait(signal: AbortSignal): Promise<void> {
    const delayMs = this.#nextMs
    this.#nextMs = Math.min(LONGEST_PAUSE_MS, 2 * delayMs)
    await pause(this.#clock, delayMs, signal)
  }
}
