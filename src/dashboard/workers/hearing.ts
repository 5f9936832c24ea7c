import type { Clock } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import type { HeardWorker } from '../../jobs/worker/heartbeat.ts'

/** Heartbeats that may not come before a worker counts as gone. */
const MISSED_GONE = 3

/**
 * Whether heartbeats could be heard: while no broker serves none comes, and nobody is gone for that. Whoever was there
 * before has the time of three heartbeats afterwards.
 */
export class Hearing {
  readonly #connection: Pick<Connection, 'links'>
  readonly #clock: Pick<Clock, 'now'>
  readonly #forget: () => void
  /** Since when, where it was interrupted before. */
  #againSince: number | undefined
  /** Who was gone already when it was interrupted. */
  #goneBefore: ReadonlySet<string> = new Set()

  /** @param heard all that are known, as a registry of heartbeats tells them. */
  constructor(
    connection: Pick<Connection, 'links' | 'observe'>,
    clock: Pick<Clock, 'now'>,
    heard: () => readonly HeardWorker[],
  ) {
    this.#connection = connection
    this.#clock = clock
    this.#forget = connection.observe(({ type, role }) => {
      if (role !== 'listener') return
      if (type === 'interrupted')
        this.#goneBefore = new Set(this.#judged(heard()).flatMap(({ id, isGone }) => (isGone ? id : [])))
      if (type === 'connected' || type === 'resumed') this.#againSince = clock.now()
    })
  }

  get isUp(): boolean {
    return this.#connection.links.listener !== undefined
  }

  /** The same workers, and who of them is gone as far as anybody can know. */
  judge(heard: readonly HeardWorker[]): readonly HeardWorker[] {
    return this.isUp ? this.#judged(heard) : heard.map((one) => ({ ...one, isGone: this.#goneBefore.has(one.id) }))
  }

  close(): void {
    this.#forget()
  }

  #judged(heard: readonly HeardWorker[]): readonly HeardWorker[] {
    const again = this.#againSince
    if (again === undefined) return heard
    const listened = this.#clock.now() - again
    return heard.map((one) => ({
      ...one,
      isGone: one.isGone && (this.#goneBefore.has(one.id) || listened > MISSED_GONE * one.heartbeatMs),
    }))
  }
}
