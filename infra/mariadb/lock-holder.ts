import type { Connection } from 'mysql2/promise'
import type { Watch } from '../../src/drill/broker-control.ts'
import type { DatabaseLogin } from './connection.ts'
import { type Sighting, watchQuery } from './watch-query.ts'

/** A database connection, by its number and its user. */
export interface LockParty {
  readonly thread: number
  readonly user: string
}

/** Who has the row lock of a table, and who waits for it. */
export interface LockView {
  readonly holder: LockParty | undefined
  readonly waiting: readonly LockParty[]
}

const QUERY_WITHIN_MS = 2000

/**
 * Reads from the report of `SHOW ENGINE INNODB STATUS` who holds the exclusive row lock of a table.
 *
 * `information_schema.innodb_trx` does not name the table, and serves a copy that is only renewed when
 * nobody has asked for 0.1 s: polled faster it stands still for ever (measured on MariaDB 10.11).
 */
export function parseLockView(report: string, table: string, users: readonly string[]): LockView {
  let holder: LockParty | undefined
  const waiting: LockParty[] = []
  for (const block of report.split('---TRANSACTION ').slice(1)) {
    const party = partyOf(block, users)
    if (party === undefined) continue
    const locks = block.split('\n').filter((line) => isRowLock(line, table))
    if (locks.some((line) => line.includes('waiting'))) waiting.push(party)
    else if (locks.length > 0) holder = party
  }
  return { holder, waiting }
}

function isRowLock(line: string, table: string): boolean {
  return line.startsWith('RECORD LOCKS') && line.includes(`\`${table}\``) && line.includes('lock_mode X')
}

function partyOf(block: string, users: readonly string[]): LockParty | undefined {
  const line = /thread id (\d+),[^\n]*query id([^\n]*)/.exec(block)
  const words = line?.[2]?.split(' ') ?? []
  const user = users.find((name) => words.includes(name))
  return line === null || user === undefined ? undefined : { thread: Number(line[1]), user }
}

/**
 * One look. It reads the server's own monitor: no table is read, no transaction opened, no lock taken.
 *
 * @throws the driver's error when the database does not answer within 2 s.
 */
export async function readLock(connection: Connection, table: string, users: readonly string[]): Promise<LockView> {
  const [rows] = await connection.query({ sql: 'SHOW ENGINE INNODB STATUS', timeout: QUERY_WITHIN_MS })
  const report = (rows as readonly { readonly Status?: unknown }[])[0]?.Status
  return parseLockView(typeof report === 'string' ? report : '', table, users)
}

/** Tells each change of hands, looking every 10 ms. Resolves after the first look, the point to start from. */
export async function watchLock(
  login: DatabaseLogin,
  table: string,
  users: readonly string[],
  onChange: (before: LockView, now: Sighting<LockView>) => void,
): Promise<Watch> {
  const read = async (connection: Connection): Promise<LockView> => await readLock(connection, table, users)
  return await watchQuery(login, read, (before, now) => {
    if (!isSame(before.holder, now.view.holder)) onChange(before, now)
  })
}

/** A database that was restarted numbers its connections from the beginning again. */
function isSame(one: LockParty | undefined, other: LockParty | undefined): boolean {
  return one?.thread === other?.thread && one?.user === other?.user
}
