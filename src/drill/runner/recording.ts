import type { Clock } from '../../clock.ts'
import type { HistoryBody, HistoryEvent } from '../history.ts'

const NS_PER_MS = 1e6

/** Stamps what happens and hands it on. One recording is one run, and one clock. */
export class Recording {
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #startedWall: number
  readonly #sinks: readonly ((event: HistoryEvent) => void)[]

  constructor(clock: Clock, sinks: readonly ((event: HistoryEvent) => void)[]) {
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#startedWall = clock.wallTime()
    this.#sinks = sinks
  }

  record(body: HistoryBody): void {
    const event: HistoryEvent = { t: this.nowNs(), wall: this.#clock.wallTime(), ...body }
    for (const sink of this.#sinks) sink(event)
  }

  /** Monotonic nanoseconds since the run began. */
  nowNs(): number {
    return this.nsAt(this.#clock.now())
  }

  /** The same for a reading of the monotonic clock. */
  nsAt(reading: number): number {
    return Math.max(0, Math.round((reading - this.#startedAt) * NS_PER_MS))
  }

  /** The same for a wall time that somebody else wrote down on this machine. */
  nsAtWall(wallMs: number): number {
    return Math.max(0, Math.round((wallMs - this.#startedWall) * NS_PER_MS))
  }
}
