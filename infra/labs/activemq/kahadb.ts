import { mkdirSync } from 'node:fs'
import type { BrokerControl } from '../../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { escapeXml } from '../../../src/escape-xml.ts'
import { PROMOTION_MS, untilServing } from './broker.ts'
import { type BrokerStore, configurationFiles, openwirePortName, writeConfiguration } from './config.ts'
import { type BrokerProgram, findBrokerProgram, wrongActivemqHome } from './installation.ts'
import { KAHADB_FAULT_NAMES, kahadbFaults } from './kahadb-faults.ts'
import { holdingNode, missingForLock, startKahadbBroker, storeDirectory, watchBrokers } from './kahadb-lock.ts'
import { fileLockPredictions } from './predictions.ts'
import { createSecrets, readSecrets } from './secrets.ts'
import type { Availability, Blueprint, LabKind, UpContext } from '../lab.ts'
import type { LabFolder } from '../lab-folder.ts'
import { mustBeGone, nodeControl, portOf } from '../processes/node-control.ts'

// ActiveMQ's own defaults for its file locker, which this lab leaves alone. Measured takeovers: 4.0 to 9.9 s.
const TIMES = { lockAcquireSleepIntervalMs: 10_000, lockKeepAlivePeriodMs: 0 }
const SLOWEST_TAKEOVER_MS = TIMES.lockAcquireSleepIntervalMs + PROMOTION_MS

/** Two ActiveMQ brokers on one KahaDB directory: who holds the lock on its file `lock` serves. */
export const activemqKahadb: LabKind = {
  name: 'activemq-kahadb',
  description: 'two ActiveMQ brokers on one KahaDB directory, whose file lock decides who serves',
  faultNames: KAHADB_FAULT_NAMES,
  availability,
  blueprint,
  start,
  control,
}

function findNeeds(): BrokerProgram | string {
  return missingForLock() ?? findBrokerProgram()
}

function needs(): BrokerProgram {
  const found = findNeeds()
  if (typeof found !== 'string') return found
  throw new UnderstudyError('unsupported', `lab ${activemqKahadb.name} cannot run here: ${found}`)
}

function availability(understudy: string): Availability {
  const found = findNeeds()
  if (typeof found !== 'string') return { available: true, detail: `${found.activemq.product} on KahaDB` }
  if (missingForLock() !== undefined) return { available: false, reason: found, remedy: 'use Linux' }
  if (wrongActivemqHome() !== undefined) {
    return { available: false, reason: found, remedy: 'set it to an unpacked distribution, or unset it' }
  }
  const remedy = `run \`${understudy} lab install\`, or set ACTIVEMQ_HOME to an unpacked distribution`
  return { available: false, reason: found, remedy }
}

function blueprint(): Blueprint {
  return {
    nodes: ['a', 'b'],
    otherPorts: [],
    scheme: 'stomp',
    product: needs().activemq.product,
    settings: {
      store: 'KahaDB',
      locker: 'shared-file-locker',
      ...TIMES,
    },
  }
}

async function start(folder: LabFolder, { signal, step }: UpContext): Promise<void> {
  const program = needs()
  const { ports, nodes } = folder.read()
  const [first, ...others] = nodes
  if (first === undefined) return
  createSecrets(folder, { database: false })
  mkdirSync(storeDirectory(folder), { mode: 0o700 })
  for (const name of nodes) {
    const openwirePort = ports[openwirePortName(name)]
    writeConfiguration(folder, { name, port: portOf(ports, name), openwirePort, store: kahadbStore(folder) })
  }
  // The others come when the first has the lock, so that nobody can outrun it.
  await step(`broker ${first}`, async () => await startKahadbBroker(folder, first, program, signal))
  for (const name of others) {
    await step(`broker ${name} stands by`, async () => await startKahadbBroker(folder, name, program, signal))
  }
  await step(`broker ${first} serves`, async () => await untilServing(folder, first, signal))
}

function control(folder: LabFolder): BrokerControl {
  const { settings, nodes } = folder.read()
  const processes = {
    ...nodeControl(folder),
    active: async () => holdingNode(folder),
    start: async (node: string) => {
      mustBeGone(folder, node)
      const role = await startKahadbBroker(folder, node, needs(), undefined)
      if (role === 'holder') await untilServing(folder, node, undefined)
    },
  }
  return {
    ...processes,
    lab: activemqKahadb.name,
    faults: kahadbFaults(folder, processes, fileLockPredictions(TIMES), SLOWEST_TAKEOVER_MS),
    credentials: readSecrets(folder).client,
    slowestPeriodMs: TIMES.lockAcquireSleepIntervalMs,
    slowestTakeoverMs: SLOWEST_TAKEOVER_MS,
    settings,
    files: nodes.flatMap((node) => configurationFiles(folder, node)),
    watch: async (onMarker) => await watchBrokers(folder, onMarker),
  }
}

function kahadbStore(folder: LabFolder): BrokerStore {
  const locker = `<shared-file-locker lockAcquireSleepInterval="${TIMES.lockAcquireSleepIntervalMs}"/>`
  const directory = escapeXml(storeDirectory(folder))
  return {
    persistenceAdapter: `      <!-- lockAcquireSleepInterval (10 s) and lockKeepAlivePeriod (0) are ActiveMQ's own defaults. -->
      <kahaDB directory="${directory}" lockKeepAlivePeriod="${TIMES.lockKeepAlivePeriodMs}">
        <locker>${locker}</locker>
      </kahaDB>`,
  }
}
