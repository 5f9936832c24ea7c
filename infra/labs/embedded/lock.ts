import { performance } from 'node:perf_hooks'
import { sleep, systemClock } from '../../../src/clock.ts'
import type { Marker, Watch } from '../../../src/drill/broker-control.ts'
import { type Holder, readHolder } from '../../embedded/holder.ts'
import { parseLogLine } from '../../embedded/log.ts'
import type { LabFolder } from '../lab-folder.ts'
import { followLines } from '../log-lines.ts'
import { processState } from '../processes/process-identity.ts'

const LOOK_EVERY_MS = 10

/** The node whose process holds the lock. The note of a holder that is gone counts for nothing. */
export function holdingNode(folder: LabFolder): string | undefined {
  return livingHolder(folder)?.name
}

/** Watches the lock change hands: in the holder's note beside the lock, and in the brokers' own logs. */
export async function watchHolder(folder: LabFolder, onMarker: (marker: Marker) => void): Promise<Watch> {
  const stop = new AbortController()
  const logs = await Promise.all(
    folder.read().nodes.map(async (node) => {
      return await followLines(folder.log(node), (line) => {
        const entry = parseLogLine(line)
        if (entry?.event !== 'lock-acquired' && entry?.event !== 'lock-released') return
        const detail = entry.event === 'lock-released' ? `lock released: ${entry.reason}` : 'lock acquired'
        onMarker({ kind: entry.event, node, source: 'log', wall: entry.at, toleranceMs: 1, detail })
      })
    }),
  )
  const running = watchNote(folder, onMarker, stop.signal)
  return {
    close: async () => {
      stop.abort()
      await Promise.all([running, ...logs.map(async (log) => await log.close())])
    },
  }
}

async function watchNote(folder: LabFolder, onMarker: (marker: Marker) => void, signal: AbortSignal): Promise<void> {
  let before = livingHolder(folder)
  let lookedAt = performance.now()
  while (!signal.aborted) {
    await sleep(systemClock, LOOK_EVERY_MS, signal).catch(() => {})
    if (signal.aborted) return
    const now = livingHolder(folder)
    const gapMs = performance.now() - lookedAt
    lookedAt = performance.now()
    if (before !== undefined && before.at !== now?.at) {
      const detail = `the lock of broker ${before.name} is free`
      onMarker({
        kind: 'lock-released',
        node: before.name,
        source: 'lock file',
        wall: Date.now(),
        toleranceMs: gapMs,
        detail,
      })
    }
    if (now !== undefined && before?.at !== now.at) {
      // The note carries the time at which the lock was taken.
      const detail = `broker ${now.name} holds the lock`
      onMarker({ kind: 'lock-acquired', node: now.name, source: 'lock file', wall: now.at, toleranceMs: 1, detail })
    }
    before = now
  }
}

function livingHolder(folder: LabFolder): Holder | undefined {
  const holder = readHolder(folder.at('data'))
  const identity = holder === undefined ? undefined : processOfHolder(folder, holder)
  return identity === undefined || processState(identity) === 'gone' ? undefined : holder
}

function processOfHolder(folder: LabFolder, { name, pid }: Holder): { pid: number; startedAt: string } | undefined {
  try {
    const identity = folder.read().processes[name]?.identity
    return identity?.pid === pid ? identity : undefined
  } catch {
    // The lab is being taken down.
    return undefined
  }
}
