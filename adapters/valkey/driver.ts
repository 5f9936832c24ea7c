import { UnderstudyError } from '../../src/errors.ts'
import type { TlsSettings } from '../../src/transport/tls-settings.ts'
import type { ValkeyAddress } from './address.ts'

/** The part of a client of `@redis/client` that is used: one connection, which is gone when it fails. */
export interface ValkeyClient {
  /** Resolves when the server let it in. */
  connect(): Promise<unknown>
  on(event: 'error' | 'end', listener: (error?: unknown) => void): unknown
  mGet(keys: string[]): Promise<(string | null)[]>
  multi(): ValkeyTransaction
  subscribe(channel: string, listener: (message: string) => unknown): Promise<void>
  unsubscribe(channel: string, listener: (message: string) => unknown): Promise<void>
  destroy(): void
}

/** Commands that the server carries out together. */
interface ValkeyTransaction {
  set(key: string, value: string, options: { expiration: { type: 'PX'; value: number } }): ValkeyTransaction
  del(key: string): ValkeyTransaction
  publish(channel: string, message: string): ValkeyTransaction
  exec(): Promise<unknown>
}

export type ValkeyDriver = (
  address: ValkeyAddress,
  tls: TlsSettings | undefined,
  connectTimeoutMs: number,
) => ValkeyClient

/**
 * Loads `@redis/client`, which is an optional dependency.
 *
 * @throws UnderstudyError `unsupported` when it is not installed.
 */
export async function loadValkeyDriver(): Promise<ValkeyDriver> {
  const { createClient } = await import('@redis/client').catch((cause: unknown) => {
    const message = 'results in Valkey or Redis need the package @redis/client: npm install @redis/client'
    throw new UnderstudyError('unsupported', message, { cause })
  })
  return ({ host, port, isEncrypted, username, password, database }, tls, connectTimeoutMs) =>
    createClient({
      socket: {
        host,
        port,
        connectTimeout: connectTimeoutMs,
        // Without a reconnect of its own: a connection that failed is gone, and the session makes another.
        reconnectStrategy: false,
        ...(isEncrypted ? { tls: true, ...tlsOptions(tls) } : {}),
      },
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      database,
      RESP: 3,
      // Its own limit makes an AbortSignal for every command, each with a timer that nobody cancels; the link has one watch.
      commandOptions: { timeout: 0 },
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
    })
}

function tlsOptions({ serverName, ...rest }: TlsSettings = {}): object {
  return { ...rest, rejectUnauthorized: true, ...(serverName === undefined ? {} : { servername: serverName }) }
}
