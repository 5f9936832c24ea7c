import { UnderstudyError } from '../../errors.ts'
import type { Connection } from '../../connection.ts'
import { parseDestination } from '../../transport/destination.ts'
import type { HistoryEvent } from '../history.ts'
import { DRILL_DEFAULTS } from '../plan.ts'
import { Recording } from '../runner/recording.ts'
import { articleOutcome } from './article-outcome.ts'
import { ArticleProducer } from './article-producer.ts'
import type { TrialRecord } from './trial-record.ts'
import type { TrialBench, TrialSettings } from './trial.ts'

const ARTICLE_QUEUE = 'queue://understudy.article'

/** The article's producer beside a drill, and a listener that takes its jobs off the queue. */
export class ArticleSide {
  readonly #atMs: number
  readonly events: HistoryEvent[] = []
  readonly #settings: TrialSettings
  readonly #bench: TrialBench
  #recording: Recording | undefined
  #producer: ArticleProducer | undefined
  #listening: Promise<Connection> | undefined
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
      this.#recording = new Recording(this.#bench.clock, [(own) => this.events.push(own)])
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
    if (signal.aborted) throw new UnderstudyError('aborted', 'the caller aborted the operation')
  }

  async close(): Promise<void> {
    await this.#producer?.close()
    const listening = await this.#listening?.catch(() => undefined)
    await listening?.close()
  }

  async #listen(recording: Recording): Promise<Connection> {
    const connection = await this.#bench.prepare()
    const counts = new Map<string, number>()
    connection.listen(
      ARTICLE_QUEUE,
      async (delivery) => {
        const { id, attempt: k, redelivered, endpoint } = delivery
        const n = (counts.get(id) ?? 0) + 1
        counts.set(id, n)
        recording.record({ type: 'dlv', id, runId: this.#runId, k, redelivered, endpoint })
        recording.record({ type: 'cack', id, n })
        await delivery.ack()
        recording.record({ type: 'cackok', id, n })
      },
      { prefetch: DRILL_DEFAULTS.prefetch, onError: 'leave' },
    )
    return connection
  }
}
