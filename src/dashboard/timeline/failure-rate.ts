import type { Clock } from '../../clock.ts'
import type { FailureDesk } from '../../jobs/failures/desk.ts'
import type { FailureQuery } from '../../jobs/failures/query/query.ts'
import { Lately } from '../live/lately.ts'

/** Failures that were kept in spans of time of one length, the eldest first. Times are milliseconds since the epoch. */
export interface FailureCounts {
  readonly from: number
  readonly stepMs: number
  readonly counts: readonly number[]
}

export type Counting = Pick<FailureDesk, 'count'>

const FRESH_MS = 5_000

/**
 * Counts failures by time with the counting that every store has: the whole first, then halves of what is not empty,
 * so that a quiet hour costs one question. An answer serves all who ask within five seconds.
 */
export class FailureRate {
  readonly #failures: Counting
  readonly #clock: Clock
  readonly #lately: Lately<FailureCounts>

  constructor(failures: Counting, clock: Clock) {
    this.#failures = failures
    this.#clock = clock
    this.#lately = new Lately(clock, FRESH_MS)
  }

  /**
   * The last `steps` spans of `stepMs`, of which the last is not over. They begin at whole multiples of that length.
   *
   * @throws UnderstudyError what the desk throws.
   */
  counts(steps: number, stepMs: number): Promise<FailureCounts> {
    return this.#lately.ask(`${steps} ${stepMs}`, () => this.#count(steps, stepMs, this.#clock.wallTime()))
  }

  async #count(steps: number, stepMs: number, now: number): Promise<FailureCounts> {
    const from = (Math.floor(now / stepMs) - steps + 1) * stepMs
    const counts = Array.from({ length: steps }, () => 0)
    const total = await this.#between(from, undefined)
    await this.#halve(counts, { first: 0, beyond: steps, total }, from, stepMs)
    return { from, stepMs, counts }
  }

  async #halve(
    counts: number[],
    { first, beyond, total }: { readonly first: number; readonly beyond: number; readonly total: number },
    from: number,
    stepMs: number,
  ): Promise<void> {
    if (total <= 0) return
    if (beyond - first === 1) {
      counts[first] = total
      return
    }
    const middle = (first + beyond) >> 1
    const below = Math.min(total, await this.#between(from + first * stepMs, from + middle * stepMs))
    await this.#halve(counts, { first, beyond: middle, total: below }, from, stepMs)
    await this.#halve(counts, { first: middle, beyond, total: total - below }, from, stepMs)
  }

  /** Ages are counted back from the time of the question, which is a hair later than this one. */
  #between(from: number, until: number | undefined): Promise<number> {
    const now = this.#clock.wallTime()
    const age = (comparison: '<=' | '>', value: number): FailureQuery => ({
      kind: 'compare',
      field: 'age',
      comparison,
      value,
    })
    const of = [age('<=', now - from), ...(until === undefined ? [] : [age('>', now - until)])]
    return this.#failures.count({ kind: 'and', of })
  }
}
