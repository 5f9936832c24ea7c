import { messageOf, StaleDeliveryError, UnderstudyError } from '../errors.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { LinkDelivery, Settlement } from '../transport/link.ts'
import type { DedupeGuard } from './dedupe.ts'

/** How far a delivery has come. */
type State =
  /** Handed to the listener; the broker waits for a word. */
  | { readonly name: 'open' }
  /** The word was given. */
  | { readonly name: 'settled'; readonly as: Settlement; readonly done: Promise<void> }
  /** The link went first: the broker has taken the message back. */
  | { readonly name: 'stale' }

/** Told how far a delivery has come. */
export interface SettlementWatcher {
  /** The word is being given, and the broker owes its answer from now on. */
  settling(settlement: DeliverySettlement): void
  /** The delivery needs nothing more: its settlement ended or it went stale. */
  over(settlement: DeliverySettlement): void
  /** No word is to be waited for. */
  left(settlement: DeliverySettlement): void
  /** The word could not be given on this kind of link; another one still can. */
  reopened(settlement: DeliverySettlement): void
}

/** Settles one delivery, once, on the link that delivered it and on no other. */
export class DeliverySettlement {
  readonly #delivery: LinkDelivery
  readonly #endpoint: RedactedEndpoint
  readonly #watcher: SettlementWatcher
  readonly #dedupe: DedupeGuard | undefined
  #state: State = { name: 'open' }

  constructor(
    delivery: LinkDelivery,
    endpoint: RedactedEndpoint,
    watcher: SettlementWatcher,
    dedupe: DedupeGuard | undefined,
  ) {
    this.#delivery = delivery
    this.#endpoint = endpoint
    this.#watcher = watcher
    this.#dedupe = dedupe
  }

  get isOpen(): boolean {
    return this.#state.name === 'open'
  }

  get isStale(): boolean {
    return this.#state.name === 'stale'
  }

  /**
   * The same settlement twice is one settlement. Whoever does not wait for it hears of no failure: the
   * broker delivers again what was not settled.
   *
   * @throws StaleDeliveryError when the link had gone, or went before the broker confirmed;
   * UnderstudyError `already-settled` when another settlement came first, `unsupported` when this kind of
   * destination has no such settlement and `storage` when the dedupe store failed: then another one may
   * still be given.
   */
  settle(settlement: Settlement): Promise<void> {
    const done = this.#settle(settlement)
    // A handler that does not wait for it must not end the process when a link is lost.
    done.catch(() => {})
    return done
  }

  #settle(settlement: Settlement): Promise<void> {
    switch (this.#state.name) {
      case 'stale':
        return this.#tooLate(settlement)
      case 'settled':
        return this.#state.as === settlement
          ? this.#state.done
          : Promise.reject(this.#already(this.#state.as, settlement))
      case 'open': {
        const done = this.#perform(settlement)
        this.#state = { name: 'settled', as: settlement, done }
        return done
      }
    }
  }

  /** Nobody waits for it. */
  leave(): void {
    if (this.#state.name === 'open') this.#watcher.left(this)
  }

  /** The link that delivered it is gone. */
  expire(): void {
    if (this.#state.name !== 'open') return
    this.#state = { name: 'stale' }
    this.#watcher.over(this)
  }

  /** The broker delivers it again, and the work is done all the same. */
  async #tooLate(settlement: Settlement): Promise<never> {
    if (settlement === 'ack') await this.#dedupe?.finished(this.#delivery.message.id)
    throw this.#stale('was lost before it was settled; nothing was settled')
  }

  async #perform(settlement: Settlement): Promise<void> {
    try {
      if (this.#dedupe && settlement === 'ack') await this.#dedupe.finished(this.#delivery.message.id)
      // What the store takes is not the broker's time.
      this.#watcher.settling(this)
      await this.#delivery.settle(settlement)
      this.#watcher.over(this)
    } catch (error) {
      // Nothing was said to the broker, so the delivery is as open as before.
      if (error instanceof UnderstudyError && (error.code === 'unsupported' || error.code === 'storage')) {
        this.#state = { name: 'open' }
        this.#watcher.reopened(this)
        throw error
      }
      this.#watcher.over(this)
      if (!(error instanceof UnderstudyError) || error.retriable) {
        throw this.#stale(`was lost before the broker confirmed the ${settlement}; it may be delivered again`, error)
      }
      throw error
    }
  }

  #stale(what: string, cause?: unknown): StaleDeliveryError {
    const { id } = this.#delivery.message
    const why = cause === undefined ? '' : `: ${messageOf(cause)}`
    return new StaleDeliveryError(`delivery of message ${id}: the link to ${this.#endpoint} ${what}${why}`, {
      endpoint: this.#endpoint,
      cause,
    })
  }

  #already(first: Settlement, second: Settlement): UnderstudyError {
    return new UnderstudyError(
      'already-settled',
      `delivery of message ${this.#delivery.message.id}: ${second} after ${first}`,
    )
  }
}
