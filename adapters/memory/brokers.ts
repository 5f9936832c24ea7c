import { type Clock, systemClock } from '../../src/clock.ts'
import { MemoryBroker } from './broker.ts'

/**
 * In-memory brokers by name. One that has no link, no message and no fault is forgotten, together with
 * what was declared on it: links declare again what they use.
 */
export class MemoryBrokers {
  readonly #clock: Clock
  readonly #brokers = new Map<string, MemoryBroker>()

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** How many there are. */
  get size(): number {
    return this.#brokers.size
  }

  /** The broker of that name, made when there is none. Not to be kept: it may be forgotten and made anew. */
  at(name: string): MemoryBroker {
    const present = this.#brokers.get(name)
    if (present !== undefined) return present
    const broker: MemoryBroker = new MemoryBroker({
      clock: this.#clock,
      onIdle: () => {
        if (this.#brokers.get(name) === broker) this.#brokers.delete(name)
      },
    })
    this.#brokers.set(name, broker)
    return broker
  }

  /** Does something to the broker of that name, and leaves nothing behind that was not there before. */
  with<Value>(name: string, action: (broker: MemoryBroker) => Value): Value {
    const broker = this.at(name)
    try {
      return action(broker)
    } finally {
      broker.forgetIfIdle()
    }
  }
}

/**
 * The brokers that `memory:NAME` means. State of the whole process, which this package has nowhere else:
 * two connections that know nothing of each other but a URI have to meet somewhere, as over a port of the
 * machine. It is empty whenever no connection is open and no message waits. Each worker thread has its own.
 */
export const processBrokers: MemoryBrokers = new MemoryBrokers()
