import { UnderstudyError } from '../../errors.ts'
import type { Ledger } from './ledger.ts'

/** How much a ledger in memory remembers. */
export interface MemoryLedgerOptions {
  /** How many runs are remembered; past it the eldest is forgotten. Defaults to 100,000. */
  readonly maxRuns?: number
}

interface Known {
  finished: boolean
  starts: number
}

/**
 * A ledger in memory, for the life of the process and of constant size: it keeps a redelivered job from running twice
 * in this process, and knows nothing of other processes or of workers that died.
 *
 * @throws UnderstudyError `invalid-option` for a bound that is not a whole number from 1 to 10,000,000.
 */
export function memoryLedger({ maxRuns = 100_000 }: MemoryLedgerOptions = {}): Ledger {
  if (!Number.isInteger(maxRuns) || maxRuns < 1 || maxRuns > 10_000_000)
    throw new UnderstudyError('invalid-option', `maxRuns must be a whole number from 1 to 10,000,000, not ${maxRuns}`)
  // A Map keeps the order in which its keys came.
  const runs = new Map<string, Known>()
  let isOpen = true
  const known = (run: string): Known => {
    if (!isOpen) throw new UnderstudyError('closed', 'the ledger was closed')
    let entry = runs.get(run)
    if (entry === undefined) {
      if (runs.size >= maxRuns) {
        const eldest = runs.keys().next().value
        if (eldest !== undefined) runs.delete(eldest)
      }
      entry = { finished: false, starts: 0 }
      runs.set(run, entry)
    }
    return entry
  }
  const close = async (): Promise<void> => {
    isOpen = false
    runs.clear()
  }
  return {
    kind: 'memory',
    open: async () => {
      isOpen = true
    },
    begin: async (run) => {
      const entry = known(run)
      entry.starts++
      return { finished: entry.finished, starts: entry.starts }
    },
    finish: async (run) => {
      known(run).finished = true
    },
    interrupted: async (run) => {
      const entry = runs.get(run)
      if (entry && entry.starts > 0) entry.starts--
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
