import { DatabaseSync } from 'node:sqlite'
import { UnderstudyError } from '../../src/errors.ts'
import { inodeOf } from '../inode.ts'
import { fileError, isBusy } from './sqlite.ts'

interface OpenFile {
  readonly database: DatabaseSync
  /** Which file the path named when it was opened. */
  readonly inode: number
}

/**
 * The one lock that a pair of brokers shares: an open `BEGIN EXCLUSIVE` on an empty SQLite file. It is a
 * lock of the operating system, so that it ends with its holder's process, however that ended, and is kept
 * by a process that is merely stopped. Nothing is ever written to the file.
 *
 * Nobody may open the file by other means within the holder's process: closing any descriptor of a file
 * drops every POSIX lock that the process has on it.
 */
export class SharedLock {
  readonly path: string
  #file: OpenFile | undefined
  #held = false

  constructor(path: string) {
    this.path = path
  }

  /**
   * Takes the lock if it is free. Does not wait.
   *
   * @throws UnderstudyError when the file cannot serve as a lock: no permission, not an SQLite file.
   */
  tryAcquire(): boolean {
    try {
      // A file that was deleted or replaced has another inode, and its lock would exclude nobody.
      if (this.#file !== undefined && !this.#isCurrent(this.#file)) this.release()
      this.#file ??= this.#open()
      this.#file.database.exec('BEGIN EXCLUSIVE')
      this.#held = true
      if (this.#isCurrent(this.#file)) return true
      this.release()
      return false
    } catch (error) {
      if (isBusy(error)) return false
      this.release()
      throw fileError('invalid-option', this.path, error)
    }
  }

  /**
   * @throws UnderstudyError `link-lost` when the lock excludes nobody any more, because its file is gone or is
   * another one. Costs one `stat`.
   */
  assertHeld(): void {
    if (!this.#held || this.#file === undefined || !this.#isCurrent(this.#file)) {
      throw new UnderstudyError('link-lost', `the lock is lost: ${this.path} is gone or was replaced`)
    }
  }

  /** Gives the lock up, or stops asking for it. May be called twice. */
  release(): void {
    this.#held = false
    this.#file?.database.close()
    this.#file = undefined
  }

  #open(): OpenFile {
    const database = new DatabaseSync(this.path, { timeout: 0 })
    try {
      // Nothing is written, so no journal is wanted: one that a killed holder left would only raise questions.
      database.exec('PRAGMA journal_mode = MEMORY')
    } catch (error) {
      database.close()
      throw error
    }
    const inode = inodeOf(this.path)
    if (inode === undefined) {
      database.close()
      throw new UnderstudyError('link-lost', `${this.path} vanished while it was opened`)
    }
    return { database, inode }
  }

  #isCurrent(file: OpenFile): boolean {
    return inodeOf(this.path) === file.inode
  }
}
