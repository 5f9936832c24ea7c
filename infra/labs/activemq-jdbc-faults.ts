import type { Aim, Fault, FaultContext } from '../../src/drill/fault.ts'
import { PROCESS_FAULT_NAMES, type SignalControl, processFaults } from '../../src/drill/process-faults.ts'
import { withDatabase } from '../mariadb/connection.ts'
import { connectionsOf, killConnections } from '../mariadb/connections.ts'
import type { DatabaseProgram } from '../mariadb/find-server.ts'
import { DATABASE_FAULT_NAMES, type Settle, databaseFaults } from './activemq-database-faults.ts'
import { serverProcess } from '../mariadb/server-process.ts'
import { PROMOTION_MS } from './activemq-broker.ts'
import { nodeOf, withLockView } from './activemq-jdbc-lock.ts'
import { brokerLogin, brokerUser, observerLogin } from './activemq-secrets.ts'
import { settlePair } from './activemq-settle.ts'
import type { LabFolder } from './lab-folder.ts'

export const JDBC_FAULT_NAMES: readonly string[] = [...PROCESS_FAULT_NAMES, 'lock-kill', ...DATABASE_FAULT_NAMES]

/** What the faults of a lab on a shared database are made from. */
export interface JdbcParts {
  readonly folder: LabFolder
  readonly processes: SignalControl
  readonly databaseProgram: () => DatabaseProgram
}

export function jdbcFaults({ folder, processes, databaseProgram }: JdbcParts): readonly Fault[] {
  const database = serverProcess(folder, observerLogin(folder), databaseProgram)
  const settle = async (signal: AbortSignal): Promise<string | undefined> =>
    await settlePair(processes, 30_000 + PROMOTION_MS, signal)
  return [...processFaults(processes), lockKill(folder, processes, settle), ...databaseFaults(database, settle)]
}

function lockKill(folder: LabFolder, processes: SignalControl, settle: Settle): Fault {
  return {
    name: 'lock-kill',
    summary: 'KILL in the database to the connection that holds the lock',
    expects: 'service',
    heals: 'after-recovery',
    predicted: undefined,
    missing: () => Promise.resolve(undefined),
    aim: async (context) => {
      const holder = await withLockView(folder, async (look) => (await look()).holder)
      const node = nodeOf(folder, holder)
      if (holder === undefined || node === undefined) return undefined
      return aimAtConnections(folder, processes, node, [holder.thread], context, settle)
    },
  }
}

/** A broker's connections to the database, killed there. Its process is not touched, and may go on serving. */
function aimAtConnections(
  folder: LabFolder,
  processes: SignalControl,
  node: string,
  threads: readonly number[],
  { signal }: FaultContext,
  settle: Settle,
): Aim {
  let injected = false
  const which = `connection ${threads.join(', ')} of broker ${node}`
  return {
    target: node,
    endpoint: processes.nodes.find(({ name }) => name === node)?.endpoint ?? null,
    done: 'robbed of its lock',
    finding: undefined,
    inject: async () => {
      injected = true
      await killConnections(brokerLogin(folder, node), threads)
    },
    proof: async () => {
      const left = await withDatabase(observerLogin(folder), async (database) => {
        return await connectionsOf(database, brokerUser(node))
      })
      return threads.some((thread) => left.includes(thread)) ? undefined : `${which} is gone from the database (KILL)`
    },
    heal: async () => (injected ? await settle(signal) : undefined),
  }
}
