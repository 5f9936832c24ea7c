import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { UnderstudyError } from '../../src/errors.ts'
import { fileProblem, makeFolder } from '../../src/folder.ts'
import { type LabState, type ProcessRecord, readLabState, writeLabState } from './lab-state.ts'
import { ownIdentity } from './processes/process-identity.ts'

/** The folder of one running lab: configuration, data, logs and its state. */
export interface LabFolder {
  readonly root: string
  readonly path: string
  readonly id: string
  /** The state as it stands on disk now. */
  read(): LabState
  /** Changes the state on disk. */
  update(change: (state: LabState) => Partial<LabState>): LabState
  record(name: string, process: ProcessRecord): void
  /** A path inside the folder. */
  at(...parts: string[]): string
  log(name: string): string
}

/**
 * Where the labs of this user live: `UNDERSTUDY_LABS`, or `understudy-labs-<uid>` in the system's
 * temporary folder. It is created, readable by this user only.
 *
 * @throws UnderstudyError `invalid-option` when it belongs to somebody else or cannot be created.
 */
export function labRoot(root?: string): string {
  const path = root ?? process.env['UNDERSTUDY_LABS'] ?? join(tmpdir(), `understudy-labs-${userInfo().uid}`)
  try {
    makeFolder(path, 0o700)
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `the labs' folder ${path} cannot be created: ${fileProblem(cause)}`, {
      cause,
    })
  }
  const found = lstatSync(path)
  // In a temporary folder that everybody may write to, somebody else may have been first.
  if (!found.isDirectory() || found.uid !== userInfo().uid) {
    throw new UnderstudyError('invalid-option', `the labs' folder ${path} is not a folder of this user`)
  }
  // As processes of the labs carry it: in one spelling.
  return realpathSync(path)
}

/** Creates a lab's folder with its first state: it appears complete, under its final name. */
export function createLabFolder(
  root: string,
  lab: string,
  first: Pick<LabState, 'stays' | 'nodes' | 'scheme' | 'product' | 'ports' | 'settings'>,
): LabFolder {
  const id = `${lab}-${randomBytes(4).toString('hex')}`
  const draft = join(root, `.new-${id}`)
  mkdirSync(draft, { mode: 0o700 })
  writeLabState(draft, {
    schema: 1,
    id,
    lab,
    createdAt: new Date().toISOString(),
    owner: ownIdentity(),
    ready: false,
    ...first,
    processes: {},
    timings: {},
  })
  renameSync(draft, join(root, id))
  return openLabFolder(root, id)
}

export function openLabFolder(root: string, id: string): LabFolder {
  const path = join(root, id)
  const read = (): LabState => readLabState(path)
  const update = (change: (state: LabState) => Partial<LabState>): LabState => {
    const before = read()
    const after = { ...before, ...change(before) }
    writeLabState(path, after)
    return after
  }
  return {
    root,
    path,
    id,
    read,
    update,
    record: (name, process) => {
      update((state) => ({ processes: { ...state.processes, [name]: process } }))
    },
    at: (...parts) => join(path, ...parts),
    log: (name) => join(path, `${name}.log`),
  }
}

/** Every lab under the root that has a state, running or left behind. */
export function listLabFolders(root: string): LabFolder[] {
  return readdirSync(root)
    .filter((name) => !name.startsWith('.') && existsSync(join(root, name, 'lab.json')))
    .sort()
    .map((name) => openLabFolder(root, name))
}

/** The state as it stands on disk now; undefined where the lab was taken down meanwhile, or is of another version. */
export function stateOf(folder: LabFolder): LabState | undefined {
  try {
    return folder.read()
  } catch {
    return undefined
  }
}

/**
 * The ports of every lab under the root, in use or not: a node that is down wants its own again, and a standby's port is
 * not open yet, so that asking the system is not enough.
 */
export function portsOfLabs(root: string): Set<number> {
  return new Set(listLabFolders(root).flatMap((folder) => Object.values(stateOf(folder)?.ports ?? {})))
}

/** What a crash left before a lab's folder had its name: no process was started from it. */
export function removeDrafts(root: string): void {
  for (const name of readdirSync(root)) {
    const path = join(root, name)
    if (!name.startsWith('.new-')) continue
    try {
      if (Date.now() - lstatSync(path).mtimeMs > 60_000) rmSync(path, { recursive: true, force: true })
    } catch {
      // Its maker was faster.
    }
  }
}
