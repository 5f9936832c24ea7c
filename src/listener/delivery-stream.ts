import type { UnderstudyError } from '../errors.ts'
import type { Delivery } from './delivery.ts'
import type { Listener, ListenerOptions } from './listener.ts'
import type { WatchedDelivery } from './observer.ts'

/** A delivery that waits for the loop, or is in its hands; `done` ends its turn as a handler. */
interface Waiting {
  readonly delivery: Delivery
  readonly watched: WatchedDelivery | undefined
  readonly done: () => void
}

/**
 * Deliveries as an async iterable, for a `for await` loop that settles each of them. It takes as many
 * ahead as the prefetch says; those whose link went before the loop came to them are passed over. Leaving
 * the loop closes it: what is not settled by then goes back to the broker.
 */
export class DeliveryStream implements AsyncIterableIterator<Delivery>, AsyncDisposable {
  readonly #listener: Listener
  readonly #line: Waiting[] = []
  readonly #asked: {
    readonly resolve: (result: IteratorResult<Delivery>) => void
    readonly reject: (error: UnderstudyError) => void
  }[] = []
  #inHand: Waiting | undefined
  #over = false

  /** `listen` makes the listener that feeds it. */
  constructor(listen: (handler: ListenerOptions['handler'], dropWaiting: () => void) => Listener) {
    this.#listener = listen(
      (delivery, watched) => this.#take(delivery, watched),
      () => this.#dropWaiting(),
    )
    this.#listener.whenEnded((error) => this.#end(error))
  }

  /** Resolves when the broker has accepted the first subscription. Rejects when none will ever be. */
  get ready(): Promise<void> {
    return this.#listener.ready
  }

  /** How many copies of finished messages the dedupe store kept from the loop. */
  get duplicates(): number {
    return this.#listener.duplicates
  }

  /**
   * The next delivery; asking for it ends the turn of the one before.
   *
   * @throws UnderstudyError once, when no broker will deliver any more.
   */
  next(): Promise<IteratorResult<Delivery>> {
    this.#letGo()
    for (let waiting = this.#line.shift(); waiting; waiting = this.#line.shift()) {
      if (!waiting.delivery.isStale) {
        this.#handOut(waiting)
        return Promise.resolve({ done: false, value: waiting.delivery })
      }
      waiting.done()
    }
    const { endedBy } = this.#listener
    if (endedBy && endedBy.code !== 'closed' && !this.#over) {
      this.#over = true
      return Promise.reject(endedBy)
    }
    if (endedBy || this.#over) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.#asked.push({ resolve, reject }))
  }

  /** What leaving the loop does. */
  async return(): Promise<IteratorResult<Delivery>> {
    this.#over = true
    this.#letGo()
    this.#dropWaiting()
    // Nobody will settle what is left: there is nothing to wait for.
    await this.#listener.close(AbortSignal.abort())
    return { done: true, value: undefined }
  }

  /** Delivers nothing more and waits, as {@link Listener.close}, for what the loop has in hand. Idempotent. */
  close(signal?: AbortSignal): Promise<void> {
    this.#over = true
    this.#dropWaiting()
    return this.#listener.close(signal)
  }

  /** Itself: there is one loop over it. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** Ends it, at the end of an `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #take(delivery: Delivery, watched: WatchedDelivery | undefined): Promise<void> {
    return new Promise((done) => {
      const asked = this.#asked.shift()
      if (asked === undefined) {
        this.#line.push({ delivery, watched, done })
        return
      }
      this.#handOut({ delivery, watched, done })
      asked.resolve({ done: false, value: delivery })
    })
  }

  /** What the loop has not seen goes back to the broker. */
  #dropWaiting(): void {
    for (const { delivery, done } of this.#line.splice(0)) {
      delivery.leave()
      done()
    }
  }

  #handOut(waiting: Waiting): void {
    // Whoever asked several times before any came has the one before already, and no later asking ends its turn.
    this.#letGo()
    this.#inHand = waiting
    waiting.watched?.begin()
  }

  #letGo(): void {
    this.#inHand?.watched?.end()
    this.#inHand?.done()
    this.#inHand = undefined
  }

  #end(error: UnderstudyError): void {
    this.#letGo()
    this.#dropWaiting()
    for (const { resolve, reject } of this.#asked.splice(0)) {
      if (error.code === 'closed' || this.#over) resolve({ done: true, value: undefined })
      else {
        this.#over = true
        reject(error)
      }
    }
  }
}
