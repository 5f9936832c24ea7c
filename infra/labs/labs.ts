import { existsSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { performance } from 'node:perf_hooks'
import { abortReason } from '../../src/clock.ts'
import type { BrokerControl } from '../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { fileProblem } from '../../src/folder.ts'
import { activemqJdbc } from './activemq/jdbc.ts'
import { activemqJdbcNetns } from './activemq/jdbc-netns.ts'
import { activemqJdbcLease } from './activemq/jdbc-lease.ts'
import { activemqKahadb } from './activemq/kahadb.ts'
import { embedded } from './embedded/pair.ts'
import { reservePorts } from './free-ports.ts'
import type { Availability, Lab, LabKind, UpContext } from './lab.ts'
import { type LabFolder, createLabFolder, labRoot, listLabFolders, portsOfLabs, stateOf } from './lab-folder.ts'
import { checkLoopback } from './loopback.ts'
import { endLab, endOrphans, isOrphan } from './processes/orphans.ts'
import { rabbitmqQuorumNetns } from './rabbitmq/quorum-netns.ts'
import { rabbitmqClassic, rabbitmqQuorum } from './rabbitmq/cluster.ts'
import {
  rabbitmqClassicHaproxy,
  rabbitmqClassicHaproxyPlain,
  rabbitmqQuorumHaproxy,
  rabbitmqQuorumHaproxyPlain,
} from './rabbitmq/haproxy.ts'

interface LabListing {
  readonly name: string
  readonly description: string
  /** What can be done to its brokers, beside what can be done to the path to any. */
  readonly faults: readonly string[]
  readonly availability: Availability
}

/** A lab that is on disk: whole or half, owned by a living process, by a dead one, or by nobody. */
interface FoundLab {
  readonly id: string
  readonly name: string
  readonly owner: 'nobody' | 'a running process' | 'a process that is gone'
  /** Whether it was put up completely, and its owner lives. */
  readonly usable: boolean
}

interface UpOptions {
  /** Whether the lab outlives this process, until somebody takes it down. Defaults to false. */
  readonly stays?: boolean
  /** Gives up and removes what was started. */
  readonly signal?: AbortSignal
  /** Called with one line at the start of each step. */
  readonly onProgress?: (line: string) => void
}

/** Every lab that this package has, and those that run. */
export interface Labs {
  list(): LabListing[]
  /**
   * What can be done to the brokers of that lab, which need not be up.
   *
   * @throws UnderstudyError `invalid-option` for an unknown name.
   */
  faultNames(name: string): readonly string[]
  /**
   * Puts up a lab. What crashed runs left behind is ended first.
   *
   * @throws UnderstudyError `invalid-option` for an unknown name, `unsupported` when it cannot run here
   * or a broker did not start, with the broker's own last words.
   */
  up(name: string, options?: UpOptions): Promise<Lab>
  /** The labs that are up, in no particular order. */
  running(): FoundLab[]
  /**
   * A lab that is up already, by its name or id; without one the only lab that stays.
   *
   * @throws UnderstudyError `unsupported` when there is none, `invalid-option` when there are several.
   */
  attach(nameOrId?: string): Lab
  /**
   * Takes down every lab that a crashed run left behind, and the labs of that name or id that stay;
   * without one every lab that stays. Returns the ids of what was ended.
   *
   * @throws UnderstudyError `invalid-option` for a name that is neither a lab nor the id of one that is up,
   * `unsupported` for a lab that a running process owns.
   */
  down(nameOrId?: string): Promise<string[]>
}

const KINDS: readonly LabKind[] = [
  embedded,
  activemqJdbc,
  activemqJdbcLease,
  activemqKahadb,
  rabbitmqQuorum,
  rabbitmqClassic,
  rabbitmqQuorumHaproxy,
  rabbitmqQuorumHaproxyPlain,
  rabbitmqClassicHaproxy,
  rabbitmqClassicHaproxyPlain,
  rabbitmqQuorumNetns,
  activemqJdbcNetns,
]

interface LabsOptions {
  /** Where the labs live. Defaults to that of `labRoot`. */
  readonly root?: string
  /** Defaults to all that there are. */
  readonly kinds?: readonly LabKind[]
  /** What this program is called in the commands that an error or a remedy names. Defaults to `understudy`. */
  readonly understudy?: string
}

/** The labs under a root. */
export function createLabs(options: LabsOptions = {}): Labs {
  const kinds = options.kinds ?? KINDS
  const understudy = options.understudy ?? 'understudy'
  const root = (): string => labRoot(options.root)
  const kindOf = (name: string): LabKind => {
    const kind = kinds.find((candidate) => candidate.name === name)
    if (kind !== undefined) return kind
    const known = kinds.map((candidate) => candidate.name).join(', ')
    throw new UnderstudyError('invalid-option', `there is no lab ${JSON.stringify(name)}; there are ${known}`)
  }
  const availabilityOf = (kind: LabKind): Availability => {
    return hasSignals() ? kind.availability(understudy) : NO_SIGNALS
  }
  const attachTo = (folder: LabFolder): Lab => {
    const { lab, ready } = folder.read()
    if (!ready) throw new UnderstudyError('unsupported', `lab ${folder.id} is not up completely`)
    return toLab(folder, kindOf(lab))
  }
  return {
    list: () => {
      return kinds.map((kind) => ({
        name: kind.name,
        description: kind.description,
        faults: kind.faultNames,
        availability: availabilityOf(kind),
      }))
    },
    faultNames: (name) => kindOf(name).faultNames,
    up: async (name, upOptions = {}) => {
      const kind = kindOf(name)
      const availability = availabilityOf(kind)
      if (!availability.available) {
        const why = `lab ${name} cannot run here: ${availability.reason}; ${availability.remedy}`
        throw new UnderstudyError('unsupported', why)
      }
      await checkLoopback()
      for (const id of await endOrphans(root(), { unreachable: false })) {
        upOptions.onProgress?.(`ended ${id}, left behind by a crashed run`)
      }
      const { folder, release } = await putUp(root(), kind, upOptions)
      const lab = attachTo(folder)
      return {
        ...lab,
        down: async () => {
          await lab.down()
          await release()
        },
      }
    },
    running: () => listLabFolders(root()).flatMap((folder) => describe(folder) ?? []),
    attach: (nameOrId) => attachTo(pick(root(), nameOrId, understudy)),
    down: async (nameOrId) => {
      const ended = await endOrphans(root(), { unreachable: true })
      const found = listLabFolders(root()).filter((folder) => isCalled(folder, nameOrId))
      const owned = found.filter((folder) => stateOf(folder)?.owner !== null)
      const staying = found.filter((folder) => !owned.includes(folder))
      for (const folder of staying) {
        await endLab(folder)
        ended.push(folder.id)
      }
      if (nameOrId !== undefined && ended.length === 0) {
        const [first] = owned
        if (first !== undefined) throw new UnderstudyError('unsupported', belongsTo(first))
        kindOf(nameOrId)
      }
      return ended
    },
  }
}

const NO_SIGNALS: Availability = {
  available: false,
  reason: 'brokers are paused and killed by POSIX signals, which this system does not have',
  remedy: 'use Linux or macOS',
}

function hasSignals(): boolean {
  return process.platform !== 'win32'
}

interface PutUp {
  readonly folder: LabFolder
  /** Its ports may be given to others: once it is down for good. */
  readonly release: () => Promise<void>
}

async function putUp(root: string, kind: LabKind, options: UpOptions): Promise<PutUp> {
  const { otherPorts, nodes, ...rest } = kind.blueprint()
  const names = [...nodes, ...otherPorts]
  const { ports: numbers, release } = await reservePorts(names.length, portsOfLabs(root))
  const ports = Object.fromEntries(names.map((name, index) => [name, numbers[index] ?? 0]))
  const stays = options.stays ?? false
  try {
    const folder = createLabFolder(root, kind.name, { stays, nodes, ports, ...rest })
    const signal = options.signal ?? new AbortController().signal
    try {
      await kind.start(folder, upContext(folder, signal, options.onProgress))
      folder.update(({ owner }) => ({ ready: true, owner: stays ? null : owner }))
      return { folder, release }
    } catch (error) {
      await endLab(folder)
      throw error
    }
  } catch (error) {
    await release()
    throw error
  }
}

function upContext(folder: LabFolder, signal: AbortSignal, onProgress?: (line: string) => void): UpContext {
  return {
    signal,
    step: async (name, action) => {
      if (signal.aborted) throw abortReason(signal)
      onProgress?.(name)
      const began = performance.now()
      const result = await action()
      const ms = Math.round(performance.now() - began)
      folder.update((state) => ({ timings: { ...state.timings, [name]: ms } }))
      return result
    },
  }
}

function describe(folder: LabFolder): FoundLab | undefined {
  const state = stateOf(folder)
  if (state === undefined) return undefined
  const owner = state.owner === null ? 'nobody' : isOrphan(state) ? 'a process that is gone' : 'a running process'
  return { id: folder.id, name: state.lab, owner, usable: state.ready && !isOrphan(state) }
}

function isCalled(folder: LabFolder, nameOrId: string | undefined): boolean {
  const state = stateOf(folder)
  return state !== undefined && (nameOrId === undefined || folder.id === nameOrId || state.lab === nameOrId)
}

function pick(root: string, nameOrId: string | undefined, understudy: string): LabFolder {
  const found = listLabFolders(root).filter((folder) => isCalled(folder, nameOrId))
  const exact = found.find((folder) => folder.id === nameOrId)
  if (exact !== undefined) return exact
  // A lab of a running drill is meant only when it is named by its id.
  const staying = found.filter((folder) => folder.read().owner === null)
  const [only, another] = staying
  if (only === undefined) throw new UnderstudyError('unsupported', noSuchLab(nameOrId, understudy))
  if (another === undefined) return only
  const ids = staying.map((folder) => folder.id).join(', ')
  throw new UnderstudyError('invalid-option', `several labs are up, name one by its id: ${ids}`)
}

function noSuchLab(nameOrId: string | undefined, understudy: string): string {
  const which = nameOrId === undefined ? 'no lab is up' : `no lab ${JSON.stringify(nameOrId)} is up`
  return `${which}; \`${understudy} lab up NAME\` starts one`
}

function belongsTo(folder: LabFolder): string {
  return `lab ${folder.id} belongs to a running process, pid ${folder.read().owner?.pid}; it ends with that`
}

function toLab(folder: LabFolder, kind: LabKind): Lab {
  const { id, stays, timings } = folder.read()
  const broker = kind.control(folder)
  return {
    ...broker,
    id,
    folder: folder.path,
    owned: !stays,
    failoverUri: failoverUri(broker),
    timings,
    pid: (node) => folder.read().processes[node]?.identity?.pid,
    collect: async (directory) => await collect(folder, broker.files, directory),
    down: async () => await endLab(folder),
  }
}

function failoverUri({ nodes, entrances, clientOptions }: BrokerControl): string {
  const options = new URLSearchParams({ ...clientOptions }).toString()
  return `failover:(${(entrances ?? nodes).map(({ endpoint }) => endpoint).join(',')})${options === '' ? '' : `?${options}`}`
}

async function collect(folder: LabFolder, files: readonly string[], directory: string): Promise<string[]> {
  try {
    return await copyAll(folder, files, directory)
  } catch (cause) {
    const why = fileProblem(cause)
    throw new UnderstudyError('storage', `cannot keep the brokers' files in ${directory}: ${why}`, { cause })
  }
}

async function copyAll(folder: LabFolder, files: readonly string[], directory: string): Promise<string[]> {
  await mkdir(directory, { recursive: true })
  const kept: string[] = []
  for (const file of files) {
    // A broker that was never started has no log.
    if (!existsSync(file)) continue
    const name = relative(folder.path, file).replaceAll(sep, '-')
    await copyFile(file, join(directory, name))
    kept.push(name)
  }
  return kept
}
