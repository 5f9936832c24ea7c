import type { Connection } from 'mysql2/promise'
import { type DatabaseLogin, withDatabase } from './connection.ts'

const QUERY_WITHIN_MS = 2000

/**
 * The numbers of one user's connections to the database, this one left out.
 *
 * @throws the driver's error when the database does not answer within 2 s.
 */
export async function connectionsOf(connection: Connection, user: string): Promise<number[]> {
  const [rows] = await connection.query({ sql: 'SHOW PROCESSLIST', timeout: QUERY_WITHIN_MS })
  return (rows as readonly { readonly Id?: unknown; readonly User?: unknown }[])
    .filter((row) => row.User === user && Number(row.Id) !== connection.threadId)
    .map((row) => Number(row.Id))
}

/**
 * Kills connections of the very user who logs in: that needs no privilege. One that is gone already is none the
 * less gone.
 *
 * @throws the driver's error when the database does not answer, or refuses.
 */
export async function killConnections(login: DatabaseLogin, threads: readonly number[]): Promise<void> {
  await withDatabase(login, async (connection) => {
    for (const thread of threads) {
      await connection.query({ sql: `KILL ${thread}`, timeout: QUERY_WITHIN_MS }).catch((error: unknown) => {
        if (!isUnknownThread(error)) throw error
      })
    }
  })
}

function isUnknownThread(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ER_NO_SUCH_THREAD'
}
