import { performance } from 'node:perf_hooks'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sleep, systemClock } from '../../../src/clock.ts'
import type { Marker, Watch } from '../../../src/drill/broker-control.ts'
import { type BrokerRole, startBroker } from './broker.ts'
import type { BrokerProgram } from './installation.ts'
import { textSince, watchLogs } from './lock.ts'
import type { LabFolder } from '../lab-folder.ts'
import { sizeOf } from '../log-lines.ts'

/** How a broker's log says that it waits for the lock. */
const WAITING_LINE = 'in slave mode waiting a lock'
/**
 * ActiveMQ's file locker is silent when it gets the lock. This is the first that a broker says which only
 * the holder can: it has opened the store.
 */
const STORE_OPENED_LINE = 'KahaDB is version'
// The journal's recovery lies between the lock and that line: the lock file itself is finer.
const STORE_OPENED_TOLERANCE_MS = 1000
const LOOK_EVERY_MS = 10
const ALL_LOCKS = '/proc/locks'

/** The directory that the brokers share. */
export function storeDirectory(folder: LabFolder): string {
  return folder.at('kahadb')
}

/** The file whose lock decides who serves. */
export function lockFile(folder: LabFolder): string {
  return join(storeDirectory(folder), 'lock')
}

/**
 * Why nobody can tell here who holds the lock; undefined where the system names the holders of its file locks.
 */
export function missingForLock(): string | undefined {
  try {
    readFileSync(ALL_LOCKS)
    return undefined
  } catch {
    return `this system does not name the holders of its file locks (${ALL_LOCKS})`
  }
}

/**
 * The processes that hold a POSIX lock for writing on the file of that inode, from the text of `/proc/locks`.
 * The device is left aside: file systems that are made of others name it differently there.
 */
export function holdersOf(locks: string, inode: number): number[] {
  return locks.split('\n').flatMap((line) => {
    // Such as `2: POSIX  ADVISORY  WRITE 7836 fe:00:2238179 0 EOF`; one that waits has an arrow before its kind.
    const match = /^\d+: POSIX\s+\S+\s+WRITE (\d+) [\da-f]+:[\da-f]+:(\d+) /.exec(line)
    return match?.[1] !== undefined && Number(match[2]) === inode ? [Number(match[1])] : []
  })
}

/** The node whose process holds the lock of the shared directory, by the operating system's own list. */
export function holdingNode(folder: LabFolder): string | undefined {
  const file = statSync(lockFile(folder), { throwIfNoEntry: false })
  if (file === undefined) return undefined
  const pids = holdersOf(readFileSync(ALL_LOCKS, 'latin1'), file.ino)
  const { nodes, processes } = folder.read()
  return nodes.find((node) => pids.includes(processes[node]?.identity?.pid ?? -1))
}

/**
 * Starts one broker, and returns once it holds the lock or says that it waits for it.
 *
 * @throws what `startBroker` throws.
 */
export async function startKahadbBroker(
  folder: LabFolder,
  node: string,
  program: BrokerProgram,
  signal: AbortSignal | undefined,
): Promise<BrokerRole> {
  const logged = await sizeOf(folder.log(node))
  const roleOf = async (): Promise<BrokerRole | undefined> => {
    if (holdingNode(folder) === node) return 'holder'
    return (await textSince(folder.log(node), logged)).includes(WAITING_LINE) ? 'waiting' : undefined
  }
  return await startBroker(folder, node, program, roleOf, signal)
}

/** Watches the lock change hands, in the operating system's list of locks and in the brokers' own logs. */
export async function watchBrokers(folder: LabFolder, onMarker: (marker: Marker) => void): Promise<Watch> {
  const stop = new AbortController()
  const fromLogs = await watchLogs(folder, ({ node, wall, text }) => {
    if (!text.includes(STORE_OPENED_LINE)) return
    const detail = `broker ${node} has opened the store`
    onMarker({ kind: 'lock-acquired', node, source: 'log', wall, toleranceMs: STORE_OPENED_TOLERANCE_MS, detail })
  })
  const running = watchLock(folder, onMarker, stop.signal)
  return {
    close: async () => {
      stop.abort()
      await Promise.all([running, fromLogs.close()])
    },
  }
}

async function watchLock(folder: LabFolder, onMarker: (marker: Marker) => void, signal: AbortSignal): Promise<void> {
  let before = holdingNode(folder)
  let lookedAt = performance.now()
  while (!signal.aborted) {
    await sleep(systemClock, LOOK_EVERY_MS, signal).catch(() => {})
    if (signal.aborted) return
    const began = performance.now()
    const now = lookAgain(folder)
    const seen = { source: 'lock file', wall: Date.now(), toleranceMs: performance.now() - lookedAt } as const
    lookedAt = began
    if (now === before) continue
    if (before !== undefined) {
      onMarker({ ...seen, kind: 'lock-released', node: before, detail: `broker ${before} no longer locks the store` })
    }
    if (now !== undefined) {
      onMarker({ ...seen, kind: 'lock-acquired', node: now, detail: `broker ${now} locks the store` })
    }
    before = now
  }
}

function lookAgain(folder: LabFolder): string | undefined {
  try {
    return holdingNode(folder)
  } catch {
    // The lab is being taken down.
    return undefined
  }
}
