import { readdirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What this process holds, in bytes, right after a garbage collection. */
export interface MemorySample {
  readonly heapBytes: number
  /** Bodies and sockets' buffers, which lie outside the heap. */
  readonly arrayBufferBytes: number
  readonly rssBytes: number
  /** What keeps the process alive, by kind, and `open files` where the system lists them. */
  readonly resources: Readonly<Record<string, number>>
}

let collect: (() => void) | undefined

/** Collects garbage, then looks. */
export async function sampleMemory(): Promise<MemorySample> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  // What waited for a finalizer is free after another round.
  await setImmediate()
  collect()
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo().filter(lasts)) resources[kind] = (resources[kind] ?? 0) + 1
  const files = openFiles()
  return {
    heapBytes: heapUsed,
    arrayBufferBytes: arrayBuffers,
    rssBytes: rss,
    resources: files === undefined ? resources : { ...resources, 'open files': files },
  }
}

/** Not what is over within the turn, or with the request that it stands for. */
function lasts(kind: string): boolean {
  return kind !== 'Immediate' && !kind.includes('Req')
}

function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}
