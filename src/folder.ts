import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from './errors.ts'

/**
 * Creates a folder with its parents, where they are missing, with `mode` (defaults to the process's own).
 * Node's own `recursive` never returns where the system answers ENOENT, as in /proc.
 *
 * @throws what the system says, such as EACCES or ENOTDIR.
 */
export function makeFolder(path: string, mode?: number): void {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) makeFolder(parent, mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Another command may have been faster.
    if (!existsSync(path)) throw error
  }
}

/** Why a file could not be used, without the path, which Node's own text repeats: `ENOENT: no such file …`. */
export function fileProblem(cause: unknown): string {
  return messageOf(cause).replace(/, \w+ '.*$/, '')
}
