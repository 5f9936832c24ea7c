import type { Aim } from '../../src/drill/fault.ts'
import type { SignalControl } from '../../src/drill/process-faults.ts'
import { inodeOf } from '../inode.ts'

/** How a broker loses the file that it holds its lock by. */
export interface LockFileTheft extends Pick<Aim, 'finding'> {
  readonly file: string
  /** Takes the file away under its holder: afterwards the path names another one, or none. */
  readonly take: () => void
  /** What proves it, as a clause. */
  readonly proven: string
  /** As `Aim.heal`; not asked unless the file was taken. */
  readonly heal: Aim['heal']
}

/** The lock file of that node, which must hold it: nothing is taken yet. */
export function aimAtLockFile(processes: SignalControl, node: string, theft: LockFileTheft): Aim {
  const { file, take, proven, finding, heal } = theft
  const inode = inodeOf(file)
  let injected = false
  return {
    target: node,
    endpoint: processes.nodes.find(({ name }) => name === node)?.endpoint ?? null,
    done: 'robbed of its lock file',
    finding,
    inject: () => {
      injected = true
      take()
      return Promise.resolve()
    },
    proof: () => Promise.resolve(inodeOf(file) === inode ? undefined : proven),
    heal: async () => (injected ? await heal() : undefined),
  }
}
