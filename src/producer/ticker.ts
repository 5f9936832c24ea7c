import type { Clock, Timer } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'

/** One place on the schedule. */
export interface Tick {
  /** From 1, without gaps. */
  readonly sequence: number
  /** When it fell due on the monotonic clock: start + (sequence - 1) × period. */
  readonly dueAt: number
}

export interface TickerOptions {
  readonly clock: Clock
  /** Milliseconds from one job to the next; more than 0, fractions allowed. */
  readonly periodMs: number
  /** How many ticks there will be, at least 1; undefined for as many as until `stop`. */
  readonly count?: number
  /** Called once per tick, never twice, never late for want of an earlier answer. Must not throw. */
  readonly onTick: (tick: Tick) => void
}

/**
 * Ticks at a fixed rate. Each tick has its place on a grid that begins at the start, so that a late
 * timer delays one tick and never shifts those after it; places that were missed altogether (a busy or
 * stopped process) are made up for at once, with the times at which they were due.
 */
export class Ticker {
  readonly #options: TickerOptions
  #startedAt = 0
  #sequence = 0
  #timer: Timer | undefined
  #finish: (() => void) | undefined
  /** Settles when the last tick was given or the ticker was stopped. */
  readonly finished: Promise<void>

  /** @throws UnderstudyError `invalid-option` for a period or a count that would tick without end at once. */
  constructor(options: TickerOptions) {
    const { periodMs, count } = options
    if (!(periodMs > 0)) throw new UnderstudyError('invalid-option', `the period must be above 0 ms, not ${periodMs}`)
    if (count !== undefined && !(Number.isInteger(count) && count > 0)) {
      throw new UnderstudyError('invalid-option', `the count must be a whole number above 0, not ${count}`)
    }
    this.#options = options
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** How many ticks were given. */
  get ticks(): number {
    return this.#sequence
  }

  /** Gives the first tick as soon as it can. Idempotent; a ticker that was stopped stays so. */
  start(): void {
    if (this.#timer || !this.#finish) return
    this.#startedAt = this.#options.clock.now()
    this.#arm(0)
  }

  /** Gives no further tick. Idempotent. */
  stop(): void {
    this.#timer?.cancel()
    this.#finish?.()
    this.#finish = undefined
  }

  #arm(delayMs: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => this.#fire())
  }

  #fire(): void {
    const { clock, periodMs, count, onTick } = this.#options
    while (this.#finish) {
      const dueAt = this.#startedAt + this.#sequence * periodMs
      const wait = dueAt - clock.now()
      if (wait > 0) {
        this.#arm(wait)
        return
      }
      this.#sequence++
      onTick({ sequence: this.#sequence, dueAt })
      if (this.#sequence === count) this.stop()
    }
  }
}
