import { messageOf, StaleDeliveryError, UnderstudyError } from '../errors.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { LinkDelivery, Settlement } from '../transport/link.ts'

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
  /** The word was given, and the broker has not confirmed it yet. */
  settling(settlement: DeliverySettlement): void
  /** The delivery needs nothing more: its settlement ended or it went stale. */
  over(settlement: DeliverySettlement): void
  /** The word could not be given on this kind of link; another one still can. */
  reopened(settlement: DeliverySettlement): void
}

/** Settles one delivery, once, on the link that delivered it and on no other. */
export class DeliverySettlement {
  readonly #delivery: LinkDelivery
  readonly #endpoint: RedactedEndpoint
  readonly #watcher: SettlementWatcher
  #state: State = { name: 'open' }

  constructor(delivery: LinkDelivery, endpoint: RedactedEndpoint, watcher: SettlementWatcher) {
    this.#delivery = delivery
    this.#endpoint = endpoint
    this.#watcher = watcher
  }

  get isOpen(): boolean {
    return this.#state.name === 'open'
  }

  /**
   * The same settlement twice is one settlement. Whoever does not wait for it hears of no failure: the
   * broker delivers again what was not settled.
   *
   * @throws StaleDeliveryError when the link had gone, or went before the broker confirmed;
   * UnderstudyError `already-settled` when another settlement came first, `unsupported` when this kind of
   * destination has no such settlement: then another one may still be given.
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
        return Promise.reject(this.#stale('was lost before it was settled; nothing was settled'))
      case 'settled':
        return this.#state.as === settlement
          ? this.#state.done
          : Promise.reject(this.#already(this.#state.as, settlement))
      case 'open': {
        this.#watcher.settling(this)
        const done = this.#perform(settlement)
        this.#state = { name: 'settled', as: settlement, done }
        return done
      }
    }
  }

  /** The link that delivered it is gone. */
  expire(): void {
    if (this.#state.name !== 'open') return
    this.#state = { name: 'stale' }
    this.#watcher.over(this)
  }

  async #perform(settlement: Settlement): Promise<void> {
    try {
      await this.#delivery.settle(settlement)
      this.#watcher.over(this)
    } catch (error) {
      // Nothing was said to the broker, so the delivery is as open as before.
      if (error instanceof UnderstudyError && error.code === 'unsupported') {
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
