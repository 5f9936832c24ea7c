import type { Destination } from '../../src/transport/destination.ts'
import type { Topology } from '../../src/transport/topology.ts'

const MOST_REMEMBERED = 10_000

/** Which queues are known to be there, because this link used them or the application declared them. */
export class UsedQueues {
  readonly #topology: Topology
  readonly #names = new Set<string>()

  constructor(topology: Topology) {
    this.#topology = topology
  }

  add(destination: Destination): void {
    if (destination.kind !== 'queue' || this.#names.has(destination.name)) return
    if (this.#names.size >= MOST_REMEMBERED) this.#names.clear()
    this.#names.add(destination.name)
  }

  has(queue: string): boolean {
    return this.#names.has(queue) || this.#topology.settingsOf(queue) !== undefined
  }
}
