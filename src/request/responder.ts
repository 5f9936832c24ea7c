import { randomUUID } from 'node:crypto'
import { type Clock, pause } from '../clock.ts'
import { isImpossible, isRefused, messageOf, SendError, UnderstudyError } from '../errors.ts'
import type { Delivery } from '../listener/delivery.ts'
import type { Listener } from '../listener/listener.ts'
import type { Logger } from '../logger.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import type { Payload } from '../producer/payload.ts'
import { IncomingRequest, type RequestHandler } from './incoming-request.ts'
import { errorBody, type ReplyKind, replyHeaders } from './reply.ts'
import type { RequestHost } from './request-host.ts'

/** How a responder takes requests and answers them. */
export interface ResponderOptions {
  /** What replies say they are from; one responder's name stays the same. Defaults to a random UUID. */
  readonly name?: string
  /** How many requests may be in hand at a time. Defaults to 10. */
  readonly prefetch?: number
  /** Whether replies survive a restart of the broker. Defaults to true. */
  readonly persistent?: boolean
  /** Closes the responder, as `close` does, when it fires. Defaults to none. */
  readonly signal?: AbortSignal
}

const RESPONDER_OPTIONS: NamesOf<ResponderOptions> = { name: true, prefetch: true, persistent: true, signal: true }

/** What a responder has done so far. */
export interface ResponderCounts {
  /** Requests whose answer a broker has confirmed, errors included. */
  readonly answered: number
  /** Requests whose handler threw, or returned what cannot be written as an answer. */
  readonly failed: number
  /** Requests that want no answer, or want it at a place that has no name here: handled, and the result dropped. */
  readonly unwanted: number
  /** Answers that the broker would not take: nobody waits at that address any more. */
  readonly undeliverable: number
}

// What could not be sent is tried again no sooner.
const PAUSE_MS = 1000
// A broker that is looking for a new leader refuses for a while what it takes afterwards, and in the same
// words as for good. To offer an answer again costs less than to do the work again. A time and no count: an offer may
// itself last as long as `retryThreshold`, and the answer has one of the places for requests meanwhile.
const OFFERED_FOR_MS = 10_000

/**
 * Answers requests: the answer is confirmed first and the request acknowledged after it, so that a crash
 * between the two answers twice and never not at all.
 */
export class Responder implements AsyncDisposable {
  readonly #host: RequestHost
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #handler: RequestHandler
  readonly #persistent: boolean
  readonly #listener: Listener
  /** Fires when its listener has ended: there is nothing to wait for any more. */
  readonly #over = new AbortController()
  readonly #counts = { answered: 0, failed: 0, unwanted: 0, undeliverable: 0 }
  /** What its replies say they are from. */
  readonly name: string

  constructor(
    host: RequestHost,
    clock: Clock,
    logger: Logger,
    destination: string,
    handler: RequestHandler,
    options: ResponderOptions,
  ) {
    checkNames('respond', options, RESPONDER_OPTIONS)
    this.#host = host
    this.#clock = clock
    this.#logger = logger
    this.#handler = handler
    this.#persistent = options.persistent ?? true
    this.name = options.name ?? randomUUID()
    this.#listener = host.listen(destination, (delivery) => this.#serve(delivery), {
      onError: 'requeue',
      ...(options.prefetch === undefined ? {} : { prefetch: options.prefetch }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    this.#listener.whenEnded(() => this.#over.abort())
  }

  /** Resolves when the broker has accepted the first subscription. Rejects when none will ever be. */
  get ready(): Promise<void> {
    return this.#listener.ready
  }

  get counts(): ResponderCounts {
    return { ...this.#counts }
  }

  /** Whether it takes no more requests, and has none in hand. */
  get isOver(): boolean {
    return this.#over.signal.aborted
  }

  /** Takes no more requests and answers those in hand. Idempotent, never rejects. */
  close(signal?: AbortSignal): Promise<void> {
    return this.#listener.close(signal)
  }

  /** `close`, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #serve(delivery: Delivery): Promise<void> {
    // As in JMS, a request without an id of its own is known by that of its message.
    const requestId = delivery.correlationId ?? delivery.id
    let sequence = 0
    const reply = async (kind: ReplyKind, payload: Payload): Promise<void> => {
      if (delivery.replyTo === undefined) return
      sequence++
      await this.#host.send(delivery.replyTo, payload, {
        correlationId: requestId,
        headers: replyHeaders(kind, this.name, sequence),
        persistent: this.#persistent,
      })
    }
    const request = new IncomingRequest(delivery, requestId, (payload) => reply('progress', payload))
    let answer: () => Promise<void>
    try {
      const result = (await this.#handler(request)) ?? null
      answer = () => reply('result', result)
    } catch (error) {
      answer = this.#failure(requestId, error, reply)
    }
    await request.finish()
    if (delivery.replyTo === undefined) this.#counts.unwanted++
    else await this.#answer(delivery, requestId, answer, reply)
    await delivery.ack()
  }

  #failure(
    requestId: string,
    error: unknown,
    reply: (kind: ReplyKind, payload: Payload) => Promise<void>,
  ): () => Promise<void> {
    const message = messageOf(error)
    this.#counts.failed++
    this.#logger.warn({ requestId, error: message }, 'the handler of a request threw')
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    return () => reply('error', errorBody(message, code))
  }

  /** Resolves when the request may be acknowledged. @throws when it should come again. */
  async #answer(
    delivery: Delivery,
    requestId: string,
    answer: () => Promise<void>,
    reply: (kind: ReplyKind, payload: Payload) => Promise<void>,
  ): Promise<void> {
    const write = async (): Promise<void> => {
      try {
        await answer()
      } catch (error) {
        // What the handler returned cannot be written; nothing of it was sent.
        if (!(error instanceof UnderstudyError) || error instanceof SendError || error.code !== 'invalid-option')
          throw error
        await this.#failure(requestId, error, reply)()
      }
    }
    try {
      await this.#offer(write)
      this.#counts.answered++
    } catch (error) {
      // From a topic it cannot come again: a copy would be every subscriber's.
      const again = isTransient(error) && !delivery.destination.startsWith('topic://')
      this.#logger.warn(
        { requestId, replyTo: delivery.replyTo, error: messageOf(error) },
        again ? 'an answer was not confirmed; the request goes back' : 'an answer could not be delivered',
      )
      if (!again) {
        this.#counts.undeliverable++
        return
      }
      if (error.code !== 'closed') await pause(this.#clock, PAUSE_MS, this.#over.signal)
      throw error
    }
  }

  async #offer(write: () => Promise<void>): Promise<void> {
    const last = this.#clock.now() + OFFERED_FOR_MS
    for (;;) {
      try {
        await write()
        return
      } catch (error) {
        // Once it is over there is no pause, and the request comes again.
        const isLast = this.isOver || this.#clock.now() + PAUSE_MS >= last
        if (!isRefused(error) || isLast) throw error
        await pause(this.#clock, PAUSE_MS, this.#over.signal)
      }
    }
  }
}

/** Whether the same answer may be taken another time. A refusal by name is for good. */
function isTransient(error: unknown): error is SendError {
  return error instanceof SendError && !isImpossible(error) && !isRefused(error)
}
