import { readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Clock, systemClock } from '../../clock.ts'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem } from '../../folder.ts'
import { Lately } from '../live/lately.ts'
import type { EntryState, ShelfEntry } from './entry.ts'
import { parseStored, type Stored } from '../../drill/report/compare/stored-result.ts'
import { parseStoredThreshold } from '../../drill/report/compare/stored-threshold.ts'
import { parseSearch, type Search, SEARCH_FILE } from '../../drill/threshold/search-file.ts'
import { MOST_RESULT_BYTES, type ReadEntry, readEntry, RESULT_FILE } from './read-entry.ts'
import { servedAs } from './served-files.ts'
import { isPlainName, openShelfFile, readWhole, type ShelfFile } from './shelf-file.ts'

/** What the shelf holds at a time. */
export interface ShelfListing {
  /** The newest first. */
  readonly entries: readonly ShelfEntry[]
  /** How many folders were left out, those whose names come first; 0 as a rule. */
  readonly leftOut: number
}

export interface ShelfQuery {
  /** Defaults to any. */
  readonly lab?: string | undefined
  readonly state?: EntryState | undefined
}

export interface ShelfOptions {
  readonly clock?: Clock
  /** How many folders are looked at; drills that are named by their time are the latest. Defaults to 5,000. */
  readonly mostFolders?: number
}

const MOST_FOLDERS = 5_000
const MOST_FILES = 200
const AT_A_TIME = 16
/** Several viewers who look at once cost one look. */
const FRESH_MS = 2_000

/**
 * The folder that drills, suites and searches leave theirs in, such as `drills`. What was read of a folder is kept until
 * its files change, so that a list of a thousand costs a look at each and no more.
 */
export class DrillShelf {
  readonly #folder: string
  readonly #clock: Clock
  readonly #most: number
  readonly #known = new Map<string, ReadEntry>()
  readonly #lately: Lately<ShelfListing>

  constructor(folder: string, { clock = systemClock, mostFolders = MOST_FOLDERS }: ShelfOptions = {}) {
    this.#folder = folder
    this.#clock = clock
    this.#most = mostFolders
    this.#lately = new Lately(clock, FRESH_MS)
  }

  /** As it was given. */
  get folder(): string {
    return this.#folder
  }

  /** @throws UnderstudyError `storage` where the folder cannot be read; one that is not there yet is empty. */
  list(): Promise<ShelfListing> {
    return this.#lately.ask('', () => this.#list())
  }

  /** The latest that came to a verdict, the newest first. @throws UnderstudyError as {@link list} does. */
  async latest(limit: number): Promise<readonly ShelfEntry[]> {
    const { entries } = await this.list()
    return entries.filter(({ state }) => state === 'pass' || state === 'fail' || state === 'unknown').slice(0, limit)
  }

  /** One folder in a line; undefined where there is none, or it holds no drill. */
  async entry(name: string): Promise<ShelfEntry | undefined> {
    const root = await this.#root()
    if (root === undefined || !isPlainName(name) || !(await isFolderIn(root, name))) return undefined
    return (await readEntry(root, name, this.#clock.wallTime(), this.#known.get(name)))?.entry
  }

  /** The result of a drill or a suite in whole; undefined where there is none that can be read. */
  async result(name: string): Promise<Exclude<Stored, { readonly kind: 'wrong' }> | undefined> {
    const text = await this.#text([name, RESULT_FILE])
    const stored = text === undefined ? undefined : parseStored(text)
    return stored?.kind === 'wrong' ? undefined : stored
  }

  /** A search for the retry threshold in whole, likewise. */
  async search(name: string): Promise<Search | undefined> {
    const text = await this.#text([name, SEARCH_FILE])
    return text === undefined ? undefined : parseSearch(text)
  }

  /** The same, with all that a comparison relies on. */
  async comparableSearch(name: string): Promise<Search | undefined> {
    const text = await this.#text([name, SEARCH_FILE])
    const stored = text === undefined ? undefined : parseStoredThreshold(text)
    return stored && 'search' in stored ? stored.search : undefined
  }

  /** The files of a folder that can be had, those of its brokers last. */
  async files(name: string): Promise<readonly string[]> {
    const root = await this.#root()
    if (root === undefined || !isPlainName(name) || !(await isFolderIn(root, name))) return []
    const own = await filesIn(join(root, name))
    const logs = (await isFolderIn(root, `${name}/brokers`)) ? await filesIn(join(root, name, 'brokers')) : []
    const all = [...own.filter((file) => !file.endsWith('.log')), ...logs.map((file) => `brokers/${file}`)]
    return all.filter((file) => servedAs(basename(file)) !== undefined).slice(0, MOST_FILES)
  }

  /** A file in a folder of the shelf; undefined where there is none, or a link leads to it. Who asks closes it. */
  async open(steps: readonly string[]): Promise<ShelfFile | undefined> {
    const root = await this.#root()
    return root === undefined ? undefined : await openShelfFile(root, steps)
  }

  async #text(steps: readonly string[]): Promise<string | undefined> {
    const file = await this.open(steps)
    return file && (await readWhole(file, MOST_RESULT_BYTES))
  }

  async #list(): Promise<ShelfListing> {
    const root = await this.#root()
    if (root === undefined) return { entries: [], leftOut: 0 }
    const all = await this.#names(root)
    const names = all.slice(-this.#most)
    const kept = new Set(names)
    for (const name of this.#known.keys()) if (!kept.has(name)) this.#known.delete(name)
    const entries: ShelfEntry[] = []
    const now = this.#clock.wallTime()
    const left = names.values()
    const look = async (): Promise<void> => {
      for (const name of left) {
        const read = await readEntry(root, name, now, this.#known.get(name))
        if (read?.seal === undefined) this.#known.delete(name)
        else this.#known.set(name, read)
        if (read) entries.push(read.entry)
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, look))
    entries.sort((a, b) => b.at - a.at || (a.name < b.name ? 1 : -1))
    return { entries, leftOut: all.length - names.length }
  }

  async #names(root: string): Promise<readonly string[]> {
    try {
      const entries = await readdir(root, { withFileTypes: true })
      // A link may lead out of the folder.
      return entries.flatMap((entry) => (entry.isDirectory() ? entry.name : [])).toSorted()
    } catch (cause) {
      throw unreadable(this.#folder, cause)
    }
  }

  /** The folder's path without links; undefined while it is not there. */
  async #root(): Promise<string | undefined> {
    try {
      return await realpath(this.#folder)
    } catch (cause) {
      if ((cause as { readonly code?: unknown }).code === 'ENOENT') return undefined
      throw unreadable(this.#folder, cause)
    }
  }
}

/** Of these, what a query asks for. */
export function filterEntries(entries: readonly ShelfEntry[], { lab, state }: ShelfQuery): readonly ShelfEntry[] {
  return entries.filter(
    (entry) =>
      (lab === undefined || entry.lab.split(', ').includes(lab)) && (state === undefined || entry.state === state),
  )
}

async function filesIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.flatMap((entry) => (entry.isFile() ? entry.name : [])).toSorted()
  } catch {
    return []
  }
}

async function isFolderIn(root: string, name: string): Promise<boolean> {
  try {
    const path = `${root}/${name}`
    // The root has no links, so one that is not its own real path is one, or leads over one.
    return (await realpath(path)) === path
  } catch {
    return false
  }
}

function unreadable(folder: string, cause: unknown): UnderstudyError {
  return new UnderstudyError('storage', `the folder of drills ${folder} cannot be read: ${fileProblem(cause)}`, {
    cause,
  })
}
