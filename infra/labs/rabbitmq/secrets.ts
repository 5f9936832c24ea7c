import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { LabFolder } from '../lab-folder.ts'
import type { Credentials } from '../stomp-greeting.ts'

/** What one lab's nodes ask their clients and each other for: made up when it is put up, gone with its folder. */
export interface RabbitmqSecrets {
  /** For clients, and for the management API. */
  readonly client: Credentials
  /** Every Erlang node that shows it may do anything in the cluster. */
  readonly cookie: string
}

export function createRabbitmqSecrets(folder: LabFolder): RabbitmqSecrets {
  const secret = (): string => randomBytes(18).toString('base64url')
  const secrets: RabbitmqSecrets = { client: { username: 'understudy', password: secret() }, cookie: secret() }
  writeFileSync(folder.at('secret.json'), JSON.stringify(secrets), { mode: 0o600 })
  mkdirSync(erlangHome(folder), { mode: 0o700 })
  // Erlang refuses a cookie that anybody else could read.
  writeFileSync(folder.at('home', '.erlang.cookie'), secrets.cookie, { mode: 0o400 })
  return secrets
}

export function readRabbitmqSecrets(folder: LabFolder): RabbitmqSecrets {
  return JSON.parse(readFileSync(folder.at('secret.json'), 'utf8')) as RabbitmqSecrets
}

/** What the nodes take for the user's home: it holds their cookie. */
export function erlangHome(folder: LabFolder): string {
  return folder.at('home')
}

/** A line of a log without any of the lab's secrets. */
export function withoutRabbitmqSecrets(folder: LabFolder, text: string): string {
  const { client, cookie } = readRabbitmqSecrets(folder)
  return text.replaceAll(client.password, '***').replaceAll(cookie, '***')
}
