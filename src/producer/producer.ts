import { abortReason, aborted, type Clock, type Timer } from '../clock.ts'
import { type ErrorCode, type FailedSendOutcome, type SendError, UnderstudyError } from '../errors.ts'
import type { FailoverOptions } from '../failover/options.ts'
import type { FailoverSession, SessionTenant } from '../failover/session.ts'
import type { Link } from '../transport/link.ts'
import type { OutgoingMessage } from '../transport/message.ts'
import { AwaySends } from './away-sends.ts'
import { type AttemptEnd, joinObservers, type ProducerObserver, type SendObserver } from './observer.ts'
import { PendingBuffer, type PendingSend } from './pending.ts'
import { failedAttempt, gaveUp, knownOf, noRoom, notTaken } from './send-errors.ts'
import { WaitingLine } from './waiting-line.ts'

export type { AttemptEnd, ProducerObserver } from './observer.ts'

export interface ProducerOptions {
  readonly session: FailoverSession
  readonly failover: FailoverOptions
  readonly clock: Clock
  readonly observer?: ProducerObserver
  /** Metrics and traces. Defaults to none. */
  readonly telemetry?: readonly SendObserver[]
}

// A queue whose node is down is asked for again this often.
const AWAY_MS = 100

/**
 * Sends that end in a broker's confirm or in an error that says what is known. Unconfirmed ones are
 * sent again on the next link, in order, with the same id, until `retryThreshold` is over.
 */
export class Producer implements SessionTenant {
  readonly #session: FailoverSession
  readonly #options: FailoverOptions
  readonly #clock: Clock
  readonly #observer: SendObserver | undefined
  readonly #pending: PendingBuffer
  readonly #line: WaitingLine
  readonly #drained: (() => void)[] = []
  readonly #quiesced: (() => void)[] = []
  /** How many attempts were written and have not ended. */
  #inFlight = 0
  #link: Link | undefined
  #unlinkedSince: number
  #quiet = false
  /** The broker has said that it reads nothing for now: it owes no confirm in time. */
  #blocked = false
  readonly #away = new AwaySends()
  #entered = 0
  #again: Timer | undefined
  /** Why nothing more is taken: the owner closes, or the session has ended. */
  #shut: UnderstudyError | undefined
  #ended = false
  #watch: Timer | undefined
  #watchDue = Number.POSITIVE_INFINITY
  /** When all that is owed was last looked through. */
  #lookedAt = 0

  constructor(options: ProducerOptions) {
    this.#session = options.session
    this.#options = options.failover
    this.#clock = options.clock
    this.#observer = joinObservers(options.observer, options.telemetry)
    const { maxPending, maxPendingBytes } = options.failover
    this.#pending = new PendingBuffer(maxPending, maxPendingBytes)
    this.#line = new WaitingLine(maxPending, maxPendingBytes)
    this.#unlinkedSince = options.clock.now()
    this.#session.attach(this)
  }

  /** How many sends are unconfirmed. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * Resolves with the message's id on the broker's confirm.
   *
   * @throws SendError with what is known of the message; UnderstudyError `pending-full` when the buffer
   * is full and `whenFull` is `reject`, `closed` or the fatal error once the connection has ended.
   */
  send(given: OutgoingMessage, signal?: AbortSignal): Promise<string> {
    const message = this.#observer === undefined ? given : this.#observer.sending(given)
    if (this.#shut) return Promise.reject(this.#notSent(message, this.#shut))
    if (signal?.aborted) return Promise.reject(this.#notSent(message, abortReason(signal)))
    this.#session.open()
    const bytes = message.body.length
    if (this.#line.isEmpty && this.#pending.fits(bytes)) return this.#enter(message, this.#clock.now(), signal)
    if (this.#options.whenFull === 'reject' || !this.#line.takes(bytes)) {
      return Promise.reject(this.#notSent(message, noRoom(this.#pending)))
    }
    return this.#waitForRoom(message, signal)
  }

  linkUp(link: Link): void {
    this.#link = link
    this.#quiet = false
    this.#blocked = false
    this.#forgetAway()
    for (const entry of this.#pending.all()) {
      if (this.#link !== link) return
      if (entry.settled) continue
      // Whoever watches an attempt may send more, and that is written as it comes.
      if (entry.writtenTo !== link) this.#transmit(entry, link)
    }
    this.#watchOldest()
  }

  linkBlocked(blocked: boolean): void {
    this.#blocked = blocked
    const now = this.#clock.now()
    // What was written before the block ended is owed from now on.
    if (!blocked) for (const entry of [...this.#pending.all(), ...this.#pending.owed()]) entry.writtenAt = now
    this.#watchOldest()
  }

  linkDown(): void {
    this.#link = undefined
    this.#quiet = false
    this.#blocked = false
    this.#forgetAway()
    this.#unlinkedSince = this.#clock.now()
    this.#pending.forgetOwed()
    this.#admitWaiting()
    wake(this.#quiesced)
    this.#watchOldest()
  }

  ended(error: UnderstudyError): void {
    this.#link = undefined
    this.#shut = error
    this.#ended = true
    this.#watch?.cancel()
    this.#forgetAway()
    this.#pending.forgetOwed()
    this.#line.refuse(() => error)
    for (const entry of this.#pending.all()) this.#giveUp(entry, error.code, error.message, undefined, error)
    wake(this.#quiesced)
    wake(this.#drained)
  }

  quiesce(): Promise<void> {
    this.#quiet = true
    if (this.#inFlight === 0) return Promise.resolve()
    return new Promise((resolve) => this.#quiesced.push(resolve))
  }

  /**
   * Takes nothing more, and resolves once nothing is unconfirmed and nobody waits for room; false when
   * `signal` fired first.
   */
  drain(signal: AbortSignal): Promise<boolean> {
    this.#shut ??= new UnderstudyError('closed', 'the connection was closed')
    if (this.#isDrained) return Promise.resolve(true)
    return Promise.race([
      new Promise<boolean>((resolve) => this.#drained.push(() => resolve(true))),
      aborted(signal).then(() => false),
    ])
  }

  #enter(message: OutgoingMessage, startedAt: number, signal: AbortSignal | undefined): Promise<string> {
    return new Promise((resolve, reject) => {
      const entry: PendingSend = {
        message,
        number: this.#entered++,
        startedAt,
        resolve,
        reject,
        attempts: 0,
        ambiguous: false,
        writtenTo: undefined,
        writtenAt: 0,
        answer: undefined,
        failure: undefined,
        refusedBy: undefined,
        settled: false,
        previous: undefined,
        next: undefined,
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
    if (entry.writtenTo === undefined) this.#inFlight++
    entry.writtenTo = link
    entry.writtenAt = this.#clock.now()
    this.#observer?.attempt(entry.message, attempt, link.endpoint)
    link.send(entry.message, attempt).then(
      () => {
        this.#attemptEnded(entry, attempt, 'confirmed')
        if (!this.#away.isEmpty) this.#transmitAll(this.#away.takeFollowers(entry))
        if (!this.#settle(entry)) return
        this.#observer?.sendEnded(entry.message, 'confirmed', this.#clock.now() - entry.startedAt, undefined)
        entry.resolve(entry.message.id)
      },
      (error: unknown) => this.#attemptFailed(entry, attempt, link, error),
    )
  }

  #attemptEnded(entry: PendingSend, attempt: number, end: AttemptEnd): void {
    this.#observer?.attemptEnded(entry.message, attempt, end)
    // The answer to what was given up meanwhile: its room is free.
    if (entry.settled && entry.attempts === attempt && this.#pending.answered(entry)) this.#admitWaiting()
  }

  /** The last attempt of an entry is over, one way or another. */
  #landed(entry: PendingSend): void {
    if (entry.writtenTo === undefined) return
    entry.writtenTo = undefined
    this.#inFlight--
    if (this.#inFlight === 0) wake(this.#quiesced)
  }

  #attemptFailed(entry: PendingSend, attempt: number, link: Link, thrown: unknown): void {
    const error = failedAttempt(thrown, entry, attempt)
    this.#attemptEnded(entry, attempt, error.outcome)
    if (entry.settled) return
    entry.failure = error
    if (error.outcome === 'unknown') entry.ambiguous = true
    // The news of a lost link can come after the next link: then it is the later attempt that counts.
    if (entry.attempts !== attempt) return
    this.#landed(entry)
    if (this.#isFinal(entry, error, link)) {
      this.#giveUp(entry, error.code, error.message, entry.ambiguous ? 'unknown' : error.outcome, error)
      // What followed it is asked about by itself.
      if (!this.#away.isEmpty) this.#transmitAll(this.#away.takeFollowers(entry))
      return
    }
    if (this.#link !== link) return
    if (error.outcome === 'returned' || error.outcome === 'rejected') {
      entry.answer = error.outcome
      this.#tryAgainLater(entry)
      return
    }
    // The link itself knows better than its sends why it ended, and may be about to say so.
    setImmediate(() =>
      this.#session.abandon(link, new UnderstudyError('link-lost', error.message, { retriable: true, cause: error })),
    )
  }

  /** Its destination is away (the node of a queue is down, a leader being elected) and the link as good as before. */
  #tryAgainLater(entry: PendingSend): void {
    this.#away.add(entry)
    this.#askLater()
  }

  #askLater(): void {
    if (this.#away.isEmpty) return
    this.#again ??= this.#clock.after(AWAY_MS, () => {
      this.#again = undefined
      this.#transmitAll(this.#away.takeProbes())
    })
  }

  #transmitAll(entries: readonly PendingSend[]): void {
    const link = this.#link
    if (!link) return
    for (const entry of entries) if (!entry.settled && link === this.#link && !this.#quiet) this.#transmit(entry, link)
    this.#watchOldest()
  }

  #forgetAway(): void {
    this.#again?.cancel()
    this.#again = undefined
    this.#away.clear()
  }

  /** A refusal by name that another broker may not repeat is believed when another link repeats it. */
  #isFinal(entry: PendingSend, error: SendError, link: Link): boolean {
    if (!error.retriable) return true
    if (error.outcome !== 'rejected' || error.forNow) return false
    entry.refusedBy ??= link
    return entry.refusedBy !== link
  }

  #giveUp(entry: PendingSend, code: ErrorCode, why: string, outcome?: FailedSendOutcome, cause?: unknown): void {
    const known = outcome ?? knownOf(entry)
    if (!this.#settle(entry, this.#isOwed(entry))) return
    this.#observer?.gaveUp(entry.message)
    const error = gaveUp(entry, code, why, known, cause)
    this.#observer?.sendEnded(entry.message, known, this.#clock.now() - entry.startedAt, error)
    entry.reject(error)
    // It may have been the one that asks for its destination: the next one takes that up.
    this.#askLater()
  }

  /** @param isOwed whether it ends before the present link has answered. */
  #settle(entry: PendingSend, isOwed = false): boolean {
    if (entry.settled) return false
    entry.settled = true
    this.#landed(entry)
    if (isOwed) this.#pending.giveUp(entry)
    else this.#pending.remove(entry)
    this.#admitWaiting()
    return true
  }

  get #isDrained(): boolean {
    return this.#pending.size === 0 && this.#line.isEmpty
  }

  #waitForRoom(message: OutgoingMessage, signal: AbortSignal | undefined): Promise<string> {
    const startedAt = this.#clock.now()
    return new Promise((resolve, reject) => {
      const waiting = {
        bytes: message.body.length,
        startedAt,
        onAdmitted: () => resolve(this.#enter(message, startedAt, signal)),
        onRefused: (error: UnderstudyError) => {
          reject(this.#notSent(message, error, startedAt))
          // It may have been too big for the room there was, and kept a smaller one waiting.
          this.#admitWaiting()
        },
      }
      this.#line.add(waiting, signal)
      this.#watchOldest()
    })
  }

  #admitWaiting(): void {
    if (!this.#line.isEmpty) this.#line.admit((bytes) => !this.#ended && this.#pending.fits(bytes))
    if (this.#isDrained) wake(this.#drained)
  }

  #obey(signal: AbortSignal, entry: PendingSend): void {
    const onAbort = (): void =>
      this.#giveUp(entry, 'aborted', 'the caller aborted the send', undefined, abortReason(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    const { resolve, reject } = entry
    const forget = (): void => signal.removeEventListener('abort', onAbort)
    Object.assign(entry, {
      resolve: (id: string) => {
        forget()
        resolve(id)
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
    const waitingSince = this.#line.oldestStartedAt()
    return Math.min(
      oldest ? this.#deadlineOf(oldest.startedAt) : Number.POSITIVE_INFINITY,
      this.#confirmDue(oldest),
      waitingSince === undefined ? Number.POSITIVE_INFINITY : this.#deadlineOf(waitingSince),
    )
  }

  /** When a confirm is overdue; only the present link owes one. */
  #confirmDue(oldest: PendingSend | undefined): number {
    if (this.#blocked || !this.#link) return Number.POSITIVE_INFINITY
    return Math.min(this.#owedSince(oldest), this.#pending.owedSince()) + this.#options.confirmTimeoutMs
  }

  #owedSince(oldest: PendingSend | undefined): number {
    if (this.#inFlight === 0) return Number.POSITIVE_INFINITY
    // Else the eldest is away, and behind it something is owed: looking for that at every send would cost too much.
    return oldest && this.#isOwed(oldest) ? oldest.writtenAt : this.#lookedAt
  }

  #isOwed({ writtenTo }: PendingSend): boolean {
    return writtenTo !== undefined && writtenTo === this.#link
  }

  #isOverdue(now: number): boolean {
    if (this.#confirmDue(this.#pending.oldest()) > now) return false
    this.#lookedAt = now
    const since = now - this.#options.confirmTimeoutMs
    if (this.#pending.owedSince() <= since) return true
    return this.#pending.all().some((entry) => this.#isOwed(entry) && entry.writtenAt <= since)
  }

  #deadlineOf(startedAt: number): number {
    const { retryThresholdMs, timeoutMs } = this.#options
    const threshold = retryThresholdMs < 0 ? Number.POSITIVE_INFINITY : startedAt + retryThresholdMs
    if (timeoutMs < 0 || this.#link) return threshold
    return Math.min(threshold, Math.max(startedAt, this.#unlinkedSince) + timeoutMs)
  }

  #expire(now: number): void {
    for (let entry = this.#pending.oldest(); entry; entry = this.#pending.oldest()) {
      if (this.#deadlineOf(entry.startedAt) > now) break
      const known = knownOf(entry)
      const code = known === 'unknown' ? 'unconfirmed' : known
      this.#giveUp(entry, code, 'no broker confirmed it in time', known, entry.failure)
    }
    this.#line.refuse(
      () => noRoom(this.#pending),
      (startedAt) => this.#deadlineOf(startedAt) <= now,
    )
    const link = this.#link
    if (link && this.#isOverdue(now)) {
      const message = `no confirm came within ${this.#options.confirmTimeoutMs} ms`
      const options = { retriable: true, endpoint: link.endpoint }
      this.#session.abandon(link, new UnderstudyError('confirm-timeout', message, options))
    }
  }

  #notSent(message: OutgoingMessage, why: UnderstudyError, startedAt?: number): SendError {
    const error = notTaken(message, why)
    const waitedMs = startedAt === undefined ? 0 : this.#clock.now() - startedAt
    this.#observer?.sendEnded(message, 'not-sent', waitedMs, error)
    return error
  }
}

function wake(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve()
}
