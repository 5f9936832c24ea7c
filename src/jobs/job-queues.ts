import type { Connection, DeclareOptions } from '../connection.ts'
import { jobQueueName } from './define-job.ts'

/**
 * What an application says of its queues. Each is declared before its first use, which holds for every broker that
 * serves later; a queue of which nothing is said is made when it is first used.
 */
export class JobQueues {
  readonly #connection: Pick<Connection, 'declare'>
  readonly #settings = new Map<string, DeclareOptions>()
  readonly #declaring = new Map<string, Promise<void>>()

  /** @throws UnderstudyError `invalid-option` for a name that is none. */
  constructor(connection: Pick<Connection, 'declare'>, queues: Readonly<Record<string, DeclareOptions>> = {}) {
    this.#connection = connection
    for (const [queue, settings] of Object.entries(queues)) this.#settings.set(jobQueueName('queues', queue), settings)
  }

  /** Undefined when it is ready. @throws UnderstudyError from the promise, as `Connection.declare` does. */
  prepare(queue: string): Promise<void> | undefined {
    const settings = this.#settings.get(queue)
    if (settings === undefined) return undefined
    const known = this.#declaring.get(queue)
    if (known) return known
    const declaring = this.#declare(queue, settings)
    this.#declaring.set(queue, declaring)
    return declaring
  }

  async #declare(queue: string, settings: DeclareOptions): Promise<void> {
    try {
      await this.#connection.declare(`queue://${queue}`, settings)
      // The connection remembers it from here on.
      this.#settings.delete(queue)
    } finally {
      this.#declaring.delete(queue)
    }
  }
}
