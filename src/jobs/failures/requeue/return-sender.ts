import { abortReason, type Clock } from '../../../clock.ts'
import type { Connection } from '../../../connection.ts'
import { isImpossible, SendError } from '../../../errors.ts'
import type { JobObserver } from '../../job-events.ts'
import type { Claim } from '../claim.ts'
import type { KeptFailure } from '../failure.ts'
import { RequeuePace } from './pace.ts'
import { returningMessage } from './returning-message.ts'

export interface ReturnSenderOptions {
  readonly connection: Connection
  readonly declareQueue: (queue: string) => Promise<void>
  /** Defaults to the queue of each job. */
  readonly queue?: string | undefined
  /** How many a second. */
  readonly rate?: number | undefined
  readonly clock: Clock
  readonly tell: JobObserver
  readonly signal?: AbortSignal | undefined
}

// Sent together, and marked together once each of them is confirmed.
const TOGETHER = 100
// Read in one go: an answer of the store may take as long as a page takes the broker.
const READ_AHEAD = 500
// How long what is on its way may still take when the caller has lost patience.
const HURRY_AFTER_MS = 2000

/** What became of some that were sent together. */
interface SentPage {
  readonly went: readonly KeptFailure[]
  /** The ids of those that cannot be sent at all. */
  readonly refused: readonly string[]
  readonly failure: { readonly error: unknown } | undefined
}

/** Sends the failures of a claim back, the eldest first, and marks those that a broker confirmed. */
export class ReturnSender implements Disposable {
  readonly #options: ReturnSenderOptions
  readonly #pace: RequeuePace
  /** Gives up what is on its way. */
  readonly #hurry = new AbortController()
  #sent = 0
  #refusal: unknown
  #refused = 0
  #unconfirmed = 0
  #stop: () => void = () => {}

  constructor(options: ReturnSenderOptions) {
    this.#options = options
    this.#pace = new RequeuePace(options.clock, options.rate)
    const { signal, clock } = options
    if (!signal) return
    const hurry = (): void => {
      const timer = clock.after(HURRY_AFTER_MS, () => this.#hurry.abort(abortReason(signal)))
      this.#stop = () => timer.cancel()
    }
    if (signal.aborted) return
    signal.addEventListener('abort', hurry, { once: true })
    this.#stop = () => signal.removeEventListener('abort', hurry)
  }

  /** How many a broker confirmed. */
  get sent(): number {
    return this.#sent
  }

  /** Why the first of those was refused that cannot be sent at all; undefined where none was. */
  get refusal(): unknown {
    return this.#refusal
  }

  /** How many cannot be sent at all. */
  get refused(): number {
    return this.#refused
  }

  /** How many were given up of which nobody knows whether a broker has them. */
  get unconfirmed(): number {
    return this.#unconfirmed
  }

  /**
   * Sends up to so many, fewer where no more are left; `onPage` is told which went. What cannot be sent at all, such as
   * a header that the broker does not know how to carry, is given back and does not hold up the others.
   *
   * @throws the first error of the broker or the store, or the signal's reason: those that went are marked by then.
   */
  async send(claim: Claim, limit: number, onPage: (went: readonly KeptFailure[]) => void = () => {}): Promise<void> {
    const { rate, signal } = this.#options
    const together = rate === undefined ? TOGETHER : Math.max(1, Math.min(TOGETHER, Math.ceil(rate)))
    // Slowly sent, what was read long ago may by now be somebody else's.
    const ahead = rate === undefined ? READ_AHEAD : together
    let marking = Promise.resolve()
    try {
      for (let asked = 0; asked < limit; ) {
        const read = await claim.next(Math.min(ahead, limit - asked))
        if (read.length === 0) break
        asked += read.length
        for (let at = 0; at < read.length; at += together) {
          if (signal?.aborted) throw abortReason(signal)
          const page = await this.#publish(read.slice(at, at + together))
          const before = marking
          marking = this.#note(claim, page)
          // Thrown where it is waited for.
          marking.catch(() => {})
          onPage(page.went)
          // The store marks one page while the broker takes the next: no more than two have gone unmarked.
          await before
          if (page.failure) throw page.failure.error
        }
        // The store must not hand out again what went.
        await marking
      }
    } finally {
      await marking
    }
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  async #publish(page: readonly KeptFailure[]): Promise<SentPage> {
    let failure: { readonly error: unknown } | undefined
    const went: KeptFailure[] = []
    const refused: string[] = []
    const sends: Promise<void>[] = []
    const sendOne = async (kept: KeptFailure): Promise<void> => {
      try {
        await this.#sendOne(kept)
        went.push(kept)
      } catch (error) {
        if (error instanceof SendError && error.outcome === 'unknown') this.#unconfirmed++
        // It is this message that cannot be sent; others can.
        if (!isImpossible(error)) failure ??= { error }
        else {
          this.#refusal ??= error
          refused.push(kept.id)
        }
      }
    }
    for (const kept of page) {
      try {
        await this.#pace.turn(this.#options.signal)
      } catch (error) {
        failure ??= { error }
      }
      if (failure) break
      sends.push(sendOne(kept))
    }
    await Promise.all(sends)
    this.#sent += went.length
    return { went, refused, failure }
  }

  async #note(claim: Claim, { went, refused }: SentPage): Promise<void> {
    if (went.length > 0) await claim.sent(went.map(({ id, jobId }) => ({ id, retryJobId: jobId })))
    await claim.release(refused)
    this.#refused += refused.length
  }

  async #sendOne(failure: KeptFailure): Promise<void> {
    const { connection, declareQueue, tell } = this.#options
    const { queue, jobId, payload, options } = returningMessage(failure, { queue: this.#options.queue })
    await declareQueue(queue)
    await connection.send(`queue://${queue}`, payload, { ...options, signal: this.#hurry.signal })
    tell({ type: 'requeued', queue, job: failure.job, jobId })
  }
}
