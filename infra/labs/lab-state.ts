import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnderstudyError } from '../../src/errors.ts'
import type { LabNetwork } from '../netns/network.ts'
import type { ProcessIdentity } from './processes/process-identity.ts'

/** A process of a lab, written down before it is started: `identity` is null until it is known. */
export interface ProcessRecord {
  readonly identity: ProcessIdentity | null
}

/** `lab.json`: all that another process needs to find a running lab, to use it and to end it. */
export interface LabState {
  readonly schema: 1
  /** Unique among the labs of a root, such as `embedded-1f2e3d4c`. Also the folder's name. */
  readonly id: string
  readonly lab: string
  /** ISO 8601. */
  readonly createdAt: string
  /** Whether it outlives the process that put it up, until somebody takes it down. */
  readonly stays: boolean
  /**
   * The process that the lab lives and dies with; null for one that stays. While such a lab is being
   * put up it still belongs to the process that does so.
   */
  readonly owner: ProcessIdentity | null
  /** Whether it was put up completely. */
  readonly ready: boolean
  /** The brokers' names, in the order of the failover URI. */
  readonly nodes: readonly string[]
  /** The URI scheme that the nodes speak, such as `stomp`. */
  readonly scheme: string
  /** What each node is and its version. */
  readonly product: string
  /** By name: the brokers and what they lean on, such as `database`. */
  readonly ports: Readonly<Record<string, number>>
  readonly processes: Readonly<Record<string, ProcessRecord>>
  /** Where there are network namespaces; left out where everything is at 127.0.0.1. */
  readonly network?: LabNetwork
  readonly settings: Readonly<Record<string, string | number>>
  /** How long each step of putting it up took, in milliseconds. */
  readonly timings: Readonly<Record<string, number>>
}

const FILE = 'lab.json'

/**
 * @throws UnderstudyError `unsupported` when there is no lab in the folder or another version of the
 * package wrote it.
 */
export function readLabState(folder: string): LabState {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(join(folder, FILE), 'utf8'))
  } catch (cause) {
    throw new UnderstudyError('unsupported', `no running lab in ${folder}`, { cause })
  }
  if (!isLabState(value)) {
    throw new UnderstudyError('unsupported', `${join(folder, FILE)} was written by another version of understudy`)
  }
  return value
}

/** Whole or not at all: a reader never sees half a file, and a crash never leaves one. */
export function writeLabState(folder: string, state: LabState): void {
  const draft = join(folder, `${FILE}.${process.pid}`)
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, join(folder, FILE))
}

function isLabState(value: unknown): value is LabState {
  if (typeof value !== 'object' || value === null) return false
  const state = value as Partial<LabState>
  return (
    state.schema === 1 &&
    typeof state.id === 'string' &&
    typeof state.lab === 'string' &&
    Array.isArray(state.nodes) &&
    typeof state.ports === 'object' &&
    typeof state.processes === 'object'
  )
}
