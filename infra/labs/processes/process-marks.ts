import { readFileSync, readdirSync } from 'node:fs'
import { type ProcessIdentity, identify } from './process-identity.ts'

/** Environment variables that every process of a lab carries, so that it can be found without its lab. */
export const LAB_MARK = 'UNDERSTUDY_LAB'
export const ROOT_MARK = 'UNDERSTUDY_LAB_ROOT'
export const OWNER_MARK = 'UNDERSTUDY_LAB_OWNER'

/** A process that belongs to a lab by its own environment. */
export interface MarkedProcess {
  readonly identity: ProcessIdentity
  readonly lab: string
  readonly owner: ProcessIdentity | null
}

export function ownerMark(owner: ProcessIdentity | null): string {
  return owner === null ? 'nobody' : `${owner.pid}/${owner.startedAt}`
}

/**
 * Every process of a lab under this root, by their environments. On systems without `/proc` none: there
 * the labs' own records must do.
 */
export function findMarkedProcesses(root: string): MarkedProcess[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => marked(Number(pid), root) ?? [])
}

function marked(pid: number, root: string): MarkedProcess | undefined {
  const environment = environmentOf(pid)
  if (!environment.includes(`\0${LAB_MARK}=`)) return undefined
  const value = (name: string): string | undefined => {
    const start = environment.indexOf(`\0${name}=`)
    if (start === -1) return undefined
    return environment.slice(start + name.length + 2, environment.indexOf('\0', start + 1))
  }
  const lab = value(LAB_MARK)
  const identity = identify(pid)
  if (lab === undefined || identity === undefined || value(ROOT_MARK) !== root) return undefined
  return { identity, lab, owner: parseOwner(value(OWNER_MARK)) }
}

function environmentOf(pid: number): string {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'utf8')}\0`
  } catch {
    // Gone meanwhile, or of another user.
    return ''
  }
}

function parseOwner(mark: string | undefined): ProcessIdentity | null {
  const match = /^(\d+)\/(.+)$/.exec(mark ?? '')
  return match?.[1] === undefined || match[2] === undefined ? null : { pid: Number(match[1]), startedAt: match[2] }
}
