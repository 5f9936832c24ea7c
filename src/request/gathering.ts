import { SendError, type UnderstudyError } from '../errors.ts'
import type { OpenRequest } from './open-request.ts'
import type { Reply } from './reply.ts'

/** What came of a scatter, known when it has ended. Replies that come later are in `requests.unmatched`. */
export interface ScatterSummary {
  /** As many answers as were expected came, the time was over, or the loop was left. */
  readonly endedBy: 'complete' | 'deadline' | 'left'
  readonly results: number
  /** Responders that answered with an error. */
  readonly errors: number
  /** How many of the expected answers did not come; undefined when no number was expected. */
  readonly missing: number | undefined
  /** Copies of replies, such as of a responder that got the request twice. They were not handed out. */
  readonly repeated: number
  /** Replies that were not handed out for want of room: the loop was slower than they came. */
  readonly dropped: number
}

/** The replies to one scatter as they come. Leaving its loop gives the rest of them up. */
export interface Gathering extends AsyncIterableIterator<Reply, ScatterSummary, undefined> {
  readonly requestId: string
  /** Resolves when gathering has ended, and rejects when it failed, as the loop does. */
  readonly summary: Promise<ScatterSummary>
  /** What leaving the loop does: no more answers are gathered. */
  return(): Promise<IteratorResult<Reply, ScatterSummary>>
  /** Itself: there is one loop over it. */
  [Symbol.asyncIterator](): Gathering
}

export interface OpenGatheringOptions {
  readonly id: string
  readonly dueAt: number
  readonly expect: number | undefined
  /** How many replies may wait for the loop. */
  readonly maxUnread: number
  /** Called once, when it has ended. */
  readonly onEnd: (request: OpenRequest) => void
}

interface Waiter {
  readonly resolve: (result: IteratorResult<Reply, ScatterSummary>) => void
  readonly reject: (error: UnderstudyError) => void
}

/** How far one responder has come. */
interface Heard {
  lastProgress: number
  answered: boolean
}

type Ending =
  | { readonly kind: 'done'; readonly summary: ScatterSummary }
  | { readonly kind: 'failed'; readonly error: UnderstudyError }

// A responder of another make gives no name and is known by the id of its reply: a topic may bring many.
const MOST_HEARD = 100_000

/** Gathers the answers of as many responders as there are. */
export class OpenGathering implements OpenRequest, Gathering {
  readonly id: string
  readonly dueAt: number
  readonly summary: Promise<ScatterSummary>
  readonly #options: OpenGatheringOptions
  readonly #heard = new Map<string, Heard>()
  readonly #unread: Reply[] = []
  readonly #waiting: Waiter[] = []
  readonly #resolveSummary: (summary: ScatterSummary) => void
  readonly #rejectSummary: (error: UnderstudyError) => void
  readonly #counts = { results: 0, errors: 0, repeated: 0, dropped: 0 }
  #reached = false
  #ending: Ending | undefined

  constructor(options: OpenGatheringOptions) {
    this.#options = options
    this.id = options.id
    this.dueAt = options.dueAt
    const { promise, resolve, reject } = Promise.withResolvers<ScatterSummary>()
    // Whoever reads the loop hears of the failure there.
    promise.catch(() => {})
    this.summary = promise
    this.#resolveSummary = resolve
    this.#rejectSummary = reject
  }

  get requestId(): string {
    return this.id
  }

  take(reply: Reply): boolean {
    // Whoever answers has the request, whatever becomes of its confirm.
    this.#reached = true
    if (!this.#isNews(reply)) {
      this.#counts.repeated++
      return false
    }
    if (reply.kind === 'result') this.#counts.results++
    if (reply.kind === 'error') this.#counts.errors++
    this.#hand(reply)
    const { results, errors } = this.#counts
    if (results + errors === this.#options.expect) this.#finish('complete')
    return true
  }

  confirmed(): void {
    this.#reached = true
  }

  late(): void {
    this.#finish('deadline')
  }

  fail(error: UnderstudyError): void {
    if (this.#ending || (this.#reached && error instanceof SendError)) return
    this.#ending = { kind: 'failed', error }
    this.#options.onEnd(this)
    this.#rejectSummary(error)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  next(): Promise<IteratorResult<Reply, ScatterSummary>> {
    const value = this.#unread.shift()
    if (value) return Promise.resolve({ done: false, value })
    if (!this.#ending) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
    if (this.#ending.kind === 'failed') return Promise.reject(this.#ending.error)
    return Promise.resolve({ done: true, value: this.#ending.summary })
  }

  async return(): Promise<IteratorResult<Reply, ScatterSummary>> {
    this.#unread.length = 0
    this.#finish('left')
    return { done: true, value: await this.summary }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Each responder answers once; its progress counts upwards and comes before that. */
  #isNews({ from, id, kind, sequence }: Reply): boolean {
    const who = from === undefined ? `reply ${id}` : `from ${from}`
    const heard = this.#heard.get(who) ?? { lastProgress: 0, answered: false }
    if (heard.answered || (kind === 'progress' && sequence <= heard.lastProgress)) return false
    if (kind === 'progress') heard.lastProgress = sequence
    else heard.answered = true
    if (this.#heard.size < MOST_HEARD) this.#heard.set(who, heard)
    return true
  }

  #hand(reply: Reply): void {
    const waiting = this.#waiting.shift()
    if (waiting) {
      waiting.resolve({ done: false, value: reply })
      return
    }
    if (this.#unread.length < this.#options.maxUnread) {
      this.#unread.push(reply)
      return
    }
    this.#counts.dropped++
    if (reply.kind === 'progress') return
    // News of work under way is worth less than an answer.
    const eldest = this.#unread.findIndex(({ kind }) => kind === 'progress')
    if (eldest < 0) return
    this.#unread.splice(eldest, 1)
    this.#unread.push(reply)
  }

  #finish(endedBy: ScatterSummary['endedBy']): void {
    if (this.#ending) return
    const { expect } = this.#options
    const { results, errors } = this.#counts
    const missing = expect === undefined ? undefined : Math.max(0, expect - results - errors)
    const summary: ScatterSummary = { endedBy, missing, ...this.#counts }
    this.#ending = { kind: 'done', summary }
    this.#options.onEnd(this)
    this.#resolveSummary(summary)
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: summary })
  }
}
