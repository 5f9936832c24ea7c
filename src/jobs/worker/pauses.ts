import { messageOf } from '../../errors.ts'
import type { JobHost } from '../job-host.ts'
import type { Bounds } from './bounds.ts'

/** Which queues a worker may take nothing from: what it was told itself, and what operators left in the failure store. */
export class Pauses {
  readonly #queues: readonly string[]
  readonly #local = new Set<string>()
  #stored: ReadonlySet<string> = new Set()

  constructor(queues: readonly string[]) {
    this.#queues = queues
  }

  /** Whether nothing is taken from any queue. */
  get isWhole(): boolean {
    return this.#queues.every((queue) => this.isPaused(queue))
  }

  isPaused(queue: string): boolean {
    return this.#local.has(queue) || this.#stored.has(queue)
  }

  /** Names of queues that are not this worker's are for others. */
  pause(queues: readonly string[] = this.#queues): void {
    for (const queue of queues) if (this.#queues.includes(queue)) this.#local.add(queue)
  }

  resume(queues: readonly string[] = this.#queues): void {
    for (const queue of queues) this.#local.delete(queue)
  }

  /** Reads what the store says; where it does not answer, what it said last holds. Never rejects. */
  async read({ failures, logger }: JobHost, bounds: Bounds): Promise<void> {
    if (failures === undefined) return
    try {
      this.#stored = new Set(await bounds.within('the failure store', () => failures.paused()))
    } catch (error) {
      logger.warn({ store: failures.name, error: messageOf(error) }, 'which queues are paused could not be read')
    }
  }
}
