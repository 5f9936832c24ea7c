import { setTimeout as pause } from 'node:timers/promises'
import { connect } from '../../src/index.ts'
import type { ContractBroker } from '../../src/testing/contract/broker.ts'
import { contractSuite } from '../../src/testing/contract-suite.ts'
import { memoryBroker } from '../../src/testing/memory-broker.ts'
import { memoryImpossible } from './impossible.ts'
import { never } from './lab-broker.ts'
import { memoryDoor, watchVisitors } from './memory-door.ts'

const NAME = 'contract'
// Long enough to be felt by whoever is connected.
const AWAY_MS = 30

async function openMemory(): Promise<ContractBroker> {
  const visitors = watchVisitors()
  const control = memoryBroker(NAME)
  const doors = [memoryDoor(NAME, visitors), memoryDoor(`${NAME}-spare`, visitors)] as const
  const away = new AbortController()
  let returning: Promise<void> | undefined
  const leave = async (): Promise<void> => {
    visitors.unseen(() => control.stop())
    returning = pause(AWAY_MS, undefined, { signal: away.signal }).then(() => visitors.unseen(() => control.restart()))
  }
  return {
    doors,
    nodes: [`memory:${NAME}`],
    credentials: undefined,
    options: {},
    around: () => `memory:${NAME}`,
    wrongLogin: () => {
      visitors.unseen(() => control.failCredentials())
      return { username: 'somebody', password: 'not-the-password' }
    },
    tls: never,
    ipv6: never,
    unroutable: () => 'exchange://contract/nobody',
    refusedSend: async () => {
      const destination = 'queue://contract.full'
      const connection = await connect(`memory:${NAME}`)
      await connection.declare(destination, { maxLength: 1 })
      await connection.send(destination, 'x').catch(() => {})
      await connection.close()
      return { destination, headers: {} }
    },
    refusedSubscription: never,
    kill: leave,
    stop: leave,
    revive: async () => await returning,
    block: async () => visitors.unseen(() => control.block()),
    unblock: async () => visitors.unseen(() => control.unblock()),
    cancel: async () => visitors.unseen(() => control.cancelConsumers()),
    close: async () => {
      away.abort()
      await returning?.catch(() => {})
      visitors.end()
    },
  }
}

contractSuite({ name: 'memory', impossible: memoryImpossible, open: openMemory })
