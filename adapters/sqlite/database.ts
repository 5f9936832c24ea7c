import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type * as Sqlite from 'node:sqlite'
import { UnderstudyError } from '../../src/errors.ts'
import { isBusy } from './errors.ts'
import { networkFileSystem } from './network-folder.ts'
import { APPLICATION_ID, MIGRATIONS } from './schema.ts'

/** How long a process waits for another one's change of the same file. A change of ours takes milliseconds. */
const BUSY_MS = 10_000

export interface DatabaseOptions {
  readonly path: string
  /** Whether it is for changes, each begun by {@link beginChange}, and not for reads. */
  readonly changes: boolean
  /** Whether what was committed is to outlive a power cut, and not only a crash of the process. */
  readonly outlivesPowerCut: boolean
}

/**
 * Opens the file and makes what is missing in it. Several processes may do so at once.
 *
 * @throws UnderstudyError `storage` for a file of something else, or of a newer version, or on a network file system;
 * what node:sqlite throws for the rest.
 */
export function openDatabase({ path, changes, outlivesPowerCut }: DatabaseOptions): DatabaseSync {
  refuseNetwork(path)
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(path)
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
    checkOwner(database, path)
    useWriteAheadLog(database)
    database.exec(`PRAGMA synchronous = ${outlivesPowerCut ? 'FULL' : 'NORMAL'}`)
    database.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; PRAGMA journal_size_limit = 67108864')
    migrate(database, path)
    // From here on beginChange waits, and nothing else has to.
    if (changes) database.exec('PRAGMA busy_timeout = 0')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Node 22 warns that SQLite is an experiment. Its user chose a store, not a module: this thread keeps it quiet. */
function loadSqlite(): typeof Sqlite {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

function refuseNetwork(path: string): void {
  let type: number
  try {
    type = statfsSync(dirname(path)).type
  } catch {
    // A folder that is missing is SQLite's to refuse.
    return
  }
  const name = process.platform === 'linux' ? networkFileSystem(type) : undefined
  if (name === undefined) return
  const message = `the SQLite file ${path}: it is on ${name}, and SQLite serves one host only; use MySQL or MariaDB for several`
  throw new UnderstudyError('storage', message)
}

function checkOwner(database: DatabaseSync, path: string): void {
  const version = pragma(database, 'user_version')
  if (pragma(database, 'application_id') === APPLICATION_ID) {
    if (version <= MIGRATIONS.length) return
    const message = `the SQLite file ${path}: a newer understudy-mq wrote it (version ${version}, this one knows ${MIGRATIONS.length})`
    throw new UnderstudyError('storage', message)
  }
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {}
  if (tables !== 0 || version !== 0)
    throw new UnderstudyError('storage', `the SQLite file ${path}: it is the database of something else`)
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}

/** The switch needs the file for itself, and SQLite does not wait for that however long its busy timeout is. */
function useWriteAheadLog(database: DatabaseSync): void {
  const mode = (sql: string): unknown => database.prepare(sql).get()?.['journal_mode']
  whenFree(() => {
    // Nothing to do, and no lock to take, once anybody has done it.
    if (mode('PRAGMA journal_mode') === 'wal') return
    const now = mode('PRAGMA journal_mode = WAL')
    if (now !== 'wal') throw new Error(`its write-ahead log cannot be switched on, its journal is ${String(now)}`)
  })
}

/**
 * Begins a change. SQLite itself would look every 100 ms after a while, and among processes that take turns within
 * milliseconds the one that waits longest would come last.
 */
export function beginChange(database: DatabaseSync): void {
  whenFree(() => database.exec('BEGIN IMMEDIATE'))
}

function whenFree(action: () => void): void {
  const deadline = Date.now() + BUSY_MS
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (let waitMs = 0.5; ; waitMs = Math.min(waitMs * 1.5, 8)) {
    try {
      action()
      return
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error
    }
    Atomics.wait(sleeper, 0, 0, waitMs * (0.5 + Math.random()))
  }
}

function migrate(database: DatabaseSync, path: string): void {
  if (pragma(database, 'user_version') === MIGRATIONS.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have been faster.
    checkOwner(database, path)
    const from = pragma(database, 'user_version')
    for (const step of MIGRATIONS.slice(from)) database.exec(step)
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`)
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
