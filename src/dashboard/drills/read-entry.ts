import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseStored } from '../../drill/report/compare/stored-result.ts'
import { parseSearch, type Search, SEARCH_FILE } from '../../drill/threshold/search-file.ts'
import {
  entryOfBroken,
  entryOfDrill,
  entryOfHistory,
  entryOfSearch,
  entryOfSuite,
  hasRunsLeft,
  type ShelfEntry,
} from './entry.ts'
import { openShelfFile, readHead, readWhole } from './shelf-file.ts'

export const RESULT_FILE = 'result.json'
export const HISTORY_FILE = 'events.jsonl'
export const REPORT_FILE = 'report.html'

/** What was read of one folder, and what it was read from: as long as that is the same, it need not be read again. */
export interface ReadEntry {
  readonly entry: ShelfEntry
  /** Undefined for what may change with time alone. */
  readonly seal: string | undefined
}

/** A suite of hundreds of runs has some; no page is worth more. */
export const MOST_RESULT_BYTES: number = 16 * 2 ** 20
const RUN_LINE_BYTES = 64 * 1024
/** A history is written to several times a second, and a drill's brokers take a while to come up and to be judged. */
const QUIET_MS = 60_000
/** A search writes after each trial, a suite after each run, which may take minutes; its runs' histories tell more. */
const QUIET_BETWEEN_MS = 10 * 60_000
const MOST_QUIET_TRIALS = 4
const MOST_RUNS_LOOKED_AT = 100

/** What a folder of the shelf holds; undefined where that is no drill at all, and for what a link leads to. */
export async function readEntry(
  root: string,
  name: string,
  now: number,
  known: ReadEntry | undefined,
): Promise<ReadEntry | undefined> {
  const folder = join(root, name)
  const result = await statOf(join(folder, RESULT_FILE))
  if (result) return await readResult(root, name, result, now, known)
  const [search, history] = await Promise.all([SEARCH_FILE, HISTORY_FILE].map((file) => statOf(join(folder, file))))
  if (search) return await readSearchOf(root, name, search, now, known)
  if (history) return await readHistoryOf(root, name, history, now)
  return await readRunsOnly(folder, name, now)
}

async function readResult(
  root: string,
  name: string,
  stats: Stats,
  now: number,
  known: ReadEntry | undefined,
): Promise<ReadEntry> {
  const seal = sealOf(stats)
  if (known?.seal === seal) return known
  const broken = (wrong: string): ReadEntry => ({ entry: entryOfBroken(name, 'drill', stats.mtimeMs, wrong), seal })
  const text = await textOf(root, [name, RESULT_FILE])
  if (text === null) return broken(`Its ${RESULT_FILE} is longer than ${MOST_RESULT_BYTES / 2 ** 20} MiB.`)
  if (text === undefined) return { ...broken(`Its ${RESULT_FILE} cannot be read.`), seal: undefined }
  const stored = parseStored(text)
  if (stored.kind === 'wrong') return broken(`Its ${RESULT_FILE} ${stored.wrong}.`)
  if (stored.kind === 'drill') return { entry: entryOfDrill(name, stored.result, stats.mtimeMs), seal }
  if (!hasRunsLeft(stored.suite)) return { entry: entryOfSuite(name, stored.suite, stats.mtimeMs, false), seal }
  const isRunning = await isWrittenTo(join(root, name), stats.mtimeMs, now)
  return { entry: entryOfSuite(name, stored.suite, stats.mtimeMs, isRunning), seal: isRunning ? undefined : seal }
}

async function readSearchOf(
  root: string,
  name: string,
  stats: Stats,
  now: number,
  known: ReadEntry | undefined,
): Promise<ReadEntry> {
  const report = await statOf(join(root, name, REPORT_FILE))
  const ended = report !== undefined && report.mtimeMs >= stats.mtimeMs
  const seal = `${sealOf(stats)} ${String(ended)}`
  if (known?.seal === seal) return known
  const text = await textOf(root, [name, SEARCH_FILE])
  const search = typeof text === 'string' ? parseSearch(text) : undefined
  if (search) {
    const isRunning = !ended && now - stats.mtimeMs < quietOf(search)
    const entry = entryOfSearch(name, search, stats.mtimeMs, { ended, isRunning })
    return { entry, seal: isRunning ? undefined : seal }
  }
  const wrong = `Its ${SEARCH_FILE} is no search of schema 1, or too long.`
  return { entry: entryOfBroken(name, 'threshold', stats.mtimeMs, wrong), seal }
}

/** How long a search that goes on may write nothing: some of its own trials, and a lab that is put up anew. */
function quietOf({ trials, spentMs }: Search): number {
  if (trials.length === 0) return QUIET_BETWEEN_MS
  return Math.min(QUIET_BETWEEN_MS, QUIET_MS + (MOST_QUIET_TRIALS * spentMs) / trials.length)
}

async function readHistoryOf(root: string, name: string, stats: Stats, now: number): Promise<ReadEntry> {
  const run = await runLineOf(root, [name, HISTORY_FILE])
  const beganAt = run?.beganAt ?? (stats.birthtimeMs || stats.mtimeMs)
  const isRunning = now - stats.mtimeMs < (stats.size === 0 ? QUIET_BETWEEN_MS : QUIET_MS)
  return { entry: entryOfHistory(name, { lab: '', fault: '', ...run, beganAt }, isRunning), seal: undefined }
}

/** A suite that has not ended its first run, or a search before its first trial. */
async function readRunsOnly(folder: string, name: string, now: number): Promise<ReadEntry | undefined> {
  const stats = await statOf(folder, 'directory')
  if (!stats || !(await isWrittenTo(folder, 0, now))) return undefined
  const entry = entryOfHistory(name, { lab: '', fault: '', beganAt: stats.birthtimeMs || stats.mtimeMs }, true)
  return { entry: { ...entry, kind: 'suite', says: 'Its first run is under way.' }, seal: undefined }
}

/** What the first line of a history says; undefined where it has none yet, or none that can be read. */
async function runLineOf(
  root: string,
  steps: readonly string[],
): Promise<{ readonly lab: string; readonly fault: string; readonly beganAt: number } | undefined> {
  const file = await openShelfFile(root, steps)
  if (!file) return undefined
  try {
    const [line = ''] = (await readHead(file, RUN_LINE_BYTES)).split('\n', 1)
    const { type, lab, fault, wall } = JSON.parse(line) as Readonly<Record<string, unknown>>
    if (type !== 'run' || typeof lab !== 'string' || typeof fault !== 'string' || typeof wall !== 'number')
      return undefined
    return { lab, fault, beganAt: wall }
  } catch {
    return undefined
  } finally {
    await file.handle.close()
  }
}

/** Whether a suite, or the history of one of its runs, was written to a short while ago. */
async function isWrittenTo(folder: string, writtenAt: number, now: number): Promise<boolean> {
  if (now - writtenAt < QUIET_MS) return true
  for (const drill of (await foldersIn(folder)).slice(-MOST_RUNS_LOOKED_AT)) {
    const run = (await foldersIn(join(folder, drill))).at(-1)
    const history = run === undefined ? undefined : await statOf(join(folder, drill, run, HISTORY_FILE))
    if (history && now - history.mtimeMs < QUIET_BETWEEN_MS) return true
  }
  return false
}

async function foldersIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.flatMap((entry) => (entry.isDirectory() ? entry.name : [])).toSorted()
  } catch {
    return []
  }
}

/** Null for a file that is too long, undefined for none. */
async function textOf(root: string, steps: readonly string[]): Promise<string | null | undefined> {
  const file = await openShelfFile(root, steps)
  return file && ((await readWhole(file, MOST_RESULT_BYTES)) ?? null)
}

async function statOf(path: string, kind: 'file' | 'directory' = 'file'): Promise<Stats | undefined> {
  try {
    const stats = await lstat(path)
    return (kind === 'file' ? stats.isFile() : stats.isDirectory()) ? stats : undefined
  } catch {
    return undefined
  }
}

function sealOf({ mtimeMs, size, ino }: Stats): string {
  return `${mtimeMs} ${size} ${ino}`
}
