import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem, makeFolder } from '../../folder.ts'

/** What a drill writes beside its history, once it is over. */
const LEFT_BEHIND = ['result.json', 'report.html', 'junit.xml'] as const

/**
 * Creates the folder, takes away what an earlier drill left there and proves that it can be written to,
 * before any broker is started.
 */
export function prepareFolder(path: string): void {
  attempt(path, 'cannot be made', () => makeFolder(path))
  attempt(path, 'cannot be written to', () => {
    for (const name of LEFT_BEHIND) rmSync(join(path, name), { force: true })
    writeFileSync(join(path, 'events.jsonl'), '')
  })
}

/** Creates a folder that was not there before: two drills of one second must not share theirs. */
export function newFolder(wanted: string): string {
  return attempt(wanted, 'cannot be made', () => {
    makeFolder(dirname(wanted))
    for (let copy = 1; ; copy++) {
      const path = copy === 1 ? wanted : `${wanted}-${copy}`
      try {
        mkdirSync(path)
        return path
      } catch (error) {
        if (!existsSync(path)) throw error
      }
    }
  })
}

/** A name for a folder that says when and what: `20260301-101500-embedded-kill`. */
export function stampedFolder(what: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${slug(what)}`
}

/** A text as a part of a file's name. */
export function slug(text: string): string {
  return text.replaceAll(/[^a-z0-9.-]+/gi, '_').slice(0, 80)
}

/** Removes the folder of a drill that wrote nothing, such as one whose lab did not come up. */
export function removeUnused(path: string): void {
  const events = join(path, 'events.jsonl')
  if (readdirSync(path).length > 1 || statSync(events).size > 0) return
  rmSync(events)
  rmdirSync(path)
}

/** Whether there is a folder at that path. What is wrong with it otherwise is told when it is read. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function attempt<Value>(path: string, failed: string, action: () => Value): Value {
  try {
    return action()
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `option --out: ${shown(path)} ${failed}: ${fileProblem(cause)}`, {
      cause,
    })
  }
}

/** The folder could be written to when the drill began, so what is wrong now is no bad argument. */
export function save(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (cause) {
    throw new UnderstudyError('storage', `cannot write ${shown(path)}: ${fileProblem(cause)}`, { cause })
  }
}

/** A path as the user would write it from here. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}

/** Reads the value of an option. An empty one is a variable that was not set, and would be the folder one stands in. */
export function namedFolder(path: string): string {
  if (path === '') throw new InvalidArgumentError('It names no folder.')
  return path
}
