import { randomBytes } from 'node:crypto'
import type { Lab } from '../../infra/labs/lab.ts'
import { withCredentials } from '../../src/cli/credentials.ts'
import { systemClock } from '../../src/clock.ts'
import { connect } from '../../src/connect.ts'
import type { Connection } from '../../src/connection.ts'
import { SendError } from '../../src/errors.ts'
import type { Delivery } from '../../src/listener/delivery.ts'
import { Ledger } from './ledger.ts'

export interface TrafficOptions {
  readonly lab: Lab
  readonly queue: string
  /** Options of the failover URI beside the lab's own. */
  readonly clientOptions: Readonly<Record<string, string>>
  readonly bodyBytes: number
  readonly prefetch: number
}

/** When something was first confirmed and delivered that was sent after a mark, on the monotonic clock. */
export interface Sightings {
  readonly confirmedAt: number | undefined
  readonly deliveredAt: number | undefined
}

/**
 * One connection of our client with a listener that acknowledges everything, and every job's fate in a
 * ledger. Who sends, and how fast, is the caller's.
 */
export class Traffic {
  readonly ledger: Ledger = new Ledger()
  readonly #options: TrafficOptions
  readonly #prefix = `${randomBytes(4).toString('hex')}-`
  readonly #connection: Connection
  #mark = Number.POSITIVE_INFINITY
  #confirmedAt: number | undefined
  #deliveredAt: number | undefined
  #stale = 0
  #deliveredLastAt = systemClock.now()

  private constructor(options: TrafficOptions, connection: Connection) {
    this.#options = options
    this.#connection = connection
  }

  /** Connects and subscribes. @throws UnderstudyError when no broker takes both. */
  static async start(options: TrafficOptions): Promise<Traffic> {
    const { lab, clientOptions, queue, prefetch } = options
    const list = lab.nodes.map(({ endpoint }) => withCredentials(endpoint, lab.credentials)).join(',')
    const query = new URLSearchParams({ ...lab.clientOptions, ...clientOptions })
    const connection = await connect(`failover:(${list})?${query.toString()}`)
    const traffic = new Traffic(options, connection)
    try {
      const listener = connection.listen(`queue://${queue}`, async (delivery) => await traffic.#take(delivery), {
        prefetch,
        onError: 'leave',
      })
      await listener.ready
      return traffic
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** How many sends are unconfirmed in the client. */
  get pending(): number {
    return this.#connection.pending
  }

  /** Acknowledges that came too late, their link having gone: the broker delivers those jobs again. */
  get staleAcknowledges(): number {
    return this.#stale
  }

  /** Milliseconds since anything was delivered. */
  get quietMs(): number {
    return systemClock.now() - this.#deliveredLastAt
  }

  /** Looks out for the first job that is sent from now on. */
  mark(): void {
    this.#mark = this.ledger.attempted
    this.#confirmedAt = undefined
    this.#deliveredAt = undefined
  }

  /** What was seen since the mark. */
  get sightings(): Sightings {
    return { confirmedAt: this.#confirmedAt, deliveredAt: this.#deliveredAt }
  }

  /** Sends a job once; undefined when it was confirmed. It is not counted as failed: see `giveUp`. */
  async send(job: number): Promise<SendError | undefined> {
    try {
      // A body of its own, as an application would have.
      const body = Buffer.alloc(this.#options.bodyBytes, job % 251)
      await this.#connection.send(`queue://${this.#options.queue}`, body, { id: `${this.#prefix}${job}` })
      this.ledger.confirm(job)
      if (job >= this.#mark) this.#confirmedAt ??= systemClock.now()
      return undefined
    } catch (error) {
      if (error instanceof SendError) return error
      throw error
    }
  }

  giveUp(job: number, { code, outcome }: SendError): void {
    this.ledger.fail(job, code, outcome)
  }

  /** Drains and closes the client; bounded by its own drain timeout. Idempotent. */
  async close(): Promise<void> {
    await this.#connection.close()
  }

  async #take(delivery: Delivery): Promise<void> {
    const { id, attempt, redelivered } = delivery
    const job = id.startsWith(this.#prefix) ? Number(id.slice(this.#prefix.length)) : Number.NaN
    this.#deliveredLastAt = systemClock.now()
    this.ledger.deliver(job, attempt, redelivered)
    if (job >= this.#mark) this.#deliveredAt ??= this.#deliveredLastAt
    try {
      await delivery.ack()
    } catch {
      // The broker has it back, and delivers it again.
      this.#stale++
      return
    }
    this.ledger.acknowledge(job, attempt)
  }
}
