import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { UnderstudyError } from '../../../src/errors.ts'
import { removeNetwork } from '../../netns/network.ts'
import { type LabFolder, listLabFolders, removeDrafts } from '../lab-folder.ts'
import { type LabState, readLabState } from '../lab-state.ts'
import { type ProcessIdentity, processState, signalProcess } from './process-identity.ts'
import { findMarkedProcesses } from './process-marks.ts'
import { waitUntil } from '../wait-until.ts'

const GONE_WITHIN_MS = 15_000

/**
 * Ends every process of a lab and removes its network and its folder. SIGKILL at once, for paused processes too: what
 * they would still write is thrown away in the same breath, and a broker that is asked to leave first
 * hands over to its standby.
 *
 * @throws UnderstudyError `deadline` when a process withstands it, `unsupported` when the network cannot be removed.
 */
export async function endLab(folder: LabFolder): Promise<void> {
  await endProcesses(() => [...recorded(folder), ...markedWith(folder.root, folder.id)], folder.id)
  await removeNetwork(folder.id)
  await rm(folder.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

/** Whether the process that a lab was to live and die with is gone. */
export function isOrphan(state: LabState): boolean {
  return state.owner !== null && processState(state.owner) === 'gone'
}

/**
 * Ends what crashed runs left behind under this root: labs whose owner is gone, and processes whose lab
 * has no folder any more. A lab that stays on purpose has no owner and is left alone; only where
 * `unreachable` is set its processes are ended too, if its folder is gone and nobody can use it.
 *
 * @returns the ids of the labs that were ended.
 */
export async function endOrphans(root: string, options: { unreachable: boolean }): Promise<string[]> {
  removeDrafts(root)
  const ended = new Set<string>()
  for (const folder of listLabFolders(root)) {
    if (!isOrphanFolder(folder)) continue
    await endLab(folder)
    ended.add(folder.id)
  }
  // Processes first: a lab has its folder before its first process.
  const marked = findMarkedProcesses(root)
  const known = new Set(readdirSync(root))
  for (const { lab, owner } of marked) {
    if (known.has(lab) || ended.has(lab)) continue
    if (owner === null ? !options.unreachable : processState(owner) !== 'gone') continue
    await endProcesses(() => markedWith(root, lab), lab)
    await removeNetwork(lab)
    ended.add(lab)
  }
  return [...ended]
}

function isOrphanFolder(folder: LabFolder): boolean {
  try {
    return isOrphan(readLabState(folder.path))
  } catch {
    // Gone meanwhile, or of another version: not ours to judge.
    return false
  }
}

async function endProcesses(find: () => ProcessIdentity[], id: string): Promise<void> {
  await waitUntil(
    () => {
      const left = find().filter((identity) => processState(identity) !== 'gone')
      for (const identity of left) signalProcess(identity, 'SIGKILL')
      return left.length === 0 ? true : undefined
    },
    { what: `the end of every process of ${id}`, withinMs: GONE_WITHIN_MS, everyMs: 10 },
  ).catch((error: unknown) => {
    throw new UnderstudyError('deadline', `a process of ${id} withstood SIGKILL`, { cause: error })
  })
}

function recorded(folder: LabFolder): ProcessIdentity[] {
  try {
    return Object.values(folder.read().processes).flatMap(({ identity }) => identity ?? [])
  } catch {
    return []
  }
}

function markedWith(root: string, id: string): ProcessIdentity[] {
  return findMarkedProcesses(root).flatMap(({ lab, identity }) => (lab === id ? [identity] : []))
}
