import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import type { ProcessState } from '../../../src/drill/broker-control.ts'

/**
 * One process, and no other: a pid together with when it was started. A pid alone is given to another
 * process sooner or later, and that one must never get a signal from here.
 */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; the same for the same process on the same boot of the machine. */
  readonly startedAt: string
}

interface Snapshot {
  readonly startedAt: string
  readonly state: ProcessState
}

/** Who has this pid now; undefined when nobody has. */
export function identify(pid: number): ProcessIdentity | undefined {
  const found = look(pid)
  return found === undefined ? undefined : { pid, startedAt: found.startedAt }
}

/** This very process. */
export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, startedAt: 'unknown' }
}

/** What the operating system says of that process. One that only waits to be reaped is `gone`. */
export function processState(identity: ProcessIdentity): ProcessState {
  const found = look(identity.pid)
  return found === undefined || found.startedAt !== identity.startedAt ? 'gone' : found.state
}

/** Sends a signal to that process, and to no other that got its pid since. Returns whether it was sent. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (processState(identity) === 'gone') return false
  try {
    process.kill(identity.pid, signal)
    return true
  } catch {
    return false
  }
}

function look(pid: number): Snapshot | undefined {
  return process.platform === 'linux' ? lookInProc(pid) : askPs(pid)
}

function lookInProc(pid: number): Snapshot | undefined {
  const fields = statFields(`/proc/${pid}/stat`)
  const state = fields?.[0]
  const startTicks = fields?.[19]
  if (state === undefined || startTicks === undefined) return undefined
  return { startedAt: `${bootId()}:${startTicks}`, state: stateOf(pid, state) }
}

/** The fields after the command's name, which may itself hold blanks and brackets. */
function statFields(path: string): string[] | undefined {
  try {
    const text = readFileSync(path, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function stateOf(pid: number, letter: string): ProcessState {
  // The first thread may be a zombie or stopped while others still run, files and sockets open.
  if (letter === 'Z' || letter === 'X') return threadLetters(pid).length > 1 ? 'running' : 'gone'
  if (letter === 'T') return threadLetters(pid).every((thread) => thread === 'T') ? 'paused' : 'running'
  return 'running'
}

function threadLetters(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const letter = statFields(`/proc/${pid}/task/${thread}/stat`)?.[0]
      return letter === undefined ? [] : [letter]
    })
  } catch {
    return []
  }
}

let knownBootId: string | undefined

/** Ticks are counted from the boot, so that they say nothing without it. */
function bootId(): string {
  if (knownBootId === undefined) {
    try {
      knownBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8)
    } catch {
      knownBootId = 'boot'
    }
  }
  return knownBootId
}

function askPs(pid: number): Snapshot | undefined {
  const answer = spawnSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '/bin:/usr/bin', LC_ALL: 'C' },
    timeout: 2000,
  })
  const match = /^\s*(\S)\S*\s+(\S.*\S)\s*$/.exec(answer.stdout ?? '')
  const letter = match?.[1]
  const startedAt = match?.[2]
  if (letter === undefined || startedAt === undefined) return undefined
  return { startedAt, state: letter === 'Z' ? 'gone' : letter === 'T' ? 'paused' : 'running' }
}
