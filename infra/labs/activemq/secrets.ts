import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { DatabaseLogin } from '../../mariadb/connection.ts'
import { writeSecrets } from './config.ts'
import { hostOf } from '../host-of.ts'
import type { LabFolder } from '../lab-folder.ts'
import { portOf } from '../processes/node-control.ts'
import type { Credentials } from '../stomp-greeting.ts'

/** What one lab's brokers and database ask for: made up when it is put up, gone with its folder. */
export interface LabSecrets {
  /** For the brokers' clients. */
  readonly client: Credentials
  /** Passwords of the database's users, by user; none where there is no database. */
  readonly database: Readonly<Record<string, string>>
}

/** Reads the lock, and changes nothing. */
const OBSERVER = 'understudy'
/** The database that the brokers share. */
export const DATABASE = 'activemq'

/** A database user for each broker: so a connection tells whose it is. */
export function brokerUser(node: string): string {
  return `broker_${node}`
}

/** Makes up the passwords of a lab. `database` tells whether its brokers share one, which asks for its own. */
export function createSecrets(folder: LabFolder, { database }: { readonly database: boolean }): LabSecrets {
  const password = (): string => randomBytes(18).toString('base64url')
  const { nodes } = folder.read()
  const users = database ? [OBSERVER, ...nodes.map(brokerUser)] : []
  const secrets: LabSecrets = {
    client: { username: 'understudy', password: password() },
    database: Object.fromEntries(users.map((user) => [user, password()])),
  }
  writeFileSync(folder.at('secret.json'), JSON.stringify(secrets), { mode: 0o600 })
  for (const node of nodes) {
    const databaseUser = brokerUser(node)
    const databasePassword = secrets.database[databaseUser]
    const forDatabase = databasePassword === undefined ? {} : { databaseUser, databasePassword }
    writeSecrets(folder, node, { ...secrets.client, ...forDatabase })
  }
  return secrets
}

export function readSecrets(folder: LabFolder): LabSecrets {
  return JSON.parse(readFileSync(folder.at('secret.json'), 'utf8')) as LabSecrets
}

/** What the database runs once, before it listens to anybody. */
export function setupStatements(folder: LabFolder, { database }: LabSecrets): string[] {
  const { network } = folder.read()
  const from = network === undefined ? '127.0.0.1' : network.own.replace(/\d+$/, '%')
  const user = (name: string): string => `'${name}'@'${from}'`
  return [
    `CREATE DATABASE ${DATABASE}`,
    ...Object.entries(database).flatMap(([name, password]) => [
      `CREATE USER ${user(name)} IDENTIFIED BY '${password}'`,
      `GRANT ${name === OBSERVER ? 'SELECT' : 'ALL'} ON ${DATABASE}.* TO ${user(name)}`,
    ]),
    `GRANT PROCESS ON *.* TO ${user(OBSERVER)}`,
  ]
}

/** As whoever only looks. */
export function observerLogin(folder: LabFolder): DatabaseLogin {
  return loginAs(folder, OBSERVER)
}

/** As that broker itself. */
export function brokerLogin(folder: LabFolder, node: string): DatabaseLogin {
  return loginAs(folder, brokerUser(node))
}

function loginAs(folder: LabFolder, user: string): DatabaseLogin {
  const state = folder.read()
  const [host, port] = [hostOf(state, 'database'), portOf(state.ports, 'database')]
  return { host, port, user, password: readSecrets(folder).database[user] ?? '' }
}

/** A line of a log or of a driver without any of the lab's passwords. */
export function withoutSecrets(folder: LabFolder, text: string): string {
  const { client, database } = readSecrets(folder)
  return [client.password, ...Object.values(database)].reduce((line, secret) => line.replaceAll(secret, '***'), text)
}
