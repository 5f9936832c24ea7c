import { mock } from 'node:test'
import { type BrokerLink, MemoryBroker } from '../../adapters/memory/broker.ts'
import { processBrokers } from '../../adapters/memory/brokers.ts'
import type { ContractDoor } from '../../src/testing/contract/broker.ts'
import { type MemoryBrokerControl, memoryBroker } from '../../src/testing/memory-broker.ts'

/** Counts who comes to which in-memory broker, as a proxy would. */
export interface Visitors {
  readonly dials: (name: string) => number
  readonly open: (name: string) => number
  /** Does something to a broker that is no visit. */
  readonly unseen: <Value>(action: () => Value) => Value
  readonly end: () => void
}

export function watchVisitors(): Visitors {
  const dials = new Map<string, number>()
  const links = new Map<string, Set<BrokerLink>>()
  const names = new WeakMap<MemoryBroker, string>()
  let looking = false
  const at = processBrokers.at.bind(processBrokers)
  // The methods themselves, to be called with the broker that they are asked of.
  // oxlint-disable-next-line typescript/unbound-method
  const { join, leave } = MemoryBroker.prototype
  const linksOf = (broker: MemoryBroker): Set<BrokerLink> => {
    const name = names.get(broker) ?? ''
    const known = links.get(name) ?? new Set()
    links.set(name, known)
    return known
  }
  mock.method(processBrokers, 'at', (name: string) => {
    if (!looking) dials.set(name, (dials.get(name) ?? 0) + 1)
    const broker = at(name)
    names.set(broker, name)
    return broker
  })
  mock.method(MemoryBroker.prototype, 'join', function (this: MemoryBroker, link: BrokerLink) {
    linksOf(this).add(link)
    join.call(this, link)
  })
  mock.method(MemoryBroker.prototype, 'leave', function (this: MemoryBroker, link: BrokerLink) {
    linksOf(this).delete(link)
    leave.call(this, link)
  })
  return {
    dials: (name) => dials.get(name) ?? 0,
    open: (name) => links.get(name)?.size ?? 0,
    unseen: (action) => {
      looking = true
      try {
        return action()
      } finally {
        looking = false
      }
    },
    end: () => mock.restoreAll(),
  }
}

/** The only way to an in-memory broker: its faults are the door's. */
export function memoryDoor(name: string, visitors: Visitors): ContractDoor {
  const control = memoryBroker(name)
  const hurt = (fault: (control: MemoryBrokerControl) => void): void => visitors.unseen(() => fault(control))
  return {
    address: `memory:${name}`,
    get dials() {
      return visitors.dials(name)
    },
    get open() {
      return visitors.open(name)
    },
    cut: () => hurt((broker) => broker.cut()),
    refuse: async () => hurt((broker) => broker.refuse()),
    slam: () => hurt((broker) => broker.refuse()),
    mute: () => hurt((broker) => broker.mute()),
    hold: () => hurt((broker) => broker.holdConfirms()),
    heal: async () => hurt((broker) => broker.reset()),
  }
}
