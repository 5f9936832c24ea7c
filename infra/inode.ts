import { statSync } from 'node:fs'

/** Which file a path names now; undefined when it names none. */
export function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
