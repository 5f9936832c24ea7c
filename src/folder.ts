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

/** Why a file could not be used, without its path: in words where it is one of the usual reasons. */
export function fileProblem(cause: unknown): string {
  const usual = cause instanceof Error && 'code' in cause ? USUAL[String(cause.code)] : undefined
  return usual ?? messageOf(cause).replace(/, \w+ '.*$/, '')
}

const USUAL: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'it is there already',
  EISDIR: 'it is a folder',
  ENOTDIR: 'part of the path is not a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file would become too large',
}
