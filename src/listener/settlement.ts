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

/** Settles one delivery, once, on the link that delivered it and on no other. */
export class DeliverySettlement {
  readonly #delivery: LinkDelivery
  readonly #endpoint: RedactedEndpoint
  readonly #onOver: () => void
  #state: State = { name: 'open' }

  /** `onOver` is called once, when the delivery needs nothing more: its settlement ended or it went stale. */
  constructor(delivery: LinkDelivery, endpoint: RedactedEndpoint, onOver: () => void) {
    this.#delivery = delivery
    this.#endpoint = endpoint
    this.#onOver = onOver
  }

  get isOpen(): boolean {
    return this.#state.name === 'open'
  }

  /**
   * The same settlement twice is one settlement.
   *
   * @throws StaleDeliveryError when the link had gone, or went before the broker confirmed;
   * UnderstudyError `already-settled` when another settlement came first.
   */
  settle(settlement: Settlement): Promise<void> {
    switch (this.#state.name) {
      case 'stale':
        return Promise.reject(this.#stale('was lost before it was settled; nothing was settled'))
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

  /** The link that delivered it is gone. */
  expire(): void {
    if (this.#state.name !== 'open') return
    this.#state = { name: 'stale' }
    this.#onOver()
  }

  async #perform(settlement: Settlement): Promise<void> {
    try {
      await this.#delivery.settle(settlement)
    } catch (error) {
      if (!(error instanceof UnderstudyError) || error.retriable) {
        throw this.#stale(`was lost before the broker confirmed the ${settlement}; it may be delivered again`, error)
      }
      throw error
    } finally {
      this.#onOver()
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
