import { UnderstudyError } from '../../errors.ts'
import type { Connection } from '../../connection.ts'
import { parseDestination } from '../../transport/destination.ts'
import type { HistoryEvent } from '../history.ts'
import { DRILL_DEFAULTS } from '../plan.ts'
import { Recording } from '../runner/recording.ts'
import { waitUntil } from '../runner/wait.ts'
import { articleOutcome } from './article-outcome.ts'
import { ArticleProducer } from './article-producer.ts'
import type { TrialRecord } from './trial-record.ts'
import { runOf } from '../runner/run-of.ts'
import type { TrialBench, TrialSettings } from './trial.ts'

const ARTICLE_QUEUE = 'queue://understudy.one-retry'
const DRAIN_LIMIT_MS = 10_000

/** The one-retry producer beside a drill, and a listener that takes its jobs off the queue. */
export class ArticleSide {
  readonly #atMs: number
  readonly events: HistoryEvent[] = []
  readonly #settings: TrialSettings
  readonly #bench: TrialBench
  #recording: Recording | undefined
  #producer: ArticleProducer | undefined
  #listening: Promise<Connection> | undefined
  readonly #confirmed = new Set<string>()
  readonly #delivered = new Map<string, number>()
  #runId = ''

  constructor(atMs: number, settings: TrialSettings, bench: TrialBench) {
    this.#atMs = atMs
    this.#settings = settings
    this.#bench = bench
  }

  /** How it fared. @param faultNs when the fault's command was given, on the drill's clock. */
  outcome(faultNs: number): NonNullable<TrialRecord['article']> {
    const fared = articleOutcome(this.events, this.#runId, this.#bench.endpoints.length, faultNs)
    return { ...fared, atMs: this.#atMs, held: fared.failed === 0 }
  }

  /** What a drill records of itself belongs to this history too, on the same clock. */
  saw(event: HistoryEvent): void {
    if (event.type === 'run') {
      this.#runId = `${event.runId}-article`
      this.#recording = new Recording(this.#bench.clock, [(own) => this.#record(own)])
      this.events.push({ ...event, runId: this.#runId, everyMs: this.#settings.jobEveryMs })
    } else if (event.type === 'fault' || event.type === 'proof' || event.type === 'heal' || event.type === 'stall') {
      this.events.push(event)
    }
  }

  start(): void {
    const { transport, endpoints, clock } = this.#bench
    const { jobEveryMs, deadlineMs } = this.#settings
    if (!this.#recording) return
    this.#listening = this.#listen(this.#recording)
    // It is awaited in `finish`, and told there.
    this.#listening.catch(() => undefined)
    this.#producer = new ArticleProducer({
      runId: this.#runId,
      transport,
      endpoints,
      destination: parseDestination(ARTICLE_QUEUE),
      everyMs: jobEveryMs,
      retryAfterMs: this.#atMs,
      confirmTimeoutMs: deadlineMs,
      clock,
      recording: this.#recording,
    })
    this.#producer.start()
  }

  /** Resolves when every job has its end; at once when `signal` fires. */
  async finish(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => void this.#producer?.close()
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    await this.#producer?.finish()
    signal.removeEventListener('abort', onAbort)
    await this.#listening
    await this.#drain(signal)
    if (signal.aborted) throw new UnderstudyError('aborted', 'the caller aborted the operation')
  }

  async close(): Promise<void> {
    await this.#producer?.close()
    const listening = await this.#listening?.catch(() => undefined)
    await listening?.close()
  }

  /** The next run's listener should find none of this run's jobs. */
  async #drain(signal: AbortSignal): Promise<void> {
    const undelivered = (): number => [...this.#confirmed].filter((id) => !this.#delivered.has(id)).length
    const ok = await waitUntil(this.#bench.clock, DRAIN_LIMIT_MS, signal, () => undelivered() === 0)
    this.#recording?.record({ type: 'drain', ok, outstanding: undelivered() })
  }

  #record(event: HistoryEvent): void {
    this.events.push(event)
    if (event.type === 'res' && event.outcome === 'ack') this.#confirmed.add(event.id)
  }

  async #listen(recording: Recording): Promise<Connection> {
    const connection = await this.#bench.prepare()
    connection.listen(
      ARTICLE_QUEUE,
      async (delivery) => {
        const { id, attempt: k, redelivered, endpoint } = delivery
        const n = (this.#delivered.get(id) ?? 0) + 1
        this.#delivered.set(id, n)
        recording.record({ type: 'dlv', id, runId: runOf(delivery), k, redelivered, endpoint })
        recording.record({ type: 'cack', id, n })
        await delivery.ack()
        recording.record({ type: 'cackok', id, n })
      },
      { prefetch: DRILL_DEFAULTS.prefetch, onError: 'leave' },
    )
    return connection
  }
}
