import { randomUUID } from 'node:crypto'
import { isImpossible, isRefused, messageOf, SendError, UnderstudyError } from '../../errors.ts'
import type { Delivery } from '../../listener/delivery.ts'
import { WrittenBody } from '../../producer/payload.ts'
import { type ReplyKind, Reply, replyHeaders } from '../../request/reply.ts'
import { checkNames, type NamesOf } from '../../transport/option-names.ts'
import type { JobState, ResultAddress, Results, ResultsHost, ResultsSession } from './results.ts'
import { parseState, stateText } from './state-text.ts'

/** How long results wait at the broker. */
export interface ReplyResultsOptions {
  /** How long a result may wait for its enqueuer, in milliseconds. Defaults to 3,600,000, an hour. */
  readonly ttl?: number
}

const OPTIONS: NamesOf<ReplyResultsOptions> = { ttl: true }
const AN_HOUR_MS = 3_600_000

/**
 * Results by messages: progress and outcome go to the reply queue of the process that enqueued the job, which hears of
 * them as they come. Nothing beside the broker is needed, and nothing is kept: what a process that has ended had asked
 * for is never read, and `App.result` has nothing to look at. Results are JSON.
 *
 * @throws UnderstudyError `invalid-option`.
 */
export function replyResults(options: ReplyResultsOptions = {}): Results {
  checkNames('replyResults', options, OPTIONS)
  const { ttl = AN_HOUR_MS } = options
  if (!(Number.isFinite(ttl) && ttl > 0))
    throw new UnderstudyError('invalid-option', `ttl of replyResults must be a number above 0, not ${ttl}`)
  return { kind: 'reply', open: async (host) => new ReplySession(host, ttl) }
}

interface Watch {
  readonly take: (state: JobState) => void
  readonly ended: (error: UnderstudyError) => void
  /** The last that came of each teller: after a failover a broker may bring copies. */
  readonly heard: Map<string | undefined, number>
}

class ReplySession implements ResultsSession {
  readonly #host: ResultsHost
  readonly #ttlMs: number
  /** Who its states are from, of whom there is no other: each counts its own. */
  readonly #teller: string
  readonly #watches = new Map<string, Set<Watch>>()
  #told = 0
  #listening: Promise<void> | undefined
  #stopListening: (() => void) | undefined
  #isListening = false
  #closed = false

  constructor(host: ResultsHost, ttlMs: number) {
    this.#host = host
    this.#ttlMs = ttlMs
    this.#teller = `${host.name}/${randomUUID()}`
  }

  get replyTo(): string {
    return this.#host.replyTo
  }

  async watch(jobId: string, take: Watch['take'], ended: Watch['ended']): Promise<{ close(): void }> {
    // By the time it is listened to, that may have ended again.
    while (!this.#isListening) {
      if (this.#closed) throw closed()
      this.#listening ??= this.#listen()
      await this.#listening
    }
    const watch: Watch = { take, ended, heard: new Map() }
    const watches = this.#watches.get(jobId)
    if (watches) watches.add(watch)
    else this.#watches.set(jobId, new Set([watch]))
    return { close: () => this.#forget(jobId, watch) }
  }

  get(): Promise<JobState | undefined> {
    const message = 'results by reply are not kept: ask the handle that the job was enqueued with'
    return Promise.reject(new UnderstudyError('unsupported', message))
  }

  async put({ jobId, replyTo }: ResultAddress, state: JobState): Promise<void> {
    if (replyTo === undefined) return
    let unwritten: unknown
    let text: string
    try {
      text = stateText(jobId, state)
    } catch (error) {
      // That it is done can be told in any case: nobody should wait for it for ever.
      unwritten = error
      text = stateText(jobId, { ...state, value: undefined } as JobState)
    }
    await this.#tell(jobId, replyTo, state.kind, text)
    if (unwritten !== undefined)
      throw new UnderstudyError('invalid-option', `job ${jobId} ended, and what it returned is no JSON`, {
        cause: unwritten,
      })
  }

  async #tell(jobId: string, replyTo: string, kind: JobState['kind'], text: string): Promise<void> {
    const body = new WrittenBody(Buffer.from(text, 'utf8'), 'application/json')
    try {
      await this.#host.send(replyTo, body, {
        correlationId: jobId,
        headers: replyHeaders(KIND_OF[kind], this.#teller, ++this.#told),
        expireAfterMs: this.#ttlMs,
      })
    } catch (error) {
      // The enqueuer's queue is gone with the enqueuer.
      if (isRefused(error)) return
      // An address that these brokers do not know is none on the next try either.
      if (isImpossible(error)) throw error
      const message = `what became of job ${jobId} could not be told to ${replyTo}: ${messageOf(error)}`
      throw new UnderstudyError('storage', message, { retriable: error instanceof SendError, cause: error })
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening?.()
    this.#end(closed())
  }

  async #listen(): Promise<void> {
    try {
      const close = await this.#host.hearReplies({
        take: (delivery) => this.#take(delivery),
        ended: (error) => this.#end(error),
      })
      if (this.#closed) close()
      // It may have ended while it began.
      if (this.#listening === undefined) return
      this.#stopListening = close
      this.#isListening = true
    } catch (error) {
      this.#listening = undefined
      throw error
    }
  }

  #end(error: UnderstudyError): void {
    this.#listening = undefined
    this.#stopListening = undefined
    this.#isListening = false
    const all = [...this.#watches.values()]
    this.#watches.clear()
    for (const watches of all) for (const { ended } of watches) ended(error)
  }

  #forget(jobId: string, watch: Watch): void {
    const watches = this.#watches.get(jobId)
    watches?.delete(watch)
    if (watches?.size === 0) this.#watches.delete(jobId)
  }

  #take(delivery: Delivery): boolean {
    const jobId = delivery.correlationId
    const watches = jobId === undefined ? undefined : this.#watches.get(jobId)
    if (jobId === undefined || watches === undefined) return false
    const { from, sequence } = new Reply(delivery, jobId)
    const state = readState(jobId, delivery.bytes)
    if (state === undefined) return false
    if (state.kind !== 'progress') this.#watches.delete(jobId)
    for (const { heard, take } of watches) {
      if (sequence <= (heard.get(from) ?? 0)) continue
      heard.set(from, sequence)
      take(state)
    }
    return true
  }
}

const KIND_OF: Readonly<Record<JobState['kind'], ReplyKind>> = {
  progress: 'progress',
  succeeded: 'result',
  failed: 'error',
}

function readState(jobId: string, bytes: Buffer): JobState | undefined {
  try {
    return parseState(jobId, bytes.toString('utf8'))
  } catch {
    // Somebody else's message, or none that can be read.
    return undefined
  }
}

function closed(): UnderstudyError {
  return new UnderstudyError('closed', 'the application was closed')
}
