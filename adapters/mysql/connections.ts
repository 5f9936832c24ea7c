import { type Clock, type Timer, sleep } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { MysqlConnection } from './driver.ts'

const GOODBYE_MS = 500

export interface ConnectionsOptions {
  /** Makes a connection that is ready for use. */
  readonly dial: () => Promise<MysqlConnection>
  readonly clock: Clock
  /** How many at a time. */
  readonly most: number
  /** How many may wait for one. */
  readonly mostWaiting: number
  /** How long each of them waits, in milliseconds. */
  readonly withinMs: number
  /** What they are connections to, for errors. */
  readonly name: string
}

/** A connection for one statement. */
export interface Lent {
  readonly connection: MysqlConnection
  /** Whether it was used before, so that it may have been lost since without a word. */
  readonly isUsed: boolean
}

interface Waiting {
  readonly until: number
  readonly resolve: (lent: Lent) => void
  readonly reject: (error: UnderstudyError) => void
}

/**
 * A bounded number of connections that are lent out. Where the pool of the driver waits for good, on a server that was
 * stopped or for a connection that did not come about, everything here ends in time.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #idle: MysqlConnection[] = []
  // Everyone that is open or being opened.
  readonly #alive = new Set<MysqlConnection>()
  readonly #waiting: Waiting[] = []
  #dialling = 0
  #isClosed = false
  #watch: Timer | undefined

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  /** @throws UnderstudyError `storage` when none was free in time, `closed`; and what `dial` throws. */
  async take(): Promise<Lent> {
    const { most, mostWaiting, clock, withinMs, name } = this.#options
    if (this.#isClosed) throw this.#closed()
    const connection = this.#idle.pop()
    if (connection !== undefined) return { connection, isUsed: true }
    if (this.#alive.size + this.#dialling < most) return { connection: await this.#dial(), isUsed: false }
    if (this.#waiting.length >= mostWaiting) {
      throw new UnderstudyError('storage', `${name}: ${mostWaiting} statements wait already`, { retriable: true })
    }
    return await new Promise<Lent>((resolve, reject) => {
      this.#waiting.push({ until: clock.now() + withinMs, resolve, reject })
      this.#watch ??= clock.after(withinMs, () => this.#look())
    })
  }

  give(connection: MysqlConnection): void {
    // It may have been lost just after its last answer.
    if (this.#isClosed || !this.#alive.has(connection)) {
      this.drop(connection)
      return
    }
    const next = this.#next()
    if (next === undefined) this.#idle.push(connection)
    else next.resolve({ connection, isUsed: true })
  }

  /** For one that is of no use any more. */
  drop(connection: MysqlConnection): void {
    this.#forget(connection)
    connection.destroy()
    this.#replace()
  }

  /** Ends all that are idle in order, and those that are lent out when they come back. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#watch?.cancel()
    for (const { reject } of this.#waiting.splice(0)) reject(this.#closed())
    await Promise.all(this.#idle.splice(0).map((connection) => this.#sayGoodbye(connection)))
  }

  /** Ends those too that are lent out; what they do fails. */
  destroy(): void {
    for (const connection of this.#alive) connection.destroy()
    this.#alive.clear()
  }

  async #dial(): Promise<MysqlConnection> {
    this.#dialling += 1
    try {
      const connection = await this.#options.dial()
      if (this.#isClosed) {
        connection.destroy()
        throw this.#closed()
      }
      this.#alive.add(connection)
      // One that nobody uses is lost without anybody asking.
      connection.on('error', () => this.#forget(connection))
      connection.on('end', () => this.#forget(connection))
      return connection
    } finally {
      this.#dialling -= 1
    }
  }

  #forget(connection: MysqlConnection): void {
    this.#alive.delete(connection)
    const index = this.#idle.indexOf(connection)
    if (index !== -1) this.#idle.splice(index, 1)
  }

  /** Somebody waits for the place that became free. */
  #replace(): void {
    const next = this.#isClosed ? undefined : this.#next()
    if (next === undefined) return
    this.#dial().then(
      (connection) => next.resolve({ connection, isUsed: false }),
      (error: unknown) => {
        next.reject(error as UnderstudyError)
        // Those behind it would fare alike, and each is told so.
        this.#replace()
      },
    )
  }

  #next(): Waiting | undefined {
    const next = this.#waiting.shift()
    if (this.#waiting.length === 0) {
      this.#watch?.cancel()
      this.#watch = undefined
    }
    return next
  }

  #look(): void {
    const { clock, name, withinMs } = this.#options
    this.#watch = undefined
    while (this.#waiting[0] !== undefined && this.#waiting[0].until <= clock.now()) {
      const message = `${name}: no connection was free within ${withinMs} ms`
      this.#next()?.reject(new UnderstudyError('storage', message, { retriable: true }))
    }
    const [first] = this.#waiting
    if (first !== undefined) this.#watch = clock.after(first.until - clock.now(), () => this.#look())
  }

  async #sayGoodbye(connection: MysqlConnection): Promise<void> {
    const answered = new AbortController()
    const answer = connection.end().then(
      () => answered.abort(),
      () => answered.abort(),
    )
    await Promise.race([answer, sleep(this.#options.clock, GOODBYE_MS, answered.signal).catch(() => {})])
    answered.abort()
    this.#forget(connection)
    connection.destroy()
  }

  #closed(): UnderstudyError {
    return new UnderstudyError('closed', `${this.#options.name} was closed`)
  }
}
