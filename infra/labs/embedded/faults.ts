import { renameSync, writeFileSync } from 'node:fs'
import type { Fault, Prediction } from '../../../src/drill/fault.ts'
import { PROCESS_FAULT_NAMES, type SignalControl, processFaults } from '../../../src/drill/process-faults.ts'
import type { LabFolder } from '../lab-folder.ts'
import { aimAtLockFile } from '../rob-lock-file.ts'
import { settlePair } from '../settle-pair.ts'

export const EMBEDDED_FAULT_NAMES: readonly string[] = [...PROCESS_FAULT_NAMES, 'lock-loss']

/** What decides how long the embedded pair takes to hand over, in milliseconds. */
export interface EmbeddedTimes {
  /** How often a standby asks for the lock, and its holder makes sure of it. */
  readonly lockPollMs: number
  /** What is given to the new holder until it answers. */
  readonly promotionMs: number
}

export function embeddedFaults(folder: LabFolder, processes: SignalControl, times: EmbeddedTimes): readonly Fault[] {
  const { lockPollMs, promotionMs } = times
  const predictions = embeddedPredictions(times)
  return [
    ...processFaults(processes, predictions),
    {
      name: 'lock-loss',
      summary: 'the lock file is replaced under the broker that holds its lock',
      expects: 'takeover',
      heals: 'after-recovery',
      predicted: predictions['lock-loss'],
      missing: () => Promise.resolve(undefined),
      aim: async ({ signal }) => {
        const node = await processes.active()
        if (node === undefined) return undefined
        const file = folder.at('data', 'lock.db')
        return aimAtLockFile(processes, node, {
          file,
          take: () => {
            writeFileSync(`${file}.other`, '')
            renameSync(`${file}.other`, file)
          },
          proven: `another file has taken the place of ${node}'s lock`,
          finding: 'refused',
          heal: () => settlePair(processes, 2 * lockPollMs + promotionMs, signal),
        })
      },
    },
  ]
}

export function embeddedPredictions({ lockPollMs, promotionMs }: EmbeddedTimes): Readonly<Record<string, Prediction>> {
  const asks = `the standby asks for the lock every ${lockPollMs / 1000} s (lockPollMs)`
  const promotion = `a promotion is given ${promotionMs / 1000} s`
  const freed: Prediction = { lowerMs: 0, upperMs: lockPollMs + promotionMs, because: `${asks}; ${promotion}` }
  return {
    kill: freed,
    stop: freed,
    pause: { lowerMs: 0, upperMs: null, because: 'a stopped process keeps its lock, and no setting ends that' },
    'lock-loss': {
      lowerMs: 0,
      upperMs: 2 * lockPollMs + promotionMs,
      because: `${asks}, and its holder looks at it as often; ${promotion}`,
    },
  }
}
