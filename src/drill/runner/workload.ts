import { type Clock, sleep } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import { UnderstudyError } from '../../errors.ts'
import type { StatusEvent } from '../../failover/status.ts'
import type { Delivery } from '../../listener/delivery.ts'
import type { Listener } from '../../listener/listener.ts'
import type { AttemptEnd, ProducerObserver } from '../../producer/producer.ts'
import { Ticker } from '../../producer/ticker.ts'
import type { AttemptOutcome } from '../history.ts'
import { runOf } from './run-of.ts'
import type { Recording } from './recording.ts'

export interface WorkloadOptions {
  readonly runId: string
  readonly everyMs: number
  readonly destination: string
  readonly prefetch: number
  readonly clock: Clock
  readonly recording: Recording
  /** The client under test, not yet connected, which reports every attempt to `observer`. */
  readonly prepare: (observer: ProducerObserver) => Promise<Connection>
}

const OUTCOMES: Readonly<Record<AttemptEnd, AttemptOutcome>> = {
  confirmed: 'ack',
  rejected: 'nack',
  returned: 'returned',
  'not-sent': 'refused',
  unknown: 'ambiguous',
}

/** What a job's body says. The due time travels with the job. */
interface JobBody {
  readonly runId: string
  readonly sequence: number
  readonly dueAtMs: number
}

/**
 * The traffic of a drill: a ticking producer of unique jobs and a listener that acknowledges each of
 * them, both on one connection of the client under test, every step written into the recording.
 */
export class Workload {
  readonly #options: WorkloadOptions
  readonly #ticker: Ticker
  readonly #open = new Set<string>()
  readonly #undelivered = new Set<string>()
  /** Of those, the ones that no later job was delivered before. */
  readonly #notOvertaken = new Set<string>()
  readonly #delivered = new Map<string, number>()
  #connection: Connection | undefined
  #listener: Listener | undefined
  #endpoint: string | null = null
  #lastDeliveryAt = 0
  /** The message behind the last job, which is none itself. */
  readonly #behindAll: { readonly id: string; readonly arrived: PromiseWithResolvers<void> }
  #confirmedAt = 0
  #failed = 0
  #closed = false

  constructor(options: WorkloadOptions) {
    this.#options = options
    this.#behindAll = { id: `${options.runId}-behind-all`, arrived: Promise.withResolvers() }
    this.#ticker = new Ticker({
      clock: options.clock,
      periodMs: options.everyMs,
      onTick: ({ sequence, dueAt }) => this.#tick(sequence, dueAt),
    })
  }

  /** Jobs that fell due and are neither confirmed nor given up. */
  get unconfirmed(): number {
    return this.#open.size
  }

  /** Jobs that a broker confirmed and that were not delivered yet. */
  get undelivered(): number {
    return this.#undelivered.size
  }

  /**
   * Undelivered jobs that no job of a later turn was delivered before. What a queue hands out while older ones are
   * missing shows that it flows, and that those may never come.
   */
  get behind(): number {
    return this.#notOvertaken.size
  }

  /** When a job was last confirmed, by the clock; 0 before the first. */
  get confirmedAt(): number {
    return this.#confirmedAt
  }

  /** Jobs that were given up. */
  get failed(): number {
    return this.#failed
  }

  get due(): number {
    return this.#ticker.ticks
  }

  /** Different jobs that were delivered. */
  get delivered(): number {
    return this.#delivered.size
  }

  /** Whether sends have a broker now. */
  get connected(): boolean {
    return this.#endpoint !== null
  }

  /** The endpoint that sends go to now; null while there is none. */
  get endpoint(): string | null {
    return this.#endpoint
  }

  /** Deliveries whose acknowledge is not settled. */
  get unsettled(): number {
    return this.#listener?.unsettled ?? 0
  }

  /** Milliseconds since the listener was last handed anything. */
  get quietMs(): number {
    return this.#options.clock.now() - this.#lastDeliveryAt
  }

  /**
   * Connects, subscribes, then starts to tick.
   *
   * @throws UnderstudyError when no broker takes both; `aborted` when it was closed meanwhile.
   */
  async start(): Promise<void> {
    const connection = await this.#options.prepare(this.#observer())
    // Whoever closed it meanwhile had no client yet that could be closed.
    if (this.#closed) {
      await connection.close()
      throw new UnderstudyError('aborted', 'the drill ended before its client was there')
    }
    this.#connection = connection
    connection.observe((event) => this.#onStatus(event))
    await connection.connected()
    this.#listener = connection.listen(this.#options.destination, (delivery) => this.#onDelivery(delivery), {
      prefetch: this.#options.prefetch,
      onError: 'leave',
    })
    await this.#listener.ready
    this.#ticker.start()
  }

  /** No further job falls due. */
  stopTicking(): void {
    this.#ticker.stop()
  }

  /**
   * Sends one message more, of which the history knows nothing, and tells whether it came to the listener in time:
   * then the queue has been handed out up to there, and what was confirmed before and is not delivered by now is not
   * in it.
   */
  async passesThrough(withinMs: number, signal: AbortSignal): Promise<boolean> {
    const { id, arrived } = this.#behindAll
    const { clock, runId, destination } = this.#options
    const limit = new AbortController()
    const late = sleep(clock, withinMs, AbortSignal.any([signal, limit.signal])).then(
      () => false,
      () => false,
    )
    const sent = this.#connection?.send(destination, { runId }, { id }).then(
      async () => {
        await arrived.promise
        return true
      },
      () => false,
    )
    const came = await Promise.race([late, sent ?? false])
    limit.abort()
    return came
  }

  /** Drains and closes the client; bounded by its own drain timeout. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    this.#ticker.stop()
    await this.#connection?.close()
  }

  #tick(sequence: number, dueAt: number): void {
    const { recording, runId, destination, clock } = this.#options
    const id = `${runId}-${String(sequence).padStart(6, '0')}`
    recording.record({ type: 'due', id, sequence, dueNs: recording.nsAt(dueAt) })
    this.#open.add(id)
    const body: JobBody = { runId, sequence, dueAtMs: Math.round(clock.wallTime() - (clock.now() - dueAt)) }
    this.#connection?.send(destination, body, { id }).then(
      () => this.#open.delete(id),
      (error: unknown) => {
        this.#open.delete(id)
        // Refused before the first attempt: the observer has heard nothing of it.
        if (error instanceof UnderstudyError && 'attempts' in error && error.attempts === 0) {
          recording.record({ type: 'att', id, k: 1, endpoint: null })
          recording.record({ type: 'res', id, k: 1, outcome: 'refused' })
          this.#failed += 1
          recording.record({ type: 'giveup', id })
        }
      },
    )
  }

  #observer(): ProducerObserver {
    const { recording } = this.#options
    const isJob = (id: string): boolean => id !== this.#behindAll.id
    return {
      attempt: ({ id }, k, endpoint) => {
        if (isJob(id)) recording.record({ type: 'att', id, k, endpoint: endpoint ?? null })
      },
      attemptEnded: ({ id }, k, end) => {
        if (!isJob(id)) return
        recording.record({ type: 'res', id, k, outcome: OUTCOMES[end] })
        if (end !== 'confirmed') return
        this.#confirmedAt = this.#options.clock.now()
        if (this.#delivered.has(id)) return
        this.#undelivered.add(id)
        this.#notOvertaken.add(id)
      },
      gaveUp: ({ id }) => {
        this.#failed += 1
        recording.record({ type: 'giveup', id })
      },
    }
  }

  async #onDelivery(delivery: Delivery): Promise<void> {
    const { recording } = this.#options
    const { id, attempt, redelivered, endpoint } = delivery
    if (id === this.#behindAll.id) {
      this.#behindAll.arrived.resolve()
      await delivery.ack()
      return
    }
    recording.record({ type: 'dlv', id, runId: runOf(delivery), k: attempt, redelivered, endpoint })
    this.#lastDeliveryAt = this.#options.clock.now()
    this.#undelivered.delete(id)
    this.#overtake(id)
    const n = (this.#delivered.get(id) ?? 0) + 1
    this.#delivered.set(id, n)
    recording.record({ type: 'cack', id, n })
    await delivery.ack()
    recording.record({ type: 'cackok', id, n })
  }

  /** Ids grow with the turn; what was confirmed out of turn is found with the next delivery. */
  #overtake(id: string): void {
    for (const earlier of this.#notOvertaken) {
      if (earlier > id) return
      this.#notOvertaken.delete(earlier)
    }
  }

  #onStatus(event: StatusEvent): void {
    const { recording } = this.#options
    if (event.type === 'reconnecting' || event.type === 'switching') return
    if (event.type === 'subscribed' || event.type === 'cancelled') return
    const endpoint = 'endpoint' in event ? event.endpoint : null
    const reason = 'error' in event ? event.error.code : event.type === 'blocked' ? event.reason : null
    recording.record({ type: 'conn', client: event.role, state: event.type, endpoint, reason })
    if (event.role !== 'producer' || event.type === 'blocked' || event.type === 'unblocked') return
    if (event.type === 'resumed' || event.type === 'connected') this.#endpoint = endpoint
    else if (event.type !== 'attempt-failed') this.#endpoint = null
  }
}
