import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { brokerCommand, writeConfiguration, writeSecrets } from '../labs/activemq/config.ts'
import { rowLocker } from '../labs/activemq/jdbc.ts'
import { jdbcStore } from '../labs/activemq/jdbc-config.ts'
import { brokerUser, createSecrets, setupStatements } from '../labs/activemq/secrets.ts'
import { haproxyConfiguration } from '../labs/haproxy/config.ts'
import { createLabFolder, type LabFolder } from '../labs/lab-folder.ts'
import { managementPortName, writeConfiguration as writeRabbitmqConfiguration } from '../labs/rabbitmq/config.ts'

/** Every password of the containers: whoever reaches them through the loopback interface may do anything. */
const DEMO = 'understudy'
/** In a container a broker finds its files where they would be in a lab's folder. */
const LAB = '/lab'
const EVERYWHERE = '0.0.0.0'
const STOMP_PORT = 61_613
const AMQP_PORT = 5672
/** Docker's own, for the names of containers. */
const NAMESERVER = '127.0.0.11:53'
const ACTIVEMQ_NODES = ['a', 'b'] as const
const RABBITMQ_NODES = ['a', 'b', 'c'] as const

/** A file that the containers share with the labs: what the code of the labs writes, for the hosts of compose.yaml. */
export type ComposeFiles = ReadonlyMap<string, string>

/** What belongs into this folder, by path. `root` is a folder for labs, none of which is started. */
export function composeFiles(root: string): ComposeFiles {
  return new Map([...rabbitmqFiles(root), ...activemqFiles(root)])
}

/** How one broker is run there: as in a lab, on Debian's packages. */
export function activemqContainerCommand(root: string, node: string): readonly string[] {
  const folder = activemqFolder(root)
  try {
    const home = '/usr/share/activemq'
    const jars = [`${home}/lib/*`, `${home}/lib/optional/*`]
    const driver = { jar: '/usr/share/java/mariadb-java-client.jar', kind: 'mariadb' } as const
    const command = brokerCommand(folder, node, { java: 'java', activemq: { home, product: '', jars }, driver })
    return [command.file, ...command.args].map((word) => word.replaceAll(folder.path, LAB))
  } finally {
    rmSync(folder.path, { recursive: true })
  }
}

function rabbitmqFiles(root: string): [string, string][] {
  const ports = Object.fromEntries(
    RABBITMQ_NODES.flatMap((node) => [
      [node, AMQP_PORT],
      [managementPortName(node), 15_672],
    ]),
  )
  const folder = createLabFolder(root, 'compose', { ...BLANK, nodes: RABBITMQ_NODES, scheme: 'amqp', ports })
  try {
    const hosts = Object.fromEntries(RABBITMQ_NODES.map((node) => [node, EVERYWHERE]))
    folder.update(() => ({ network: { own: EVERYWHERE, hosts } }))
    // One for all of them: in a container of its own every node has the same ports.
    const [node] = RABBITMQ_NODES
    writeRabbitmqConfiguration(folder, node, { client: { username: DEMO, password: DEMO }, cookie: DEMO })
    return [
      ...['rabbitmq.conf', 'enabled_plugins'].map((name) => written(folder, [node, name], `rabbitmq/${name}`)),
      written(folder, [node, 'conf.d', 'secret.conf'], 'rabbitmq/demo.conf'),
      [
        'haproxy/haproxy.cfg',
        haproxyConfiguration(
          {
            entrance: `:${AMQP_PORT}`,
            stats: '127.0.0.1:9000',
            servers: RABBITMQ_NODES.map((name) => ({ node: name, address: `host-${name}:${AMQP_PORT}` })),
            nameserver: NAMESERVER,
          },
          'amqp',
        ),
      ],
    ]
  } finally {
    rmSync(folder.path, { recursive: true })
  }
}

function activemqFiles(root: string): [string, string][] {
  const folder = activemqFolder(root)
  try {
    const { database } = createSecrets(folder, { database: true })
    const store = jdbcStore(
      // The database makes the tables, so that neither broker has to be the first.
      { databaseHost: 'database', databasePort: 3306, createTables: false, locker: rowLocker },
      { jar: '', kind: 'mariadb' },
    )
    for (const name of ACTIVEMQ_NODES) {
      writeConfiguration(folder, { name, host: EVERYWHERE, port: STOMP_PORT, store })
      const login = { databaseUser: brokerUser(name), databasePassword: DEMO }
      writeSecrets(folder, name, { username: DEMO, password: DEMO, ...login })
    }
    const passwords = Object.fromEntries(Object.keys(database).map((user) => [user, DEMO]))
    const client = { username: DEMO, password: DEMO }
    const statements = setupStatements(folder, { client, database: passwords })
    return [
      ...ACTIVEMQ_NODES.flatMap((name) =>
        ['activemq.xml', 'secret.properties', 'log4j.properties'].map((file) =>
          written(folder, [name, file], `activemq/${name}/${file}`),
        ),
      ),
      // Containers come from addresses that nobody knows beforehand.
      ['activemq/1-users.sql', statements.map((line) => `${line.replaceAll("'127.0.0.1'", "'%'")};\n`).join('')],
    ]
  } finally {
    rmSync(folder.path, { recursive: true })
  }
}

function activemqFolder(root: string): LabFolder {
  const ports = Object.fromEntries(ACTIVEMQ_NODES.map((node) => [node, STOMP_PORT]))
  return createLabFolder(root, 'compose', { ...BLANK, nodes: ACTIVEMQ_NODES, scheme: 'stomp', ports })
}

function written(folder: LabFolder, parts: readonly string[], path: string): [string, string] {
  return [path, readFileSync(join(folder.path, ...parts), 'utf8').replaceAll(folder.path, LAB)]
}

const BLANK = { stays: false, product: '', settings: {} } as const
