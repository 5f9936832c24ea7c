import { randomUUID } from 'node:crypto'
import { abortReason, type Clock, type Random } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { Delivery } from '../listener/delivery.ts'
import type { Logger } from '../logger.ts'
import type { Payload } from '../producer/payload.ts'
import { newReplyQueue } from '../transport/reply-queues.ts'
import { Deadlines } from './deadlines.ts'
import { type Gathering, OpenGathering } from './gathering.ts'
import type { RequestHandler } from './incoming-request.ts'
import { type OpenRequest, SingleRequest } from './open-request.ts'
import {
  type AskOptions,
  checkRequestOptions,
  checkScatterOptions,
  checkWhole,
  outgoingOf,
  replyQueueName,
  type RequestCounts,
  type RequestOptions,
  type RespondingCounts,
  type ScatterOptions,
} from './options.ts'
import { Reply } from './reply.ts'
import { type Match, ReplyQueue } from './reply-queue.ts'
import type { RequestHost } from './request-host.ts'
import { Responder, type ResponderCounts, type ResponderOptions } from './responder.ts'
import { tellObserver } from '../tell-observer.ts'

export interface RequestsOptions {
  readonly host: RequestHost
  /** Whether every broker of the list can remove a queue that nobody uses. */
  readonly queuesExpire: boolean
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** How many requests may be open at a time. Defaults to 10,000. */
  readonly maxOpenRequests?: number | undefined
}

/** Whoever waits for replies that answer no request, such as the results of jobs. */
export interface ReplyHearer {
  /** Takes a reply, which is settled already. False when it is not wanted here either. Must not throw. */
  take(delivery: Delivery): boolean
  /** No reply will come any more. Called once; a hearer that wants more asks anew. */
  ended(error: UnderstudyError): void
}

/** An open request and what has to go with it. */
interface Entry {
  readonly request: OpenRequest
  readonly queue: ReplyQueue
  readonly forgetSignal: (() => void) | undefined
}

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_MAX_OPEN = 10_000
const DEFAULT_MAX_UNREAD = 1000
// Each is a subscription; an application has one or a few.
const MOST_REPLY_QUEUES = 64
// How many ended requests a shared queue's late replies are known by.
const MOST_ENDED = 10_000
const LOG_EVERY_MS = 10_000

/** The requests of one connection: who waits for what, and the queues that answers come to. */
export class Requests {
  readonly #host: RequestHost
  readonly #queuesExpire: boolean
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  readonly #maxOpen: number
  readonly #deadlines: Deadlines
  readonly #open = new Map<string, Entry>()
  /** The ids of requests that ended, for queues where a reply of an unknown id may be another's. */
  readonly #ended = new Set<string>()
  readonly #queues = new Map<string, ReplyQueue>()
  /** The queue of this connection alone. */
  readonly #ownReplyTo = `queue://${newReplyQueue()}`
  readonly #hearers = new Set<ReplyHearer>()
  readonly #responders = new Set<Responder>()
  /** What those have done that were closed and forgotten. */
  #responded: ResponderCounts = { answered: 0, failed: 0, unwanted: 0, undeliverable: 0 }
  #unmatched = 0
  #passedOn = 0
  #loggedAt = Number.NEGATIVE_INFINITY
  #closed = false

  /** @throws UnderstudyError `invalid-option` for a `maxOpenRequests` that is not a whole number above 0. */
  constructor({ host, queuesExpire, clock, random, logger, maxOpenRequests = DEFAULT_MAX_OPEN }: RequestsOptions) {
    checkWhole('maxOpenRequests', maxOpenRequests)
    this.#host = host
    this.#queuesExpire = queuesExpire
    this.#clock = clock
    this.#random = random
    this.#logger = logger
    this.#maxOpen = maxOpenRequests
    this.#deadlines = new Deadlines(clock)
  }

  /** Whether no request is taken any more. */
  get isClosed(): boolean {
    return this.#closed
  }

  get counts(): RequestCounts {
    return { open: this.#open.size, unmatched: this.#unmatched, passedOn: this.#passedOn }
  }

  async request(destination: string, payload: Payload, options: RequestOptions): Promise<Reply> {
    checkRequestOptions(options)
    const { id, timeoutMs, dueAt } = this.#check(options)
    const { onProgress } = options
    const request = new SingleRequest({
      id,
      destination,
      timeoutMs,
      dueAt,
      onProgress: onProgress && ((reply) => this.#tell(onProgress, reply)),
      onEnd: (ended) => this.#end(ended),
    })
    this.#begin(request, destination, payload, options)
    return await request.answer
  }

  scatter(destination: string, payload: Payload, options: ScatterOptions): Gathering {
    checkScatterOptions(options)
    const { expect, maxUnread = DEFAULT_MAX_UNREAD } = options
    if (expect !== undefined) checkWhole('expect', expect)
    checkWhole('maxUnread', maxUnread)
    const { id, dueAt } = this.#check(options)
    const gathering = new OpenGathering({ id, dueAt, expect, maxUnread, onEnd: (ended) => this.#end(ended) })
    this.#begin(gathering, destination, payload, options)
    return gathering
  }

  respond(destination: string, handler: RequestHandler, options: ResponderOptions): Responder {
    for (const responder of this.#responders) {
      if (!responder.isOver) continue
      this.#responders.delete(responder)
      this.#responded = sumOf(this.#responded, responder.counts)
    }
    const responder = new Responder(this.#host, this.#clock, this.#logger, destination, handler, options)
    this.#responders.add(responder)
    return responder
  }

  /** What the responders have come to so far. */
  get responding(): RespondingCounts {
    const responders = [...this.#responders]
    const counts = responders.reduce((sum, responder) => sumOf(sum, responder.counts), this.#responded)
    return { open: responders.filter((responder) => !responder.isOver).length, ...counts }
  }

  /** The queue of this connection alone. */
  get replyTo(): string {
    return this.#ownReplyTo
  }

  /**
   * Hands what comes to {@link replyTo} and answers no request to the hearer. Resolves once the broker has taken the
   * subscription, with what ends it.
   */
  async hear(hearer: ReplyHearer): Promise<() => void> {
    if (this.#closed) throw new UnderstudyError('closed', 'the connection was closed')
    const queue = this.#replyQueue(undefined)
    this.#hearers.add(hearer)
    await queue.ready
    return () => this.#hearers.delete(hearer)
  }

  /** Ends every open request with `closed`, and hands back what belongs to others. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const error = new UnderstudyError('closed', 'the connection was closed before the request was answered')
    for (const { request } of this.#open.values()) request.fail(error)
    this.#endHearing(error)
    for (const queue of this.#queues.values()) queue.close()
    this.#deadlines.clear()
  }

  #check({ requestId, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: AskOptions): {
    readonly id: string
    readonly timeoutMs: number
    readonly dueAt: number
  } {
    if (this.#closed) throw new UnderstudyError('closed', 'the connection was closed')
    if (signal?.aborted) throw abortReason(signal)
    if (!(Number.isFinite(timeoutMs) && timeoutMs > 0))
      throw new UnderstudyError('invalid-option', `timeoutMs must be a number above 0, not ${timeoutMs}`)
    if (requestId === '') throw new UnderstudyError('invalid-option', 'the id of a request must not be empty')
    const id = requestId ?? randomUUID()
    if (this.#open.has(id)) throw new UnderstudyError('invalid-option', `request ${id} is open already`)
    if (this.#open.size >= this.#maxOpen) {
      const message = `${this.#open.size} requests are open; there is no room for more`
      throw new UnderstudyError('pending-full', message)
    }
    return { id, timeoutMs, dueAt: this.#clock.now() + timeoutMs }
  }

  #begin(request: OpenRequest, destination: string, payload: Payload, options: AskOptions): void {
    const { signal, replyTo } = options
    const queue = this.#replyQueue(replyTo)
    let forgetSignal: (() => void) | undefined
    if (signal) {
      const onAbort = (): void => request.fail(abortReason(signal))
      signal.addEventListener('abort', onAbort, { once: true })
      forgetSignal = () => signal.removeEventListener('abort', onAbort)
    }
    this.#open.set(request.id, { request, queue, forgetSignal })
    this.#deadlines.begin(request)
    void this.#ask(request, queue, destination, payload, options)
  }

  /** Never rejects: what goes wrong ends the request. */
  async #ask(
    request: OpenRequest,
    queue: ReplyQueue,
    destination: string,
    payload: Payload,
    options: AskOptions,
  ): Promise<void> {
    try {
      await queue.ready
      if (this.#open.get(request.id)?.request !== request) return
      await this.#host.send(destination, payload, outgoingOf(options, request.id, queue.destination))
      request.confirmed()
    } catch (thrown) {
      const ours = thrown instanceof UnderstudyError
      request.fail(ours ? thrown : new UnderstudyError('protocol', messageOf(thrown), { cause: thrown }))
    }
  }

  #end(request: OpenRequest): void {
    const entry = this.#open.get(request.id)
    this.#open.delete(request.id)
    this.#deadlines.end(request)
    entry?.forgetSignal?.()
    if (entry?.queue.shared) this.#remember(request.id)
  }

  #remember(id: string): void {
    this.#ended.add(id)
    if (this.#ended.size <= MOST_ENDED) return
    const eldest = this.#ended.values().next().value
    if (eldest !== undefined) this.#ended.delete(eldest)
  }

  /** @throws UnderstudyError `invalid-option` for a reply queue that is no queue. */
  #replyQueue(replyTo: string | undefined): ReplyQueue {
    const destination = replyTo === undefined ? this.#ownReplyTo : replyQueueName(replyTo)
    const known = this.#queues.get(destination)
    if (known) return known
    if (this.#queues.size >= MOST_REPLY_QUEUES)
      throw new UnderstudyError('invalid-option', `a connection has at most ${MOST_REPLY_QUEUES} reply queues`)
    const queue: ReplyQueue = new ReplyQueue({
      host: this.#host,
      clock: this.#clock,
      random: this.#random,
      destination,
      shared: replyTo !== undefined,
      // An application's own queue is as it declared it.
      expires: replyTo === undefined && this.#queuesExpire,
      onReply: (delivery) => this.#match(delivery),
      onUnmatched: (delivery) => this.#drop(delivery),
      onPassedOn: () => {
        this.#passedOn++
      },
      onEnd: (error) => this.#queueEnded(queue, error),
    })
    this.#queues.set(destination, queue)
    return queue
  }

  /** No answer will come from there: whoever waits is told, and the next request begins anew. */
  #queueEnded(queue: ReplyQueue, error: UnderstudyError): void {
    // Told twice where it ends as it begins: whoever hears again by then does so over the next one.
    if (this.#queues.get(queue.destination) !== queue) return
    this.#queues.delete(queue.destination)
    for (const entry of this.#open.values()) if (entry.queue === queue) entry.request.fail(error)
    if (queue.destination === this.#ownReplyTo) this.#endHearing(error)
  }

  #endHearing(error: UnderstudyError): void {
    const hearers = [...this.#hearers]
    this.#hearers.clear()
    for (const hearer of hearers) hearer.ended(error)
  }

  #match(delivery: Delivery): Match {
    const id = delivery.correlationId
    // A reply without an id answers nothing that anybody could wait for.
    if (id === undefined) return 'unwanted'
    const entry = this.#open.get(id)
    if (entry) return entry.request.take(new Reply(delivery, id)) ? 'taken' : 'unwanted'
    for (const hearer of this.#hearers) if (hearer.take(delivery)) return 'taken'
    return this.#ended.has(id) ? 'unwanted' : 'unknown'
  }

  #drop({ correlationId, endpoint }: Delivery): void {
    this.#unmatched++
    const now = this.#clock.now()
    if (now - this.#loggedAt < LOG_EVERY_MS) return
    this.#loggedAt = now
    const fields = { requestId: correlationId, endpoint, unmatched: this.#unmatched }
    this.#logger.info(fields, 'a reply came that nobody waits for')
  }

  #tell(onProgress: (reply: Reply) => void, reply: Reply): void {
    tellObserver(
      () => onProgress(reply),
      (error) => {
        const fields = { requestId: reply.requestId, error: messageOf(error) }
        this.#logger.error(fields, 'the observer of progress threw')
      },
    )
  }
}

function sumOf(one: ResponderCounts, other: ResponderCounts): ResponderCounts {
  return {
    answered: one.answered + other.answered,
    failed: one.failed + other.failed,
    unwanted: one.unwanted + other.unwanted,
    undeliverable: one.undeliverable + other.undeliverable,
  }
}
