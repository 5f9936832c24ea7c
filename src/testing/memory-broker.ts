import type { MemoryBroker } from '../../adapters/memory/broker.ts'
import { type MemoryBrokers, processBrokers } from '../../adapters/memory/brokers.ts'

/**
 * Faults on demand for the broker that `memory:NAME` means in this process. Each stays until it is taken
 * back, and the broker with it, so a test ends with {@link MemoryBrokerControl.reset}.
 */
export interface MemoryBrokerControl {
  readonly name: string
  /** Breaks every open connection, as a pulled cable would. New ones are accepted. */
  cut(): void
  /** Refuses new connections; those that are open stay. */
  refuse(): void
  /** Accepts connections again. */
  accept(): void
  /** Refuses every user's credentials from now on. */
  failCredentials(): void
  acceptCredentials(): void
  /** Takes sends, and delivers them, but keeps the confirms to itself. */
  holdConfirms(): void
  /** Gives out the confirms that were held. Those of broken connections are gone. */
  releaseConfirms(): void
  /** Reads no sends until `unblock`, and tells producers the reason. */
  block(reason?: string): void
  unblock(): void
  /** Answers nothing: connections hang, and open ones go silent until their heart-beat runs out. */
  mute(): void
  unmute(): void
  /** Refuses this many of the next sends by name. */
  nackNext(count?: number): void
  /** Ends every subscription while the connections live on. */
  cancelConsumers(): void
  /** Ends the broker as if its process had: connections break, messages that are not persistent are lost. */
  stop(): void
  /** Starts it again after `stop`. */
  restart(): void
  /** How many messages a queue holds, those that are delivered and not settled included. */
  depth(queue: string): number
  /** Takes back every fault. */
  reset(): void
}

/** Control over the in-memory broker of this name; `memory:` alone means `default`. */
export function memoryBroker(name = 'default', brokers: MemoryBrokers = processBrokers): MemoryBrokerControl {
  const on = <Value>(action: (broker: MemoryBroker) => Value): Value => brokers.with(name, action)
  return {
    name,
    cut: () => on((broker) => broker.cut('the connection was cut')),
    refuse: () => on((broker) => broker.setFaults({ refusing: true })),
    accept: () => on((broker) => broker.setFaults({ refusing: false })),
    failCredentials: () => on((broker) => broker.setFaults({ strict: true })),
    acceptCredentials: () => on((broker) => broker.setFaults({ strict: false })),
    holdConfirms: () => on((broker) => broker.setFaults({ holding: true })),
    releaseConfirms: () => on((broker) => broker.setFaults({ holding: false })),
    block: (reason = 'low on memory') => on((broker) => broker.setFaults({ blocked: reason })),
    unblock: () => on((broker) => broker.setFaults({ blocked: undefined })),
    mute: () => on((broker) => broker.setFaults({ muted: true })),
    unmute: () => on((broker) => broker.setFaults({ muted: false })),
    nackNext: (count = 1) => on((broker) => broker.setFaults({ nacks: count })),
    cancelConsumers: () => on((broker) => broker.cancelConsumers()),
    stop: () => on((broker) => broker.stop()),
    restart: () => on((broker) => broker.setFaults({ stopped: false })),
    depth: (queue) => on((broker) => broker.depth(queue)),
    reset: () => on((broker) => broker.reset()),
  }
}
