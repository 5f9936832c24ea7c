import { messageOf, UnderstudyError } from '../../errors.ts'
import type { JobHost } from '../job-host.ts'
import type { QueueSource } from './queue-source.ts'

/**
 * Looks after subscriptions that get nothing: connected and not consuming is what workers suffer most after a
 * failover. Where nothing came for a while, though nothing is in hand and two looks in a row see jobs that wait, it
 * subscribes anew. A subscription that ended by itself is renewed too.
 */
export class StuckCheck {
  readonly #host: JobHost
  readonly #stuckAfterMs: number
  /** How many looks in a row saw jobs that should have come. */
  readonly #seen = new Map<QueueSource, number>()
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
      else if (this.#canAsk && (await this.#isStuck(source)))
        this.#renew(source, 'jobs wait and none came; a worker subscribes anew')
    }
  }

  #renew(source: QueueSource, why: string): void {
    this.#seen.delete(source)
    this.#host.logger.warn({ queue: source.queue, silentMs: source.silentMs }, why)
    try {
      source.renew()
    } catch (error) {
      // The connection was closed.
      this.#host.logger.warn({ queue: source.queue, error: messageOf(error) }, 'a worker could not subscribe anew')
    }
  }

  async #isStuck(source: QueueSource): Promise<boolean> {
    const before = this.#seen.get(source) ?? 0
    this.#seen.delete(source)
    if (!this.#isSilent(source)) return false
    let ready: number
    try {
      ready = (await this.#host.connection.inspect(source.queue))?.ready ?? 0
    } catch (error) {
      if (error instanceof UnderstudyError && error.code === 'unsupported') this.#canAsk = false
      return false
    }
    // One may have come while the broker was asked.
    if (ready === 0 || !this.#isSilent(source)) return false
    this.#seen.set(source, before + 1)
    return before > 0
  }

  #isSilent(source: QueueSource): boolean {
    return source.isTaking && source.silentMs >= this.#stuckAfterMs
  }
}
