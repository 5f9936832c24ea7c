import { randomBytes } from 'node:crypto'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { QueuedMessage, QueueJournal } from '../../adapters/memory/queue-engine/queue-engine.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { StoredFrame } from './stored-frame.ts'
import { fileError, isBusy } from './sqlite.ts'

// 2: messages may have a delay.
const SCHEMA = 2

// synchronous=NORMAL: a commit hands its pages to the operating system and does not wait for the disk. What
// is committed survives the end of the process in any manner, SIGKILL included, because the page cache is not
// the process's. A power cut or a crash of the operating system may take back the commits since the last
// checkpoint, and never leaves the file corrupt. A pair on one machine guards against the first only.
//
// locking_mode=EXCLUSIVE: nobody else can open the messages while this process does. Should the lock file be
// deleted under a holder, there is still no second writer.
const SETUP = `
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
`

const TABLES = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
  sequence INTEGER PRIMARY KEY, queue TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, expires INTEGER,
  deliver INTEGER
);
CREATE TABLE IF NOT EXISTS dispatched (queue TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
`

/**
 * The durable half of a pair: every persistent message that stands in a queue. Changes are collected as the
 * engine reports them, and written in one transaction by {@link commit}.
 */
export class MessageStore implements QueueJournal<StoredFrame> {
  /** Tells this store from every other; part of each message id. */
  readonly id: string
  /** How often the store has been opened: the number of this holder. */
  readonly epoch: number
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #delete: StatementSync
  readonly #mark: StatementSync
  readonly #enqueued = new Map<number, { readonly queue: string; readonly message: QueuedMessage<StoredFrame> }>()
  readonly #removed: number[] = []
  readonly #dispatched = new Map<string, number>()

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path
    this.#database = database
    database.exec('BEGIN IMMEDIATE')
    database.exec(TABLES)
    let schema = this.#meta('schema', SCHEMA)
    if (schema === 1) {
      database.exec('ALTER TABLE messages ADD COLUMN deliver INTEGER')
      database.prepare('UPDATE meta SET value = ? WHERE key = ?').run(SCHEMA, 'schema')
      schema = SCHEMA
    }
    if (schema !== SCHEMA)
      throw new UnderstudyError('unsupported', `it has schema ${String(schema)}, known is ${SCHEMA}`)
    this.id = String(this.#meta('id', randomBytes(5).toString('hex')))
    this.epoch = Number(this.#meta('epoch', 0)) + 1
    database.prepare('UPDATE meta SET value = ? WHERE key = ?').run(this.epoch, 'epoch')
    database.exec('COMMIT')
    this.#insert = database.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM messages WHERE sequence = ?')
    this.#mark = database.prepare(
      'INSERT INTO dispatched VALUES (?, ?) ON CONFLICT (queue) DO UPDATE SET sequence = excluded.sequence',
    )
  }

  /**
   * Opens the store, or makes one.
   *
   * @returns undefined while another process has it open.
   * @throws UnderstudyError when the file cannot be used.
   */
  static open(path: string): MessageStore | undefined {
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(path, { timeout: 0 })
      database.exec(SETUP)
      return new MessageStore(path, database)
    } catch (error) {
      database?.close()
      if (isBusy(error)) return undefined
      throw fileError('invalid-option', path, error)
    }
  }

  /**
   * Calls `restore` with every message, in ascending order of sequence numbers. A message counts as
   * redelivered when it had been handed to a consumer, as far as its commit was reached.
   *
   * @returns the greatest sequence number that was ever used as far as the store knows, and how many came.
   * @throws UnderstudyError when one of them cannot be read. The store must not be used any more.
   */
  load(restore: (queue: string, message: QueuedMessage<StoredFrame>) => void): { last: number; messages: number } {
    try {
      return this.#load(restore)
    } catch (error) {
      throw fileError('invalid-option', this.#path, error)
    }
  }

  #load(restore: (queue: string, message: QueuedMessage<StoredFrame>) => void): { last: number; messages: number } {
    let last = 0
    let messages = 0
    const marks = new Map<string, number>()
    for (const row of this.#database.prepare('SELECT queue, sequence FROM dispatched').iterate()) {
      const sequence = Number(row['sequence'])
      marks.set(String(row['queue']), sequence)
      last = Math.max(last, sequence)
    }
    for (const row of this.#database.prepare('SELECT * FROM messages ORDER BY sequence').iterate()) {
      const sequence = Number(row['sequence'])
      const queue = String(row['queue'])
      const bytes = row['body'] as Uint8Array
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      restore(queue, {
        sequence,
        payload: { headers: JSON.parse(String(row['headers'])) as StoredFrame['headers'], body },
        sizeBytes: body.length,
        persistent: true,
        expiresAtMs: row['expires'] === null ? undefined : Number(row['expires']),
        deliverAtMs: row['deliver'] === null ? undefined : Number(row['deliver']),
        // What is delayed was overtaken by others, and nobody has seen it.
        redelivered: row['deliver'] === null && sequence <= (marks.get(queue) ?? 0),
      })
      last = Math.max(last, sequence)
      messages += 1
    }
    // A mark says nothing about an empty queue, and names come and go.
    this.#database.exec('DELETE FROM dispatched WHERE queue NOT IN (SELECT queue FROM messages)')
    return { last, messages }
  }

  enqueued(queue: string, message: QueuedMessage<StoredFrame>): void {
    this.#enqueued.set(message.sequence, { queue, message })
  }

  dispatched(queue: string, message: QueuedMessage<StoredFrame>): void {
    this.#dispatched.set(queue, message.sequence)
  }

  removed(_queue: string, message: QueuedMessage<StoredFrame>): void {
    // What came and went between two commits never needs to be written.
    if (!this.#enqueued.delete(message.sequence)) this.#removed.push(message.sequence)
  }

  /**
   * Makes everything reported so far durable, all of it or nothing.
   *
   * @throws UnderstudyError when it could not be written. The store must not be used any more.
   */
  commit(): void {
    if (this.#enqueued.size === 0 && this.#removed.length === 0 && this.#dispatched.size === 0) return
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      for (const [sequence, { queue, message }] of this.#enqueued) {
        const { headers, body } = message.payload
        const { expiresAtMs = null, deliverAtMs = null } = message
        this.#insert.run(sequence, queue, JSON.stringify(headers), body, expiresAtMs, deliverAtMs)
      }
      for (const sequence of this.#removed) this.#delete.run(sequence)
      for (const [queue, sequence] of this.#dispatched) this.#mark.run(queue, sequence)
      this.#database.exec('COMMIT')
    } catch (error) {
      throw fileError('rejected', this.#path, error)
    }
    this.#enqueued.clear()
    this.#removed.length = 0
    this.#dispatched.clear()
  }

  /** Closes the file. What was not committed is gone. */
  close(): void {
    this.#database.close()
  }

  #meta(key: string, initial: string | number): unknown {
    this.#database.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING').run(key, initial)
    return this.#database.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value']
  }
}
