import { messageOf } from '../../errors.ts'
import type { JobHost } from '../job-host.ts'
import type { Bounds } from './bounds.ts'

/** Which queues a worker may take nothing from: what it was told itself, and what operators left in the failure store. */
export class Pauses {
  readonly #queues: readonly string[]
  readonly #local = new Set<string>()
  #stored: ReadonlySet<string> = new Set()
  /** Of the reads that were begun, and of those the latest that was answered. */
  #begun = 0
  #answered = 0

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
    const turn = ++this.#begun
    try {
      const stored = await bounds.within('the failure store', () => failures.paused())
      // What an earlier read saw may be over.
      if (turn < this.#answered) return
      this.#answered = turn
      this.#stored = new Set(stored)
    } catch (error) {
      logger.warn({ store: failures.name, error: messageOf(error) }, 'which queues are paused could not be read')
    }
  }
}
