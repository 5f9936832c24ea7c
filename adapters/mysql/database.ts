import { type Clock, type Random, sleep } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { TlsSettings } from '../../src/transport/tls-settings.ts'
import type { MysqlAddress } from './address.ts'
import { Connections } from './connections.ts'
import { Deadlines } from './deadlines.ts'
import { loadMysqlDriver, type MysqlConnection, type SqlChange, type SqlValue } from './driver.ts'
import { classify, isCollision, isLost, LateError } from './errors.ts'
import { makeTables, type Statement } from './schema.ts'

const MOST_BYTES = 'SELECT @@max_allowed_packet AS most'
const MOST_COLLISIONS = 10
const MOST_WAITING = 10_000

/** Whatever the server's own settings are: what the statements here are written for. */
const SESSION = [
  "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 10",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
]

export interface DatabaseOptions {
  readonly address: MysqlAddress
  readonly tls: TlsSettings | undefined
  readonly clock: Clock
  readonly random: Random
  /** How many connections at a time. */
  readonly connections: number
  /** How long a statement may take, waiting for a connection not counted. */
  readonly withinMs: number
}

/** A database whose tables are made at the first use. Every method throws UnderstudyError `storage`, or `closed`. */
export class Database {
  readonly #options: DatabaseOptions
  readonly #connections: Connections
  readonly #deadlines: Deadlines
  #opening: Promise<void> | undefined
  #isClosed = false
  #running = 0
  #whenIdle: (() => void) | undefined

  constructor(options: DatabaseOptions) {
    this.#options = options
    this.#deadlines = new Deadlines(options.clock, options.withinMs)
    this.#connections = new Connections({
      dial: () => this.#dial(),
      clock: options.clock,
      most: options.connections,
      mostWaiting: MOST_WAITING,
      withinMs: options.withinMs,
      name: options.address.shown,
    })
  }

  /** Makes what is missing of the tables, once. One that failed is tried again by the next call. */
  open(): Promise<void> {
    this.#opening ??= this.#lend(async (connection) => {
      await makeTables(async (sql, values = []) => (await this.#ask(connection, sql, values)) as never)
    }, false).catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** Rows of a statement that changes nothing. Asked again where its connection was lost unnoticed. */
  async rows<Row>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return (await this.#run(sql, values, true)) as Row[]
  }

  /** A statement that may be carried out twice as well as once. */
  async settle(sql: string, values: readonly SqlValue[] = []): Promise<SqlChange> {
    return (await this.#run(sql, values, true)) as SqlChange
  }

  /** {@link settle} for a statement with a large value. */
  async settleLarge(sql: string, values: readonly SqlValue[]): Promise<void> {
    await this.open()
    const bytes = values.reduce<number>((sum, value) => sum + sizeOf(value), sql.length)
    await this.#lend(async (connection) => {
      const [[row]] = (await this.#bound(connection.query(MOST_BYTES, []))) as [{ most: number }[], unknown]
      // Told by the server in the middle of the statement, the driver does not understand it.
      if (row !== undefined && bytes >= row.most) throw this.#tooLarge()
      await this.#bound(connection.execute(sql, [...values]))
    }, true)
  }

  /** A statement that must be carried out once at the most. */
  async change(sql: string, values: readonly SqlValue[] = []): Promise<SqlChange> {
    return (await this.#run(sql, values, false)) as SqlChange
  }

  /** Statements that are carried out together or not at all, and again where they collided with others. */
  async transaction<Answer>(action: (ask: Statement) => Promise<Answer>): Promise<Answer> {
    await this.open()
    return await this.#lend(async (connection) => {
      const ask: Statement = async (sql, values = []) => (await this.#ask(connection, sql, values)) as never
      await ask('START TRANSACTION')
      try {
        const answer = await action(ask)
        await ask('COMMIT')
        return answer
      } catch (error) {
        // On a connection that was lost there is nothing to take back.
        if (!isLost(error)) await ask('ROLLBACK')
        throw error
      }
    }, false)
  }

  /** What is under way is waited for; what has not ended by then is broken off. May be called twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#connections.close()
    await this.#opening?.catch(() => {})
    await this.#idle()
    this.#connections.destroy()
  }

  async #idle(): Promise<void> {
    if (this.#running === 0) return
    const idle = new AbortController()
    this.#whenIdle = () => idle.abort()
    await sleep(this.#options.clock, this.#options.withinMs, idle.signal).catch(() => {})
  }

  async #run(sql: string, values: readonly SqlValue[], again: boolean): Promise<unknown> {
    await this.open()
    return await this.#lend((connection) => this.#ask(connection, sql, values), again)
  }

  async #lend<Answer>(use: (connection: MysqlConnection) => Promise<Answer>, again: boolean): Promise<Answer> {
    this.#running += 1
    try {
      return await this.#attempt(use, again)
    } catch (error) {
      throw classify(error, this.#options.address)
    } finally {
      this.#running -= 1
      if (this.#running === 0) this.#whenIdle?.()
    }
  }

  async #attempt<Answer>(use: (connection: MysqlConnection) => Promise<Answer>, again: boolean): Promise<Answer> {
    for (let collisions = 0; ; ) {
      const { connection, isUsed } = await this.#connections.take()
      try {
        const answer = await use(connection)
        this.#connections.give(connection)
        return answer
      } catch (error) {
        if (isLost(error)) {
          this.#connections.drop(connection)
          // As after the night of an idle connection. A new one fails only if the server is really away.
          if (again && isUsed && !(error instanceof LateError)) continue
          throw error
        }
        this.#connections.give(connection)
        collisions += 1
        if (!isCollision(error) || collisions === MOST_COLLISIONS) throw error
      }
      // Whoever collided must not meet again in the same step.
      await sleep(this.#options.clock, this.#options.random() * 10 * collisions)
    }
  }

  async #dial(): Promise<MysqlConnection> {
    const { address, tls, withinMs } = this.#options
    const connect = await loadMysqlDriver()
    const connection = await connect(address, tls, withinMs)
    connection.on('error', () => {})
    try {
      for (const sql of SESSION) await this.#ask(connection, sql, [])
    } catch (error) {
      connection.destroy()
      throw error
    }
    return connection
  }

  async #ask(connection: MysqlConnection, sql: string, values: readonly SqlValue[]): Promise<unknown> {
    const [answer] = await this.#bound(connection.query(sql, [...values]))
    return answer
  }

  async #bound<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const { address } = this.#options
    return await this.#deadlines.bound(answer, () => new LateError(`${address.shown} did not answer in time`))
  }

  #tooLarge(): UnderstudyError {
    const message = `${this.#options.address.shown} takes no statement of this size (max_allowed_packet)`
    return new UnderstudyError('storage', message)
  }
}

/** Of a value on the wire, with what stands before it. */
function sizeOf(value: SqlValue): number {
  if (value instanceof Buffer) return value.byteLength + 9
  return typeof value === 'string' ? Buffer.byteLength(value) + 9 : 9
}
