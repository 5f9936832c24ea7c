import { setTimeout as pause } from 'node:timers/promises'
import type { ContractBroker } from '../../src/testing/contract/broker.ts'
import { contractSuite } from '../../src/testing/contract-suite.ts'
import { memoryBroker } from '../../src/testing/memory-broker.ts'
import { fullQueue } from './full-queue.ts'
import { memoryImpossible } from './impossible.ts'
import { never } from './lab-broker.ts'

// Long enough to be felt by whoever is connected.
const AWAY_MS = 30

async function openMemory(): Promise<ContractBroker> {
  const control = memoryBroker('contract')
  const away = new AbortController()
  let returning: Promise<void> | undefined
  const leave = async (): Promise<void> => {
    control.stop()
    returning = pause(AWAY_MS, undefined, { signal: away.signal }).then(() => control.restart())
  }
  const around = 'memory://contract:3'
  const front = control.door(1)
  return {
    doors: [
      {
        ...front,
        get dials() {
          return front.dials
        },
        get open() {
          return front.open
        },
        heal: async () => {
          control.acceptCredentials()
          await front.heal()
        },
      },
      control.door(2),
    ],
    nodes: [around],
    credentials: undefined,
    options: {},
    around: () => around,
    wrongLogin: () => {
      control.failCredentials()
      return { username: 'somebody', password: 'not-the-password' }
    },
    tls: never,
    ipv6: never,
    unroutable: () => 'exchange://contract/nobody',
    refusedSend: async () => ({ destination: await fullQueue(`failover:(${around})?retryThreshold=500`), headers: {} }),
    refusedSubscription: never,
    kill: leave,
    stop: leave,
    revive: async () => await returning,
    block: async () => control.block(),
    unblock: async () => control.unblock(),
    cancel: async () => control.cancelConsumers(),
    close: async () => {
      away.abort()
      await returning?.catch(() => {})
      control.reset()
    },
  }
}

contractSuite({ name: 'memory', impossible: memoryImpossible, open: openMemory })
