import { type Clock, pause, type Timer } from '../../clock.ts'
import { SendError, type FailedSendOutcome } from '../../errors.ts'
import { dial, discard } from '../../failover/dial.ts'
import { Ticker } from '../../producer/ticker.ts'
import type { Destination } from '../../transport/destination.ts'
import { type Endpoint, redact } from '../../transport/endpoint.ts'
import type { Link } from '../../transport/link.ts'
import type { Transport } from '../../transport/transport.ts'
import type { AttemptOutcome } from '../history.ts'
import type { Recording } from '../runner/recording.ts'

export interface ArticleProducerOptions {
  readonly runId: string
  readonly transport: Transport
  /** The brokers in the order of the list. The dial of each is bounded by its `connectTimeoutMs`. */
  readonly endpoints: readonly Endpoint[]
  readonly destination: Destination
  /** From one job to the next, in milliseconds. */
  readonly everyMs: number
  /** r: how long a job sleeps between its two passes, in milliseconds. */
  readonly retryAfterMs: number
  /** How long a broker that took the job may keep its confirm, in milliseconds. */
  readonly confirmTimeoutMs: number
  readonly clock: Clock
  /** Gets every step, as of any producer's. */
  readonly recording: Recording
}

const OUTCOMES: Readonly<Record<FailedSendOutcome, AttemptOutcome>> = {
  'not-sent': 'refused',
  unknown: 'ambiguous',
  rejected: 'nack',
  returned: 'returned',
}

const PASSES = 2
const GOODBYE_MS = 1000

/**
 * The one-retry producer, which is that of the source article: one job after the other on a schedule. Dial the first
 * broker and send; if that fails dial the second, and so on through the list; if nobody took the job sleep r, go
 * through the list once more, and then the job has failed. Every job has connections of its own, and jobs do not wait for each other.
 *
 * Every attempt is recorded, from the beginning of its dial to the broker's confirm or the failure.
 */
export class ArticleProducer {
  readonly #options: ArticleProducerOptions
  readonly #ticker: Ticker
  readonly #jobs = new Set<Promise<void>>()
  readonly #abort = new AbortController()

  constructor(options: ArticleProducerOptions) {
    this.#options = options
    this.#ticker = new Ticker({
      clock: options.clock,
      periodMs: options.everyMs,
      onTick: ({ sequence, dueAt }) => {
        const job = this.#send(sequence, dueAt).finally(() => this.#jobs.delete(job))
        this.#jobs.add(job)
      },
    })
  }

  start(): void {
    this.#ticker.start()
  }

  /** No further job falls due. Resolves once every job is confirmed or has failed. */
  async finish(): Promise<void> {
    this.#ticker.stop()
    while (this.#jobs.size > 0) await Promise.all(this.#jobs)
  }

  /** Ends every attempt and sleep at once, and resolves when nothing is left. Idempotent. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.finish()
  }

  async #send(sequence: number, dueAt: number): Promise<void> {
    const { recording, clock, runId, endpoints, retryAfterMs } = this.#options
    const { signal } = this.#abort
    const id = `${runId}-${String(sequence).padStart(6, '0')}`
    recording.record({ type: 'due', id, sequence, dueNs: recording.nsAt(dueAt) })
    let k = 0
    for (let pass = 1; pass <= PASSES; pass++) {
      for (const endpoint of endpoints) {
        if (signal.aborted) return
        k++
        recording.record({ type: 'att', id, k, endpoint: redact(endpoint) })
        const outcome = await this.#attempt(endpoint, id, k)
        recording.record({ type: 'res', id, k, outcome })
        if (outcome === 'ack') return
      }
      if (pass < PASSES) await pause(clock, retryAfterMs, signal)
    }
    if (!signal.aborted) recording.record({ type: 'giveup', id })
  }

  async #attempt(endpoint: Endpoint, id: string, k: number): Promise<AttemptOutcome> {
    const { transport, clock } = this.#options
    let link: Link
    try {
      link = await dial(transport, endpoint, clock, this.#abort.signal)
    } catch {
      return 'refused'
    }
    try {
      return await this.#confirmed(link, id, k)
    } finally {
      // The job's fate is known; how long the goodbye takes is no part of it, but nothing may be left of it.
      const goodbye = this.#goodbye(link).finally(() => this.#jobs.delete(goodbye))
      this.#jobs.add(goodbye)
    }
  }

  async #confirmed(link: Link, id: string, k: number): Promise<AttemptOutcome> {
    const { destination, runId, clock, confirmTimeoutMs } = this.#options
    let timer: Timer | undefined
    const onAbort = (): void => void discard(link)
    this.#abort.signal.addEventListener('abort', onAbort, { once: true })
    try {
      timer = clock.after(confirmTimeoutMs, onAbort)
      await link.send(
        {
          id,
          destination,
          body: Buffer.from(JSON.stringify({ runId })),
          contentType: 'application/json',
          headers: {},
          persistent: true,
          priority: undefined,
          expiresAtMs: undefined,
          deliverAtMs: undefined,
          correlationId: undefined,
          replyTo: undefined,
        },
        k,
      )
      return 'ack'
    } catch (error) {
      return error instanceof SendError ? OUTCOMES[error.outcome] : 'ambiguous'
    } finally {
      timer?.cancel()
      this.#abort.signal.removeEventListener('abort', onAbort)
    }
  }

  async #goodbye(link: Link): Promise<void> {
    const late = new AbortController()
    const timer = this.#options.clock.after(GOODBYE_MS, () => late.abort())
    try {
      await link.close(AbortSignal.any([late.signal, this.#abort.signal]))
    } catch {
      // It is gone either way.
    } finally {
      timer.cancel()
    }
  }
}
