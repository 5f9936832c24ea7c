import { rmSync } from 'node:fs'
import { sleep, systemClock } from '../../../src/clock.ts'
import type { Fault, Prediction } from '../../../src/drill/fault.ts'
import { PROCESS_FAULT_NAMES, type SignalControl, processFaults } from '../../../src/drill/process-faults.ts'
import { lockFile } from './kahadb-lock.ts'
import type { LabFolder } from '../lab-folder.ts'
import { aimAtLockFile } from '../rob-lock-file.ts'
import { settlePair } from '../settle-pair.ts'
import { isListening } from '../tcp-listening.ts'
import { waitUntil } from '../wait-until.ts'

export const KAHADB_FAULT_NAMES: readonly string[] = [...PROCESS_FAULT_NAMES, 'lock-file-delete']

// Long enough for some probes, so that a drill sees what both masters do however late the second one came.
const BOTH_SEEN_FOR_MS = 1000

export function kahadbFaults(
  folder: LabFolder,
  processes: SignalControl,
  predictions: Readonly<Record<string, Prediction>>,
  slowestTakeoverMs: number,
): readonly Fault[] {
  return [
    ...processFaults(processes, predictions),
    {
      name: 'lock-file-delete',
      summary: 'the lock file is deleted under the broker that holds its lock',
      expects: 'service',
      heals: 'after-hold',
      predicted: predictions['lock-file-delete'],
      missing: () => Promise.resolve(undefined),
      aim: async ({ signal }) => {
        const node = await processes.active()
        if (node === undefined) return undefined
        const file = lockFile(folder)
        return aimAtLockFile(processes, node, {
          file,
          take: () => rmSync(file, { force: true }),
          proven: `the file that ${node} has locked is gone (unlink)`,
          finding: undefined,
          heal: async () => {
            await untilAnotherServes(processes, node, slowestTakeoverMs, signal).catch(() => {
              // Nobody came, or the drill is given up.
            })
            return await settlePair(processes, 0, signal)
          },
        })
      },
    },
  ]
}

/** By itself the old master never leaves: there is more to see once the other one is there. */
async function untilAnotherServes(
  processes: SignalControl,
  node: string,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const look = async (): Promise<true | undefined> => {
    if (processes.state(node) === 'gone') return true
    const holder = processes.nodes.find(({ name }) => name !== node && processes.state(name) === 'running')
    if (holder === undefined || (await processes.active()) !== holder.name) return undefined
    return (await isListening(holder.port)) || undefined
  }
  await waitUntil(look, { what: 'another broker that serves', withinMs, everyMs: 50, signal })
  await sleep(systemClock, BOTH_SEEN_FOR_MS, signal)
}
