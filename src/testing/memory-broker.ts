import type { DoorFaults, MemoryBroker } from '../../adapters/memory/broker.ts'
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
  /** Ends what `failCredentials` began. */
  acceptCredentials(): void
  /** Takes sends, and delivers them, but keeps the confirms to itself. */
  holdConfirms(): void
  /** Gives out the confirms that were held. Those of broken connections are gone. */
  releaseConfirms(): void
  /** Reads no sends until `unblock`, and tells producers the reason. */
  block(reason?: string): void
  /** Ends what `block` began. */
  unblock(): void
  /** Answers nothing: connections hang, and open ones go silent until their heart-beat runs out. */
  mute(): void
  /** Ends what `mute` began. */
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
  /** A way to this broker of its own: each port of `memory://NAME:PORT` is one. Open from now until `reset`. */
  door(port: number): MemoryDoor
  /** Takes back every fault, those of the doors too. */
  reset(): void
}

/** One way to a broker, with faults that those who come another way do not see. */
export interface MemoryDoor {
  /** Which URI leads through it: `memory://NAME:PORT`. */
  readonly address: string
  /** How many connections came this way, those that were thrown out included. */
  readonly dials: number
  /** How many connections through it are open. */
  readonly open: number
  /** Ends every connection that is open, once. New ones are welcome. */
  cut(): void
  /** New connections are refused. Those that are open stay. */
  refuse(): Promise<void>
  /** New connections are accepted, counted and thrown out again. Those that are open stay. */
  slam(): void
  /** Accepts, and passes nothing on in either way. */
  mute(): void
  /** Passes on what clients send, and keeps back what the broker answers. */
  hold(): void
  /** Ends every fault; what was kept back is passed on. */
  heal(): Promise<void>
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
    door: (port) => doorOf(name, port, on),
    reset: () => on((broker) => broker.reset()),
  }
}

type OnBroker = <Value>(action: (broker: MemoryBroker) => Value) => Value

function doorOf(name: string, port: number, on: OnBroker): MemoryDoor {
  const set = (fault?: keyof DoorFaults): void =>
    on((broker) =>
      broker.setDoor(port, {
        refusing: fault === 'refusing',
        slamming: fault === 'slamming',
        muted: fault === 'muted',
        holding: fault === 'holding',
      }),
    )
  set()
  return {
    address: `memory://${name}:${port}`,
    get dials() {
      return on((broker) => broker.dials(port))
    },
    get open() {
      return on((broker) => broker.linksThrough(port))
    },
    cut: () => on((broker) => broker.cut('the connection was cut', port)),
    refuse: async () => set('refusing'),
    slam: () => set('slamming'),
    mute: () => set('muted'),
    hold: () => set('holding'),
    heal: async () => set(),
  }
}
