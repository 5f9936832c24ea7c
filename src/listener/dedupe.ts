import { messageOf, UnderstudyError } from '../errors.ts'

/**
 * Remembers which message ids a listener has finished, so that a copy of one of them is acknowledged and
 * not handled again. Implement it over a database to remember across processes.
 */
export interface DedupeStore {
  /** Whether the message was finished before. */
  has(id: string): boolean | Promise<boolean>
  /** Called when a handler acknowledges, before the broker is told; what throws here stops the acknowledge. */
  add(id: string): void | Promise<void>
}

/** How much a store of ids in memory remembers. */
export interface MemoryDedupeOptions {
  /** How many ids are remembered; past it the eldest is forgotten. Defaults to 100,000. */
  readonly maxIds?: number
}

/**
 * A store in memory, for the life of the process: of constant size, whatever passes through.
 *
 * @throws UnderstudyError `invalid-option` for a bound that is not a whole number from 1 to 10,000,000.
 */
export function memoryDedupe({ maxIds = 100_000 }: MemoryDedupeOptions = {}): DedupeStore {
  if (!Number.isInteger(maxIds) || maxIds < 1 || maxIds > 10_000_000) {
    throw new UnderstudyError('invalid-option', `maxIds must be a whole number from 1 to 10,000,000, not ${maxIds}`)
  }
  // A Set keeps the order in which its members came.
  const ids = new Set<string>()
  return {
    has: (id) => ids.has(id),
    add: (id) => {
      if (ids.has(id)) return
      if (ids.size === maxIds) {
        const [eldest] = ids
        if (eldest !== undefined) ids.delete(eldest)
      }
      ids.add(id)
    },
  }
}

/**
 * Guards a handler with a store. A second copy of a message that is just being handled waits for the
 * first: after a failover the broker delivers again what a handler may be about to finish.
 */
export class DedupeGuard {
  readonly #store: DedupeStore
  readonly #inHand = new Map<string, Promise<void>>()

  constructor(store: DedupeStore) {
    this.#store = store
  }

  /**
   * Runs `handle` unless the id is finished. Resolves with whether it ran.
   *
   * @throws UnderstudyError `storage` when the store cannot be asked, and whatever `handle` throws.
   */
  async once(id: string, handle: () => Promise<void>): Promise<boolean> {
    for (let first = this.#inHand.get(id); first; first = this.#inHand.get(id)) await first
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#inHand.set(id, promise)
    try {
      if (await this.#isFinished(id)) return false
      await handle()
      return true
    } finally {
      this.#inHand.delete(id)
      resolve()
    }
  }

  /**
   * The handler has said that it is done.
   *
   * @throws UnderstudyError `storage` when the store cannot note it.
   */
  async finished(id: string): Promise<void> {
    try {
      await this.#store.add(id)
    } catch (cause) {
      throw new UnderstudyError('storage', `message ${id} could not be noted as finished: ${messageOf(cause)}`, {
        cause,
      })
    }
  }

  async #isFinished(id: string): Promise<boolean> {
    try {
      return await this.#store.has(id)
    } catch (cause) {
      const message = `whether message ${id} is finished could not be found out: ${messageOf(cause)}`
      throw new UnderstudyError('storage', message, { cause })
    }
  }
}
