import { messageOf, UnderstudyError } from '../../errors.ts'
import type { QueueState } from '../../transport/queue-state.ts'
import type { JobHost } from '../job-host.ts'
import type { QueueSource } from './queue-source.ts'

// What is seen there may all be in other workers' hands, which a new subscription changes nothing about.
const DOUBTFUL_EVERY = 10

/** What a look comes to. `doubtful`: jobs are there, and the broker cannot tell whether they wait or are being done. */
type Look = 'well' | 'stuck' | 'doubtful'

/**
 * Looks after subscriptions that get nothing: connected and not consuming is what workers suffer most after a
 * failover. Where nothing came for a while, though nothing is in hand and two looks in a row see jobs that wait, it
 * subscribes anew. A subscription that ended by itself is renewed too. Where the broker counts what other workers hold
 * among what waits, it subscribes anew on suspicion, and that only now and then.
 */
export class StuckCheck {
  readonly #host: JobHost
  readonly #stuckAfterMs: number
  /** How many looks in a row saw jobs that should have come. */
  readonly #seen = new Map<QueueSource, number>()
  /** When it last subscribed anew on suspicion. */
  readonly #suspected = new Map<QueueSource, number>()
  /** A broker that cannot be asked is not asked again. */
  #canAsk = true

  constructor(host: JobHost, stuckAfterMs: number) {
    this.#host = host
    this.#stuckAfterMs = stuckAfterMs
  }

  /** One look. Never rejects. */
  async look(sources: Iterable<QueueSource>): Promise<void> {
    for (const source of sources) {
      if (source.isTaking && !source.isSubscribed) this.#renew(source, 'a worker subscribes anew')
      else if (this.#canAsk) await this.#lookAt(source)
    }
  }

  async #lookAt(source: QueueSource): Promise<void> {
    const { clock } = this.#host
    const suspectedAt = this.#suspected.get(source)
    // Such a broker shows all that it has for every look.
    if (suspectedAt !== undefined && clock.now() - suspectedAt < DOUBTFUL_EVERY * this.#stuckAfterMs) return
    switch (await this.#ask(source)) {
      case 'stuck':
        this.#renew(source, 'jobs wait and none came; a worker subscribes anew')
        return
      case 'doubtful':
        this.#suspected.set(source, clock.now())
        this.#renew(
          source,
          'none came of the jobs that wait, or that other workers have; a worker subscribes anew to be sure',
          'info',
        )
        return
      case 'well':
        return
    }
  }

  #renew(source: QueueSource, why: string, level: 'info' | 'warn' = 'warn'): void {
    this.#seen.delete(source)
    this.#host.logger[level]({ queue: source.queue, silentMs: source.silentMs }, why)
    try {
      source.renew()
    } catch (error) {
      // The connection was closed.
      this.#host.logger.warn({ queue: source.queue, error: messageOf(error) }, 'a worker could not subscribe anew')
    }
  }

  async #ask(source: QueueSource): Promise<Look> {
    const before = this.#seen.get(source) ?? 0
    this.#seen.delete(source)
    if (!this.#isSilent(source)) return 'well'
    let state: QueueState | undefined
    try {
      state = await this.#host.connection.inspect(source.queue)
    } catch (error) {
      if (error instanceof UnderstudyError && error.code === 'unsupported') this.#canAsk = false
      return 'well'
    }
    // One may have come while the broker was asked.
    if (state === undefined || state.ready === 0 || !this.#isSilent(source)) return 'well'
    this.#seen.set(source, before + 1)
    if (before === 0) return 'well'
    return state.isExact ? 'stuck' : 'doubtful'
  }

  #isSilent(source: QueueSource): boolean {
    return source.isTaking && source.silentMs >= this.#stuckAfterMs
  }
}
