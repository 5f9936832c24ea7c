import { type Connection, createConnection } from 'mysql2/promise'
import { sleep, systemClock } from '../../src/clock.ts'

/** How to reach the lab's own database. */
export interface DatabaseLogin {
  /** Defaults to 127.0.0.1. */
  readonly host?: string
  readonly port: number
  readonly user: string
  readonly password: string
}

const CONNECT_WITHIN_MS = 2000
const GOODBYE_WITHIN_MS = 500

/** Opens one connection. Its owner closes it with {@link closeConnection}. */
export async function openConnection(login: DatabaseLogin): Promise<Connection> {
  const connection = await createConnection({
    host: login.host ?? '127.0.0.1',
    port: login.port,
    user: login.user,
    password: login.password,
    connectTimeout: CONNECT_WITHIN_MS,
  })
  // Lost while nothing is asked, it says so by an event that would end this process.
  connection.on('error', () => {})
  return connection
}

/** Takes leave, which keeps the server's log quiet, unless the server does not answer. Never throws. */
export async function closeConnection(connection: Connection): Promise<void> {
  const answered = new AbortController()
  const goodbye = connection.end().then(
    () => answered.abort(),
    () => answered.abort(),
  )
  await Promise.race([goodbye, sleep(systemClock, GOODBYE_WITHIN_MS, answered.signal).catch(() => {})])
  connection.destroy()
}

/** One connection for the time of an action. */
export async function withDatabase<T>(
  login: DatabaseLogin,
  action: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await openConnection(login)
  try {
    return await action(connection)
  } finally {
    await closeConnection(connection)
  }
}
