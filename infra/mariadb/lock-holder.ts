import type { Connection } from 'mysql2/promise'
import { performance } from 'node:perf_hooks'
import { sleep, systemClock } from '../../src/clock.ts'
import type { Watch } from '../../src/drill/broker-control.ts'
import { type DatabaseLogin, closeConnection, openConnection } from './connection.ts'

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

/** A look at the lock; what it shows became so between `wall - toleranceMs` and `wall`. */
export interface LockSighting extends LockView {
  readonly wall: number
  readonly toleranceMs: number
}

const QUERY_WITHIN_MS = 2000
const POLL_EVERY_MS = 10
const RECONNECT_AFTER_MS = 100

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

/**
 * Looks every 10 ms, on one connection and with one query at a time, and tells each change of hands.
 * Resolves after the first look, which is only the point to start from. A database that does not answer
 * is dialled again.
 */
export async function watchLock(
  login: DatabaseLogin,
  table: string,
  users: readonly string[],
  onChange: (before: LockView, now: LockSighting) => void,
): Promise<Watch> {
  const stop = new AbortController()
  let connection: Connection | undefined = await openConnection(login)
  let before = await readLock(connection, table, users)
  let lookedAt = performance.now()

  const look = async (): Promise<void> => {
    connection ??= await openConnection(login)
    const asked = performance.now()
    const view = await readLock(connection, table, users)
    const sighting = { ...view, wall: Date.now(), toleranceMs: performance.now() - lookedAt }
    // The change may have come just after the last report was made, which was while it was asked for.
    lookedAt = asked
    if (!isSame(view.holder, before.holder) && !stop.signal.aborted) onChange(before, sighting)
    before = view
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      let pause = POLL_EVERY_MS
      try {
        await look()
      } catch {
        connection?.destroy()
        connection = undefined
        pause = RECONNECT_AFTER_MS
      }
      await sleep(systemClock, pause, stop.signal).catch(() => {})
    }
    if (connection !== undefined) await closeConnection(connection)
  }
  const running = run()
  return {
    close: async () => {
      stop.abort()
      await running
    },
  }
}

/** A database that was restarted numbers its connections from the beginning again. */
function isSame(one: LockParty | undefined, other: LockParty | undefined): boolean {
  return one?.thread === other?.thread && one?.user === other?.user
}
