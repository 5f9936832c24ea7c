import type { Clock, Timer } from '../clock.ts'
import { abortReason } from '../clock.ts'
import { type ErrorCode, type FailedSendOutcome, messageOf, SendError, UnderstudyError } from '../errors.ts'
import type { FailoverOptions } from '../failover/options.ts'
import type { FailoverSession, SessionTenant } from '../failover/session.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { Link } from '../transport/link.ts'
import type { OutgoingMessage } from '../transport/message.ts'
import { PendingBuffer, type PendingSend } from './pending.ts'

/** How one attempt ended, as an observer sees it. */
export type AttemptEnd = 'confirmed' | 'rejected' | 'returned' | 'not-sent' | 'unknown'

/** Told of every attempt of every message: what a drill writes down. None of these may throw. */
export interface ProducerObserver {
  /** `endpoint` is undefined when no broker was connected; such an attempt ends as `not-sent`. */
  attempt(message: OutgoingMessage, attempt: number, endpoint: RedactedEndpoint | undefined): void
  attemptEnded(message: OutgoingMessage, attempt: number, end: AttemptEnd): void
  gaveUp(message: OutgoingMessage): void
}

export interface ProducerOptions {
  readonly session: FailoverSession
  readonly failover: FailoverOptions
  readonly clock: Clock
  readonly observer?: ProducerObserver
}

interface Waiter {
  readonly bytes: number
  readonly startedAt: number
  readonly admit: () => void
  readonly refuse: (error: UnderstudyError) => void
}

/**
 * Sends that end in a broker's confirm or in an error that says what is known. Unconfirmed ones are
 * sent again on the next link, in order, with the same id, until `retryThreshold` is over.
 */
export class Producer implements SessionTenant {
  readonly #session: FailoverSession
  readonly #options: FailoverOptions
  readonly #clock: Clock
  readonly #observer: ProducerObserver | undefined
  readonly #pending: PendingBuffer
  readonly #line = new Set<Waiter>()
  readonly #idle: (() => void)[] = []
  #link: Link | undefined
  #unlinkedSince: number
  #quiet = false
  #ended: UnderstudyError | undefined
  #watch: Timer | undefined
  #watchDue = Number.POSITIVE_INFINITY

  constructor(options: ProducerOptions) {
    this.#session = options.session
    this.#options = options.failover
    this.#clock = options.clock
    this.#observer = options.observer
    this.#pending = new PendingBuffer(options.failover.maxPending, options.failover.maxPendingBytes)
    this.#unlinkedSince = options.clock.now()
    this.#session.attach(this)
  }

  /** How many sends are unconfirmed. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * Resolves on the broker's confirm.
   *
   * @throws SendError with what is known of the message; UnderstudyError `pending-full` when the buffer
   * is full and `whenFull` is `reject`, `closed` or the fatal error once the connection has ended.
   */
  send(message: OutgoingMessage, signal?: AbortSignal): Promise<void> {
    if (this.#ended) return Promise.reject(this.#notSent(message, this.#ended))
    if (signal?.aborted) return Promise.reject(this.#notSent(message, abortReason(signal)))
    this.#session.open()
    const bytes = message.body.length
    if (this.#line.size === 0 && this.#pending.fits(bytes)) return this.#enter(message, this.#clock.now(), signal)
    if (this.#options.whenFull === 'reject' || this.#line.size >= this.#options.maxPending) {
      return Promise.reject(this.#notSent(message, this.#full()))
    }
    return this.#waitForRoom(message, signal)
  }

  linkUp(link: Link): void {
    this.#link = link
    this.#quiet = false
    for (const entry of this.#pending) this.#transmit(entry, link)
    this.#watchOldest()
  }

  linkDown(): void {
    this.#link = undefined
    this.#unlinkedSince = this.#clock.now()
    this.#watchOldest()
  }

  ended(error: UnderstudyError): void {
    this.#link = undefined
    this.#ended = error
    this.#watch?.cancel()
    for (const waiter of this.#line) waiter.refuse(error)
    this.#line.clear()
    for (const entry of this.#pending) this.#giveUp(entry, error.code, error.message)
  }

  quiesce(): Promise<void> {
    this.#quiet = true
    for (const entry of this.#pending) {
      if (entry.writtenAt !== undefined) return new Promise((resolve) => this.#idle.push(resolve))
    }
    return Promise.resolve()
  }

  /** Resolves once nothing is unconfirmed and nobody waits for room; false when `signal` fired first. */
  drain(signal: AbortSignal): Promise<boolean> {
    if (this.#pending.size === 0 && this.#line.size === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const onAbort = (): void => resolve(false)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#idle.push(() => {
        signal.removeEventListener('abort', onAbort)
        resolve(true)
      })
    })
  }

  #enter(message: OutgoingMessage, startedAt: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry: PendingSend = {
        message,
        startedAt,
        resolve,
        reject,
        attempts: 0,
        ambiguous: false,
        writtenAt: undefined,
        settled: false,
      }
      this.#pending.add(entry)
      if (signal) this.#obey(signal, entry)
      if (this.#link && !this.#quiet) this.#transmit(entry, this.#link)
      else this.#attemptWithoutLink(entry)
      this.#watchOldest()
    })
  }

  /** An attempt that met no connected broker is one all the same: the job is late from here on. */
  #attemptWithoutLink(entry: PendingSend): void {
    if (this.#quiet) return
    entry.attempts++
    this.#observer?.attempt(entry.message, entry.attempts, undefined)
    this.#observer?.attemptEnded(entry.message, entry.attempts, 'not-sent')
  }

  #transmit(entry: PendingSend, link: Link): void {
    const attempt = ++entry.attempts
    entry.writtenAt = this.#clock.now()
    this.#observer?.attempt(entry.message, attempt, link.endpoint)
    link.send(entry.message, attempt).then(
      () => {
        this.#observer?.attemptEnded(entry.message, attempt, 'confirmed')
        if (this.#settle(entry)) entry.resolve()
      },
      (error: unknown) => this.#attemptFailed(entry, attempt, link, error),
    )
  }

  #attemptFailed(entry: PendingSend, attempt: number, link: Link, thrown: unknown): void {
    const error =
      thrown instanceof SendError
        ? thrown
        : new SendError('protocol', messageOf(thrown), {
            outcome: 'unknown',
            messageId: entry.message.id,
            attempts: attempt,
            cause: thrown,
          })
    this.#observer?.attemptEnded(entry.message, attempt, error.outcome)
    if (entry.settled) return
    if (error.outcome === 'unknown') entry.ambiguous = true
    entry.writtenAt = undefined
    const final = error.outcome === 'rejected' || error.outcome === 'returned' || !error.retriable
    if (final) this.#giveUp(entry, error.code, error.message, entry.ambiguous ? 'unknown' : error.outcome, error)
    else if (this.#link === link)
      this.#session.abandon(link, new UnderstudyError('link-lost', error.message, { retriable: true, cause: error }))
    this.#wakeIdle()
  }

  #giveUp(entry: PendingSend, code: ErrorCode, why: string, outcome?: FailedSendOutcome, cause?: unknown): void {
    const known = outcome ?? (entry.ambiguous || entry.writtenAt !== undefined ? 'unknown' : 'not-sent')
    if (!this.#settle(entry)) return
    this.#observer?.gaveUp(entry.message)
    const { id } = entry.message
    const attempts = entry.attempts
    entry.reject(
      new SendError(code, `message ${id}: ${why} (${known} after ${attempts} attempts)`, {
        outcome: known,
        messageId: id,
        attempts,
        cause,
      }),
    )
  }

  #settle(entry: PendingSend): boolean {
    if (entry.settled) return false
    entry.settled = true
    this.#pending.remove(entry)
    this.#admitWaiting()
    this.#wakeIdle()
    return true
  }

  #wakeIdle(): void {
    if (this.#idle.length === 0) return
    if (this.#pending.size > 0 && !this.#quiet) return
    for (const entry of this.#pending) if (entry.writtenAt !== undefined) return
    for (const wake of this.#idle.splice(0)) wake()
  }

  #waitForRoom(message: OutgoingMessage, signal: AbortSignal | undefined): Promise<void> {
    const startedAt = this.#clock.now()
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.refuse(abortReason(signal as AbortSignal))
      const leave = (): void => {
        this.#line.delete(waiter)
        signal?.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        bytes: message.body.length,
        startedAt,
        admit: () => {
          leave()
          resolve(this.#enter(message, startedAt, signal))
        },
        refuse: (error) => {
          leave()
          reject(this.#notSent(message, error))
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#line.add(waiter)
      this.#watchOldest()
    })
  }

  #admitWaiting(): void {
    for (const waiter of this.#line) {
      if (this.#ended || !this.#pending.fits(waiter.bytes)) return
      waiter.admit()
    }
  }

  #obey(signal: AbortSignal, entry: PendingSend): void {
    const onAbort = (): void => this.#giveUp(entry, 'aborted', 'the caller aborted the send')
    signal.addEventListener('abort', onAbort, { once: true })
    const { resolve, reject } = entry
    const forget = (): void => signal.removeEventListener('abort', onAbort)
    Object.assign(entry, {
      resolve: () => {
        forget()
        resolve()
      },
      reject: (error: SendError) => {
        forget()
        reject(error)
      },
    })
  }

  /**
   * One timer for all: sends end in the order they began, so the eldest has the nearest deadline. A
   * timer that is due earlier than needed is left to fire; it costs less than moving it at every send.
   */
  #watchOldest(): void {
    const due = this.#nextDeadline()
    if (due >= this.#watchDue) return
    this.#watch?.cancel()
    this.#watchDue = due
    this.#watch = this.#clock.after(due - this.#clock.now(), () => {
      this.#watchDue = Number.POSITIVE_INFINITY
      this.#expire(this.#clock.now())
      this.#watchOldest()
    })
  }

  #nextDeadline(): number {
    const oldest = this.#pending.oldest()
    const waiter = this.#line.values().next().value
    return Math.min(
      oldest ? this.#deadlineOf(oldest.startedAt) : Number.POSITIVE_INFINITY,
      oldest?.writtenAt === undefined ? Number.POSITIVE_INFINITY : oldest.writtenAt + this.#options.confirmTimeoutMs,
      waiter ? this.#deadlineOf(waiter.startedAt) : Number.POSITIVE_INFINITY,
    )
  }

  #deadlineOf(startedAt: number): number {
    const { retryThresholdMs, timeoutMs } = this.#options
    const threshold = retryThresholdMs < 0 ? Number.POSITIVE_INFINITY : startedAt + retryThresholdMs
    if (timeoutMs < 0 || this.#link) return threshold
    return Math.min(threshold, Math.max(startedAt, this.#unlinkedSince) + timeoutMs)
  }

  #expire(now: number): void {
    for (const entry of this.#pending) {
      if (this.#deadlineOf(entry.startedAt) > now) break
      this.#giveUp(
        entry,
        entry.ambiguous || entry.writtenAt !== undefined ? 'unconfirmed' : 'not-sent',
        'no broker confirmed it in time',
      )
    }
    for (const waiter of this.#line) {
      if (this.#deadlineOf(waiter.startedAt) > now) break
      waiter.refuse(this.#full())
    }
    const oldest = this.#pending.oldest()
    if (this.#link && oldest?.writtenAt !== undefined && oldest.writtenAt + this.#options.confirmTimeoutMs <= now) {
      const message = `no confirm came within ${this.#options.confirmTimeoutMs} ms`
      this.#session.abandon(
        this.#link,
        new UnderstudyError('confirm-timeout', message, { retriable: true, endpoint: this.#link.endpoint }),
      )
    }
  }

  #full(): UnderstudyError {
    return new UnderstudyError(
      'pending-full',
      `${this.#pending.size} sends of ${this.#pending.bytes} bytes are unconfirmed; there is no room for more`,
    )
  }

  #notSent(message: OutgoingMessage, why: UnderstudyError): SendError {
    return new SendError(why.code, `message ${message.id} was not sent: ${why.message}`, {
      outcome: 'not-sent',
      messageId: message.id,
      attempts: 0,
      cause: why,
    })
  }
}
