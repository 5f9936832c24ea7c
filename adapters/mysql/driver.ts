import { connect, type Socket } from 'node:net'
import type { TlsSettings } from '../../src/transport/tls-settings.ts'
import type { MysqlAddress } from './address.ts'

/** What may stand for a question mark. Objects would be taken apart by the driver. */
export type SqlValue = string | number | null | Buffer

/** What a statement that changes rows tells. */
export interface SqlChange {
  /** Rows that the condition was true for, whether they were changed or were so before. */
  readonly affectedRows: number
  readonly insertId: number
}

/** The part of a connection of mysql2 that is used. */
export interface MysqlConnection {
  query(sql: string, values: unknown[]): Promise<[unknown, unknown]>
  /** The same with the values beside the statement, as bytes that are bytes: for large ones. */
  execute(sql: string, values: unknown[]): Promise<[unknown, unknown]>
  on(event: 'error' | 'end', listener: () => void): unknown
  end(): Promise<void>
  destroy(): void
}

export type MysqlDriver = (
  address: MysqlAddress,
  tls: TlsSettings | undefined,
  withinMs: number,
) => Promise<MysqlConnection>

/** Loads mysql2. */
export async function loadMysqlDriver(): Promise<MysqlDriver> {
  const { createConnection } = await import('mysql2/promise')
  return async ({ host, port, user, password, database }, tls, withinMs) =>
    (await createConnection({
      // The driver takes this for the name that the certificate must carry, and dials it where it is given no socket.
      host: tls?.serverName ?? host,
      ...(tls?.serverName === undefined ? {} : { stream: () => dial(host, port) }),
      port,
      user,
      ...(password === undefined ? {} : { password }),
      database,
      ...(tls === undefined ? {} : { ssl: sslOptions(tls) }),
      connectTimeout: withinMs,
      charset: 'utf8mb4',
      enableKeepAlive: true,
      supportBigNumbers: true,
      // Statements are text with the values written in by the driver: it must not take objects or dates for any.
      stringifyObjects: true,
    })) as unknown as MysqlConnection
}

function sslOptions(tls: TlsSettings): object {
  return { ...tls, rejectUnauthorized: true, verifyIdentity: true }
}

function dial(host: string, port: number): Socket {
  return connect({ host, port, noDelay: true, keepAlive: true })
}
