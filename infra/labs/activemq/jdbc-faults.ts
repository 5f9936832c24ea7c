import type { Aim, Fault } from '../../../src/drill/fault.ts'
import { PROCESS_FAULT_NAMES, type SignalControl, processFaults } from '../../../src/drill/process-faults.ts'
import { withDatabase } from '../../mariadb/connection.ts'
import { connectionsOf, killConnections } from '../../mariadb/connections.ts'
import type { DatabaseProgram } from '../../mariadb/find-server.ts'
import { serverProcess } from '../../mariadb/server-process.ts'
import { DATABASE_FAULT_NAMES, type Settle, databaseFaults } from './database-faults.ts'
import type { HolderConnections, JdbcLocker } from './jdbc-locker.ts'
import { brokerLogin, brokerUser, observerLogin } from './secrets.ts'
import { bringBack, settlePair } from '../settle-pair.ts'
import type { LabFolder } from '../lab-folder.ts'

export const JDBC_FAULT_NAMES: readonly string[] = [...PROCESS_FAULT_NAMES, 'lock-kill', ...DATABASE_FAULT_NAMES]

/** What the faults of a lab on a shared database are made from. */
export interface JdbcParts {
  readonly folder: LabFolder
  readonly processes: SignalControl
  readonly locker: JdbcLocker
  readonly databaseProgram: () => DatabaseProgram
}

export function jdbcFaults({ folder, processes, locker, databaseProgram }: JdbcParts): readonly Fault[] {
  const { predictions, slowestSettlingMs } = locker
  const database = serverProcess(folder, observerLogin(folder), databaseProgram)
  const settle: Settle = async (signal) => await settlePair(processes, slowestSettlingMs, signal)
  return [
    ...processFaults(processes, predictions),
    lockKill(folder, processes, locker, settle),
    ...databaseFaults(database, predictions, settle, async () => await bringBack(processes)),
  ]
}

function lockKill(folder: LabFolder, processes: SignalControl, locker: JdbcLocker, settle: Settle): Fault {
  return {
    name: 'lock-kill',
    summary: locker.lockKillSummary,
    expects: 'service',
    heals: 'after-recovery',
    predicted: locker.predictions['lock-kill'],
    missing: () => Promise.resolve(undefined),
    aim: async ({ signal }) => {
      const connections = await locker.holderConnections(folder)
      return connections && aimAtConnections(folder, processes, connections, async () => await settle(signal))
    },
  }
}

/** A broker's connections to the database, killed there. Its process is not touched, and may go on serving. */
function aimAtConnections(
  folder: LabFolder,
  processes: SignalControl,
  { node, threads }: HolderConnections,
  settle: () => Promise<string | undefined>,
): Aim {
  let injected = false
  const which = `connection ${threads.join(', ')} of broker ${node}`
  return {
    target: node,
    endpoint: processes.nodes.find(({ name }) => name === node)?.endpoint ?? null,
    done: 'cut off from its lock',
    finding: undefined,
    inject: async () => {
      injected = true
      await killConnections(brokerLogin(folder, node), threads)
    },
    proof: async () => {
      const left = await withDatabase(observerLogin(folder), async (database) => {
        return await connectionsOf(database, brokerUser(node))
      })
      return threads.some((thread) => left.includes(thread)) ? undefined : `${which}: gone from the database (KILL)`
    },
    heal: async () => (injected ? await settle() : undefined),
  }
}
