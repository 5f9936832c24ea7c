import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What `holder.json` says: who last took the lock of a pair. */
export interface Holder {
  readonly name: string
  readonly pid: number
  readonly port: number
  /** Wall time in milliseconds at which it took the lock. */
  readonly at: number
}

const FILE = 'holder.json'

/**
 * Writes the file whole or not at all. Only the holder of the lock calls this. The file is a note for those who
 * look on, and the truth stays with the lock: a killed holder's note stays until the next one's.
 */
export function writeHolder(dir: string, holder: Holder): void {
  const draft = join(dir, `${FILE}.${holder.pid}`)
  writeFileSync(draft, `${JSON.stringify(holder)}\n`)
  renameSync(draft, join(dir, FILE))
}

/** Removes the note; to be called while the lock is still held. */
export function removeHolder(dir: string): void {
  rmSync(join(dir, FILE), { force: true })
}

/**
 * Who last took the lock, without asking for it; undefined when nobody did or the last one left in order.
 * The process named may be gone: check its pid before believing that it serves.
 */
export function readHolder(dir: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, FILE), 'utf8')) as Holder
  } catch {
    return undefined
  }
}
