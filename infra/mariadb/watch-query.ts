import type { Connection } from 'mysql2/promise'
import { performance } from 'node:perf_hooks'
import { sleep, systemClock } from '../../src/clock.ts'
import type { Watch } from '../../src/drill/broker-control.ts'
import { type DatabaseLogin, closeConnection, openConnection } from './connection.ts'

/** A look at the database: what it shows became so between `wall - toleranceMs` and `wall`. */
export interface Sighting<T> {
  readonly view: T
  readonly wall: number
  readonly toleranceMs: number
}

const POLL_EVERY_MS = 10
const RECONNECT_AFTER_MS = 100

/**
 * Looks every 10 ms, on one connection and with one query at a time, and tells each look and the one before.
 * Resolves after the first look, which is only the point to start from. A database that does not answer
 * is dialled again.
 */
export async function watchQuery<T>(
  login: DatabaseLogin,
  read: (connection: Connection) => Promise<T>,
  onLook: (before: T, now: Sighting<T>) => void,
): Promise<Watch> {
  const stop = new AbortController()
  let connection: Connection | undefined = await openConnection(login)
  let before = await read(connection)
  let lookedAt = performance.now()

  const look = async (): Promise<void> => {
    connection ??= await openConnection(login)
    const asked = performance.now()
    const view = await read(connection)
    const sighting = { view, wall: Date.now(), toleranceMs: performance.now() - lookedAt }
    // The change may have come just after the last report was made, which was while it was asked for.
    lookedAt = asked
    if (!stop.signal.aborted) onLook(before, sighting)
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
