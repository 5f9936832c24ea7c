import type { Marker, Watch } from '../../src/drill/broker-control.ts'
import { type LockParty, type LockSighting, type LockView, readLock, watchLock } from '../mariadb/lock-holder.ts'
import { withDatabase } from '../mariadb/connection.ts'
import { LOCK_ACQUIRED_LINE, parseLogLine } from './activemq-config.ts'
import { brokerUser, observerLogin } from './activemq-secrets.ts'
import type { LabFolder } from './lab-folder.ts'
import { followLines } from './log-lines.ts'

const LOCK_TABLE = 'ACTIVEMQ_LOCK'

export type LookAtLock = () => Promise<LockView>

/**
 * Looks at the database lock as often as `action` wants to: who holds it, and who waits for it.
 *
 * @throws the driver's error when the database does not answer.
 */
export async function withLockView<T>(folder: LabFolder, action: (look: LookAtLock) => Promise<T>): Promise<T> {
  const users = folder.read().nodes.map(brokerUser)
  return await withDatabase(observerLogin(folder), async (connection) => {
    return await action(async () => await readLock(connection, LOCK_TABLE, users))
  })
}

/** The node that a connection of the database belongs to. */
export function nodeOf(folder: LabFolder, party: LockParty | undefined): string | undefined {
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
  const fromLogs = await Promise.all(
    nodes.map(async (node) => {
      return await followLines(folder.log(node), (line) => {
        const marker = logMarker(node, line)
        if (marker !== undefined) onMarker(marker)
      })
    }),
  )
  return {
    close: async () => {
      await Promise.all([fromDatabase, ...fromLogs].map(async (watch) => await watch.close()))
    },
  }
}

function databaseMarkers(folder: LabFolder, before: LockView, now: LockSighting): Marker[] {
  const marker = (kind: Marker['kind'], party: LockParty | undefined, detail: string): Marker[] => {
    if (party === undefined) return []
    const node = nodeOf(folder, party)
    const whose = `connection ${party.thread} of broker ${node ?? party.user}`
    const { wall, toleranceMs } = now
    return [{ kind, node, source: 'database', wall, toleranceMs, detail: `${whose} ${detail} ${LOCK_TABLE}` }]
  }
  return [
    ...marker('lock-released', before.holder, 'no longer holds the row lock of'),
    ...marker('lock-acquired', now.holder, 'holds the row lock of'),
  ]
}

function logMarker(node: string, line: string): Marker | undefined {
  const entry = parseLogLine(line)
  if (entry === undefined || !entry.text.includes(LOCK_ACQUIRED_LINE)) return undefined
  return { kind: 'lock-acquired', node, source: 'log', wall: entry.wall, toleranceMs: 1, detail: LOCK_ACQUIRED_LINE }
}
