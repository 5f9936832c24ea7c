import type { Connection } from 'mysql2/promise'
import type { Marker, Watch } from '../../../src/drill/broker-control.ts'
import { withDatabase } from '../../mariadb/connection.ts'
import { connectionsOf } from '../../mariadb/connections.ts'
import { type Sighting, watchQuery } from '../../mariadb/watch-query.ts'
import { type BrokerRole, startBroker } from './broker.ts'
import type { BrokerProgram } from './installation.ts'
import type { HolderConnections } from './jdbc-locker.ts'
import { textSince, watchLogs } from './lock.ts'
import { DATABASE, brokerUser, observerLogin } from './secrets.ts'
import type { LabFolder } from '../lab-folder.ts'
import { sizeOf } from '../log-lines.ts'

const LOCK_TABLE = 'ACTIVEMQ_LOCK'
const QUERY_WITHIN_MS = 2000
/** How a broker's log says that it has the lease, that it must wait for it, and that it gave it up. */
const ACQUIRED_LINE = 'becoming master with lease expiry'
const WAITING_LINE = 'failed to acquire lease.'
const RELEASED_LINE = 'released lease'

/** What stands in the table. A lease that has run out stays there until somebody takes it. */
interface Lease {
  readonly node: string
  /** Wall time in milliseconds at which it runs out. */
  readonly until: number
}

/** Undefined when nobody ever had one, or the last holder gave it up. */
async function readLease(connection: Connection): Promise<Lease | undefined> {
  const sql = `SELECT BROKER_NAME, TIME FROM ${DATABASE}.${LOCK_TABLE} WHERE ID = 1`
  const [rows] = await connection.query({ sql, timeout: QUERY_WITHIN_MS })
  const row = (rows as readonly { readonly BROKER_NAME?: unknown; readonly TIME?: unknown }[])[0]
  return typeof row?.BROKER_NAME === 'string' ? { node: row.BROKER_NAME, until: Number(row.TIME) } : undefined
}

/** The node whose lease has not run out. */
export async function leaseHolder(folder: LabFolder): Promise<string | undefined> {
  return holderAt(await withDatabase(observerLogin(folder), readLease), Date.now())
}

export function holderAt(lease: Lease | undefined, wall: number): string | undefined {
  return lease !== undefined && lease.until > wall ? lease.node : undefined
}

/** Every connection of the holder: its lease hangs on none of them alone. */
export async function leaseConnections(folder: LabFolder): Promise<HolderConnections | undefined> {
  return await withDatabase(observerLogin(folder), async (connection) => {
    const node = holderAt(await readLease(connection), Date.now())
    return node === undefined ? undefined : { node, threads: await connectionsOf(connection, brokerUser(node)) }
  })
}

/**
 * Starts one broker, and returns once it says that it has the lease or waits for it: the table may still name the
 * broker that it was before.
 *
 * @throws what `startBroker` throws.
 */
export async function startLeaseBroker(
  folder: LabFolder,
  node: string,
  program: BrokerProgram,
  signal: AbortSignal | undefined,
): Promise<BrokerRole> {
  const logged = await sizeOf(folder.log(node))
  const roleOf = async (): Promise<BrokerRole | undefined> => {
    const text = await textSince(folder.log(node), logged)
    if (text.includes(ACQUIRED_LINE)) return 'holder'
    return text.includes(WAITING_LINE) ? 'waiting' : undefined
  }
  return await startBroker(folder, node, program, roleOf, signal)
}

/** Watches the lease change hands and run out, in the database and in the brokers' own logs. */
export async function watchLeases(folder: LabFolder, onMarker: (marker: Marker) => void): Promise<Watch> {
  let lookedAt = Date.now()
  const fromDatabase = await watchQuery(observerLogin(folder), readLease, (last, now) => {
    for (const marker of leaseMarkers(last, lookedAt, now)) onMarker(marker)
    lookedAt = now.wall
  })
  const fromLogs = await watchLogs(folder, ({ node, wall, text }) => {
    const line = [ACQUIRED_LINE, RELEASED_LINE].find((one) => text.includes(one))
    if (line === undefined) return
    const kind = line === ACQUIRED_LINE ? 'lock-acquired' : 'lock-released'
    onMarker({ kind, node, source: 'log', wall, toleranceMs: 1, detail: `${node}, ${line}` })
  })
  return {
    close: async () => {
      await Promise.all([fromDatabase.close(), fromLogs.close()])
    },
  }
}

/**
 * What became of the lease since it was looked at last, at `lookedAt`. One that ran out since did so when it says,
 * and not when that was seen.
 */
export function leaseMarkers(
  last: Lease | undefined,
  lookedAt: number,
  { view, wall, toleranceMs }: Sighting<Lease | undefined>,
): Marker[] {
  const holder = holderAt(last, lookedAt)
  const now = holderAt(view, wall)
  if (now === holder) return []
  const markers: Marker[] = []
  if (holder !== undefined) {
    const ranOut = last !== undefined && last.node === holder && last.until <= wall
    markers.push({
      kind: 'lock-released',
      node: holder,
      source: 'database',
      ...(ranOut ? { wall: last.until, toleranceMs: 1 } : { wall, toleranceMs }),
      detail: `the lease of broker ${holder} in ${LOCK_TABLE} ${ranOut ? 'has run out' : 'was given up'}`,
    })
  }
  if (now !== undefined) {
    const detail = `broker ${now} holds the lease of ${LOCK_TABLE}`
    markers.push({ kind: 'lock-acquired', node: now, source: 'database', wall, toleranceMs, detail })
  }
  return markers
}
