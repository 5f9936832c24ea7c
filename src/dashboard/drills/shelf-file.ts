import { constants } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of the shelf that is open; whoever asked for it closes it. */
export interface ShelfFile {
  readonly handle: FileHandle
  readonly size: number
  readonly mtimeMs: number
}

// A run of a suite lies two folders down, and its brokers' logs one more.
const MOST_STEPS = 5
const LONGEST_NAME = 255

/** Whether a name may stand for one file or folder, and for nothing above or beside it. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.length <= LONGEST_NAME && !/[/\\\0]/.test(name)
}

/**
 * Opens a regular file under `root`, a path without links; undefined where there is none. No link is followed, in the
 * file's name or in a folder on the way, so that nothing outside of the root can be had.
 */
export async function openShelfFile(root: string, steps: readonly string[]): Promise<ShelfFile | undefined> {
  if (steps.length === 0 || steps.length > MOST_STEPS || !steps.every(isPlainName)) return undefined
  const path = join(root, ...steps)
  let handle: FileHandle | undefined
  try {
    if ((await realpath(path)) !== path) return undefined
    // What is no file, such as a pipe, would hold an open for reading up.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const [held, named] = await Promise.all([handle.stat(), lstat(path)])
    // Between the two looks a folder on the way may have become a link.
    const same = held.ino === named.ino && held.dev === named.dev && (await realpath(path)) === path
    if (held.isFile() && same) return { handle, size: held.size, mtimeMs: held.mtimeMs }
  } catch {
    // What cannot be read is as good as not there: the page says so.
  }
  await handle?.close().catch(() => undefined)
  return undefined
}

/** The text of a whole file that is no longer than `mostBytes`; undefined otherwise. Closes it. */
export async function readWhole({ handle, size }: ShelfFile, mostBytes: number): Promise<string | undefined> {
  try {
    return size > mostBytes ? undefined : (await readFrom(handle, 0, size)).toString('utf8')
  } finally {
    await handle.close()
  }
}

/** The first bytes of a file, as text. */
export async function readHead({ handle, size }: ShelfFile, bytes: number): Promise<string> {
  return (await readFrom(handle, 0, Math.min(bytes, size))).toString('utf8')
}

async function readFrom(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, from + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
