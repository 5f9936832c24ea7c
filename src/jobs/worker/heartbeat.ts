import type { Clock } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import { messageOf, SendError } from '../../errors.ts'
import type { Delivery } from '../../listener/delivery.ts'
import type { Listener } from '../../listener/listener.ts'
import type { JobHost } from '../job-host.ts'
import type { WorkerDescription } from './description.ts'
import { readDescription } from './read-description.ts'

/** Where workers show that they are alive. */
export const HEARTBEATS_TOPIC = 'topic://understudy.heartbeats'

// A worker is gone after so many heartbeats that did not come, and forgotten after so many more.
const MISSED_GONE = 3
const MISSED_FORGOTTEN = 100
const MOST_WORKERS = 10_000
// A refusal may be of the moment; so many in a row are for good.
const MOST_REFUSALS = 3
const PREFETCH = 100

/** Shows that a worker is alive. */
export class Heartbeat {
  readonly #host: JobHost
  readonly #canSend: boolean
  /** How many in a row were refused by name. */
  #refusals = 0
  #wasHeard = false

  constructor(host: JobHost) {
    this.#host = host
    this.#canSend = host.connection.can('topics')
  }

  /** Nobody may be listening: what is lost is lost. Never rejects. */
  async send(description: WorkerDescription): Promise<void> {
    if (!this.#canSend || this.#refusals >= MOST_REFUSALS) return
    try {
      await this.#host.connection.send(HEARTBEATS_TOPIC, description, { persistent: false })
      this.#refusals = 0
      this.#wasHeard = true
    } catch (error) {
      // A broker that does not permit it may end the connection over each.
      if (error instanceof SendError && error.outcome === 'rejected') this.#refusals++
      // Before the first broker answers there is nobody to be heard by, and whoever waits for one hears of that.
      else if (!this.#wasHeard) return
      this.#host.logger.info(
        { error: messageOf(error) },
        this.#refusals < MOST_REFUSALS ? 'a heartbeat could not be sent' : 'heartbeats are refused; there are no more',
      )
    }
  }
}

export interface HeardWorker extends WorkerDescription {
  /** Three heartbeats in a row did not come: it died, or its broker cannot be reached. */
  readonly isGone: boolean
}

/** Where heartbeats are heard, and who is told. */
export interface HeartbeatRegistryOptions {
  readonly connection: Connection
  readonly clock: Clock
  /** Called after each heartbeat. What it throws disturbs nobody. Defaults to none. */
  readonly onChange?: () => void
}

interface Heard {
  readonly description: WorkerDescription
  readonly at: number
}

/** Collects the heartbeats of all workers of a broker, and knows who is gone. */
export class HeartbeatRegistry implements AsyncDisposable {
  readonly #options: HeartbeatRegistryOptions
  readonly #heard = new Map<string, Heard>()
  #listener: Listener | undefined

  constructor(options: HeartbeatRegistryOptions) {
    this.#options = options
  }

  /** Resolves once it listens. Idempotent. */
  async start(): Promise<void> {
    const { connection } = this.#options
    const handler = (delivery: Delivery): Promise<void> => this.#take(delivery)
    this.#listener ??= connection.listen(HEARTBEATS_TOPIC, handler, { prefetch: PREFETCH, onError: 'leave' })
    await this.#listener.ready
  }

  /** By their names. A worker that stopped is not among them; one that is gone is, for a while. */
  workers(): readonly HeardWorker[] {
    const now = this.#options.clock.now()
    const found: HeardWorker[] = []
    for (const [id, { description, at }] of this.#heard) {
      const missed = (now - at) / description.heartbeatMs
      if (missed > MISSED_FORGOTTEN) this.#heard.delete(id)
      else found.push({ ...description, isGone: missed > MISSED_GONE })
    }
    return found.toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#listener?.close(AbortSignal.abort())
  }

  /** `close`, at the end of an `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #take(delivery: Delivery): Promise<void> {
    const description = readDescription(delivery)
    if (description) {
      if (description.state === 'stopped') this.#heard.delete(description.id)
      else if (this.#heard.has(description.id) || this.#heard.size < MOST_WORKERS)
        this.#heard.set(description.id, { description, at: this.#options.clock.now() })
      try {
        this.#options.onChange?.()
      } catch {
        // Its owner's trouble.
      }
    }
    await delivery.ack()
  }
}
