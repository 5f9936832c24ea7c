import type { Marker, Watch } from '../../../src/drill/broker-control.ts'
import { type LockParty, type LockView, readLock, watchLock } from '../../mariadb/lock-holder.ts'
import type { Sighting } from '../../mariadb/watch-query.ts'
import { withDatabase } from '../../mariadb/connection.ts'
import { type BrokerRole, startBroker } from './broker.ts'
import type { BrokerProgram } from './installation.ts'
import type { HolderConnections } from './jdbc-locker.ts'
import { watchLogs } from './lock.ts'
import { brokerUser, observerLogin } from './secrets.ts'
import type { LabFolder } from '../lab-folder.ts'

const LOCK_TABLE = 'ACTIVEMQ_LOCK'
/** How a broker's log says that it has the lock. */
const LOCK_ACQUIRED_LINE = 'Becoming the master'

type LookAtLock = () => Promise<LockView>

/**
 * Looks at the database lock as often as `action` wants to: who holds it, and who waits for it.
 *
 * @throws the driver's error when the database does not answer.
 */
async function withLockView<T>(folder: LabFolder, action: (look: LookAtLock) => Promise<T>): Promise<T> {
  const users = folder.read().nodes.map(brokerUser)
  return await withDatabase(observerLogin(folder), async (connection) => {
    return await action(async () => await readLock(connection, LOCK_TABLE, users))
  })
}

/** The node that holds the row lock. */
export async function lockHolder(folder: LabFolder): Promise<string | undefined> {
  return nodeOf(folder, await withLockView(folder, async (look) => (await look()).holder))
}

/** The one connection that holds it. */
export async function lockConnection(folder: LabFolder): Promise<HolderConnections | undefined> {
  const holder = await withLockView(folder, async (look) => (await look()).holder)
  const node = nodeOf(folder, holder)
  return holder === undefined || node === undefined ? undefined : { node, threads: [holder.thread] }
}

/**
 * Starts one broker, and returns once the database shows that it holds the lock or waits for it.
 *
 * @throws what `startBroker` throws.
 */
export async function startJdbcBroker(
  folder: LabFolder,
  node: string,
  program: BrokerProgram,
  signal: AbortSignal | undefined,
): Promise<BrokerRole> {
  return await withLockView(folder, async (look) => {
    // A broker that was killed while it waited is still in the queue, until InnoDB's lock wait is over.
    const before = new Set(partiesOf(await look(), node).map(({ party }) => party.thread))
    const roleOf = async (): Promise<BrokerRole | undefined> =>
      partiesOf(await look(), node).find(({ party }) => !before.has(party.thread))?.role
    return await startBroker(folder, node, program, roleOf, signal)
  })
}

function partiesOf(view: LockView, node: string): { role: BrokerRole; party: LockParty }[] {
  const user = brokerUser(node)
  return [
    ...(view.holder === undefined ? [] : [{ role: 'holder' as const, party: view.holder }]),
    ...view.waiting.map((party) => ({ role: 'waiting' as const, party })),
  ].filter(({ party }) => party.user === user)
}

/** The node that a connection of the database belongs to. */
function nodeOf(folder: LabFolder, party: LockParty | undefined): string | undefined {
  return party === undefined ? undefined : folder.read().nodes.find((node) => brokerUser(node) === party.user)
}

/**
 * Watches the lock change hands, in the database and in the brokers' own logs. `isGone` tells whether a
 * node's process is gone: InnoDB hands the lock to a dead broker's waiting connection first, and takes
 * it back a moment later when the answer cannot be delivered. That is no acquisition.
 */
export async function watchBrokers(
  folder: LabFolder,
  isGone: (node: string) => boolean,
  onMarker: (marker: Marker) => void,
): Promise<Watch> {
  const { nodes } = folder.read()
  const fromDatabase = await watchLock(observerLogin(folder), LOCK_TABLE, nodes.map(brokerUser), (before, now) => {
    for (const marker of databaseMarkers(folder, before, now)) {
      if (marker.kind === 'lock-released' || marker.node === undefined || !isGone(marker.node)) onMarker(marker)
    }
  })
  const fromLogs = await watchLogs(folder, ({ node, wall, text }) => {
    if (!text.includes(LOCK_ACQUIRED_LINE)) return
    onMarker({ kind: 'lock-acquired', node, source: 'log', wall, toleranceMs: 1, detail: LOCK_ACQUIRED_LINE })
  })
  return {
    close: async () => {
      await Promise.all([fromDatabase.close(), fromLogs.close()])
    },
  }
}

function databaseMarkers(folder: LabFolder, before: LockView, now: Sighting<LockView>): Marker[] {
  const marker = (kind: Marker['kind'], party: LockParty | undefined, detail: string): Marker[] => {
    if (party === undefined) return []
    const node = nodeOf(folder, party)
    const whose = `connection ${party.thread} of broker ${node ?? party.user}`
    const { wall, toleranceMs } = now
    return [{ kind, node, source: 'database', wall, toleranceMs, detail: `${whose} ${detail} ${LOCK_TABLE}` }]
  }
  return [
    ...marker('lock-released', before.holder, 'no longer holds the row lock of'),
    ...marker('lock-acquired', now.view.holder, 'holds the row lock of'),
  ]
}
