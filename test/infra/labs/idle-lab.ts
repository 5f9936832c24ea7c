import type { LabKind } from '../../../infra/labs/lab.ts'
import { nodeControl } from '../../../infra/labs/processes/node-control.ts'
import { spawnProcess } from '../../../infra/labs/processes/spawn-process.ts'

const IDLE = { file: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] }

/** A lab of two processes that do nothing. `failAt` makes putting it up fail when the second is due. */
export function idleLab(options: { failAt?: 'b'; beforeB?: (signal: AbortSignal) => Promise<void> } = {}): LabKind {
  return {
    name: 'idle',
    description: 'two processes that do nothing',
    faultNames: [],
    availability: () => ({ available: true, detail: 'idle' }),
    blueprint: () => ({ nodes: ['a', 'b'], otherPorts: [], scheme: 'stomp', product: 'idle', settings: {} }),
    start: async (folder, { signal, step }) => {
      await step('a', async () => spawnProcess(folder, 'a', IDLE))
      await options.beforeB?.(signal)
      await step('b', async () => {
        if (options.failAt === 'b') throw new Error('b does not start')
        spawnProcess(folder, 'b', IDLE)
      })
    },
    control: (folder) => ({
      ...nodeControl(folder),
      lab: 'idle',
      faults: [],
      credentials: undefined,
      slowestPeriodMs: 0,
      slowestTakeoverMs: 0,
      settings: {},
      files: [folder.log('a')],
      active: async () => 'a',
      start: async (node) => void spawnProcess(folder, node, IDLE),
      watch: async () => ({ close: async () => {} }),
    }),
  }
}
