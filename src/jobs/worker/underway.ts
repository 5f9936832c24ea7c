import type { Task } from './task.ts'

/**
 * What a worker has in hand, by run. A second copy of a run, which a broker delivers after a failover while the first
 * is still worked on, waits for the end of the first.
 */
export class Underway {
  readonly #tasks = new Map<string, Task>()
  /** Made when a copy waits, which is rare. */
  readonly #ends = new Map<string, PromiseWithResolvers<true>>()

  get tasks(): Iterable<Task> {
    return this.#tasks.values()
  }

  get size(): number {
    return this.#tasks.size
  }

  /** Undefined where no other copy of it is in hand; else resolves with true at the end of that one. */
  endOf({ key }: Task): Promise<true> | undefined {
    if (!this.#tasks.has(key)) return undefined
    let end = this.#ends.get(key)
    if (end === undefined) {
      end = Promise.withResolvers<true>()
      this.#ends.set(key, end)
    }
    return end.promise
  }

  begin(task: Task): void {
    this.#tasks.set(task.key, task)
  }

  end({ key }: Task): void {
    this.#tasks.delete(key)
    this.#ends.get(key)?.resolve(true)
    this.#ends.delete(key)
  }
}
