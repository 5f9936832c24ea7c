import type { BrokerControl } from '../../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { type DatabaseProgram, findDatabaseProgram } from '../../mariadb/find-server.ts'
import { installDatabase, startNewDatabase } from '../../mariadb/start-server.ts'
import { untilServing } from './broker.ts'
import { configurationFiles, openwirePortName, writeConfiguration } from './config.ts'
import {
  type BrokerProgram,
  findBrokerProgram,
  findJdbcDriver,
  type JdbcDriver,
  wrongActivemqHome,
} from './installation.ts'
import { jdbcStore } from './jdbc-config.ts'
import { JDBC_FAULT_NAMES, jdbcFaults } from './jdbc-faults.ts'
import type { JdbcLocker } from './jdbc-locker.ts'
import { createSecrets, observerLogin, readSecrets, setupStatements } from './secrets.ts'
import { hostOf } from '../host-of.ts'
import type { Availability, Blueprint, LabKind, UpContext } from '../lab.ts'
import type { LabFolder } from '../lab-folder.ts'
import { mustBeGone, nodeControl, portOf } from '../processes/node-control.ts'

interface Needs extends BrokerProgram {
  readonly driver: JdbcDriver
  readonly database: DatabaseProgram
}

/** A lab of two ActiveMQ brokers that share one MariaDB or MySQL, and agree by this locker on who serves. */
export function jdbcLab(locker: JdbcLocker): LabKind {
  return {
    name: locker.lab,
    description: locker.description,
    faultNames: JDBC_FAULT_NAMES,
    availability,
    blueprint: () => blueprint(locker),
    start: async (folder, context) => await start(locker, folder, context),
    control: (folder) => control(locker, folder),
  }
}

function findNeeds(): Needs | string {
  const program = findBrokerProgram()
  if (typeof program === 'string') return program
  const database = findDatabaseProgram()
  if (database === undefined) return 'neither MariaDB nor MySQL is installed'
  const driver = findJdbcDriver(program.activemq)
  if (driver === undefined) return 'no JDBC driver for MariaDB or MySQL is installed'
  return { ...program, driver, database }
}

function needs({ lab }: JdbcLocker): Needs {
  const found = findNeeds()
  if (typeof found === 'string') throw new UnderstudyError('unsupported', `lab ${lab} cannot run here: ${found}`)
  return found
}

function availability(understudy: string): Availability {
  const found = findNeeds()
  if (typeof found !== 'string') {
    return { available: true, detail: `${found.activemq.product} on ${found.database.product}` }
  }
  if (wrongActivemqHome() !== undefined) {
    return { available: false, reason: found, remedy: 'set it to an unpacked distribution, or unset it' }
  }
  const remedy = `run \`${understudy} lab install\`, or set ACTIVEMQ_HOME and MYSQL_HOME to unpacked distributions`
  return { available: false, reason: found, remedy }
}

function blueprint(locker: JdbcLocker): Blueprint {
  const { activemq, database } = needs(locker)
  return {
    nodes: ['a', 'b'],
    otherPorts: ['database'],
    scheme: 'stomp',
    product: activemq.product,
    settings: { database: database.product, ...locker.settings },
  }
}

async function start(locker: JdbcLocker, folder: LabFolder, { signal, step }: UpContext): Promise<void> {
  const found = needs(locker)
  const state = folder.read()
  const { ports, nodes } = state
  const secrets = createSecrets(folder, { database: true })
  const [databaseHost, databasePort] = [hostOf(state, 'database'), portOf(ports, 'database')]
  const configure = (name: string, createTables: boolean): void => {
    const openwirePort = ports[openwirePortName(name)]
    const store = jdbcStore({ databaseHost, databasePort, createTables, locker: locker.configuration }, found.driver)
    writeConfiguration(folder, { name, host: hostOf(state, name), port: portOf(ports, name), openwirePort, store })
  }
  const [first, ...others] = nodes
  if (first === undefined) return
  configure(first, true)
  for (const name of others) configure(name, false)

  await step('database files', async () => await installDatabase(folder, found.database, signal))
  await step('database', async () => {
    await startNewDatabase(folder, found.database, observerLogin(folder), setupStatements(folder, secrets), signal)
  })
  // The others come when the first has the lock: the tables are there then, and nobody can outrun it.
  await step(`broker ${first}`, async () => await locker.startBroker(folder, first, found, signal))
  configure(first, false)
  for (const name of others) {
    await step(`broker ${name} stands by`, async () => await locker.startBroker(folder, name, found, signal))
  }
  await step(`broker ${first} serves`, async () => await untilServing(folder, first, signal))
}

function control(locker: JdbcLocker, folder: LabFolder): BrokerControl {
  const { settings, nodes } = folder.read()
  const processes = {
    ...nodeControl(folder),
    active: async () => await locker.holder(folder),
    start: async (node: string) => {
      mustBeGone(folder, node)
      const role = await locker.startBroker(folder, node, needs(locker), undefined)
      if (role === 'holder') await untilServing(folder, node, undefined)
    },
  }
  return {
    ...processes,
    lab: locker.lab,
    faults: jdbcFaults({ folder, processes, locker, databaseProgram: () => needs(locker).database }),
    credentials: readSecrets(folder).client,
    slowestPeriodMs: locker.slowestPeriodMs,
    slowestTakeoverMs: locker.slowestTakeoverMs,
    settings,
    files: [...nodes.flatMap((node) => configurationFiles(folder, node)), folder.log('database')],
    watch: async (onMarker) => await locker.watch(folder, (node) => processes.state(node) === 'gone', onMarker),
  }
}
