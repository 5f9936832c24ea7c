import type { BrokerControl } from '../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { type DatabaseProgram, findDatabaseProgram } from '../mariadb/find-server.ts'
import { installDatabase, startNewDatabase } from '../mariadb/start-server.ts'
import { PROMOTION_MS, untilServing } from './activemq-broker.ts'
import { configurationFiles, openwirePortName, writeConfiguration } from './activemq-config.ts'
import {
  type BrokerProgram,
  findBrokerProgram,
  findJdbcDriver,
  type JdbcDriver,
  wrongActivemqHome,
} from './activemq-installation.ts'
import { jdbcStore } from './activemq-jdbc-config.ts'
import { JDBC_FAULT_NAMES, jdbcFaults } from './activemq-jdbc-faults.ts'
import { nodeOf, startJdbcBroker, watchBrokers, withLockView } from './activemq-jdbc-lock.ts'
import { createSecrets, observerLogin, readSecrets, setupStatements } from './activemq-secrets.ts'
import type { Availability, Blueprint, LabKind, UpContext } from './lab.ts'
import type { LabFolder } from './lab-folder.ts'
import { mustBeGone, nodeControl, portOf } from './node-control.ts'

// ActiveMQ's and InnoDB's own defaults, which this lab leaves alone.
const LOCK_WAIT_MS = 50_000
const LOCK_SLEEP_MS = 10_000
const LOCK_KEEPALIVE_MS = 30_000

interface Needs extends BrokerProgram {
  readonly driver: JdbcDriver
  readonly database: DatabaseProgram
}

/** Two ActiveMQ brokers on one MariaDB or MySQL: who holds the row lock of `ACTIVEMQ_LOCK` serves. */
export const activemqJdbc: LabKind = {
  name: 'activemq-jdbc',
  description: 'two ActiveMQ brokers on one MariaDB or MySQL, whose row lock decides who serves',
  faultNames: JDBC_FAULT_NAMES,
  availability,
  blueprint,
  start,
  control,
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

function needs(): Needs {
  const found = findNeeds()
  if (typeof found === 'string') throw new UnderstudyError('unsupported', `lab activemq-jdbc cannot run here: ${found}`)
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

function blueprint(): Blueprint {
  const { activemq, database } = needs()
  return {
    nodes: ['a', 'b'],
    otherPorts: ['database'],
    scheme: 'stomp',
    product: activemq.product,
    settings: {
      database: database.product,
      locker: 'database-locker',
      lockAcquireSleepIntervalMs: LOCK_SLEEP_MS,
      lockKeepAlivePeriodMs: LOCK_KEEPALIVE_MS,
      innodbLockWaitTimeoutMs: LOCK_WAIT_MS,
    },
  }
}

async function start(folder: LabFolder, { signal, step }: UpContext): Promise<void> {
  const found = needs()
  const { ports, nodes } = folder.read()
  const secrets = createSecrets(folder, { database: true })
  const databasePort = portOf(ports, 'database')
  const configure = (name: string, createTables: boolean): void => {
    const openwirePort = ports[openwirePortName(name)]
    const store = jdbcStore({ databasePort, createTables }, found.driver)
    writeConfiguration(folder, { name, port: portOf(ports, name), openwirePort, store })
  }
  const [first, ...others] = nodes
  if (first === undefined) return
  configure(first, true)
  for (const name of others) configure(name, false)

  await step('database files', async () => await installDatabase(folder, found.database, signal))
  await step('database', async () => {
    await startNewDatabase(folder, found.database, observerLogin(folder), setupStatements(secrets), signal)
  })
  // The others come when the first has the lock: the tables are there then, and nobody can outrun it.
  await step(`broker ${first}`, async () => await startJdbcBroker(folder, first, found, signal))
  configure(first, false)
  for (const name of others) {
    await step(`broker ${name} stands by`, async () => await startJdbcBroker(folder, name, found, signal))
  }
  await step(`broker ${first} serves`, async () => await untilServing(folder, first, signal))
}

function control(folder: LabFolder): BrokerControl {
  const { settings, nodes } = folder.read()
  const processes = {
    ...nodeControl(folder),
    active: async () => nodeOf(folder, await withLockView(folder, async (look) => (await look()).holder)),
    start: async (node: string) => {
      mustBeGone(folder, node)
      const role = await startJdbcBroker(folder, node, needs(), undefined)
      if (role === 'holder') await untilServing(folder, node, undefined)
    },
  }
  return {
    ...processes,
    lab: activemqJdbc.name,
    faults: jdbcFaults({ folder, processes, databaseProgram: () => needs().database }),
    credentials: readSecrets(folder).client,
    // The standby waits in the database, then sleeps: a takeover is quick in the one and late in the other.
    slowestPeriodMs: LOCK_WAIT_MS + LOCK_SLEEP_MS,
    slowestTakeoverMs: LOCK_SLEEP_MS + PROMOTION_MS,
    settings,
    files: [...nodes.flatMap((node) => configurationFiles(folder, node)), folder.log('database')],
    watch: async (onMarker) => await watchBrokers(folder, (node) => processes.state(node) === 'gone', onMarker),
  }
}
