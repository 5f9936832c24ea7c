import { type Clock, type Timer } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { FailoverSession, SessionTenant } from '../failover/session.ts'
import type { Logger } from '../logger.ts'
import { type Destination, formatDestination } from '../transport/destination.ts'
import type { Link, LinkDelivery, Subscription } from '../transport/link.ts'
import { Delivery } from './delivery.ts'
import { DeliverySettlement } from './settlement.ts'

/** Handles one delivery. What it leaves unsettled stays with the broker as delivered. */
export type DeliveryHandler = (delivery: Delivery) => Promise<void> | void

export interface ListenOptions {
  /** How many unsettled deliveries the broker may have out. Defaults to 10. */
  readonly prefetch?: number
  /**
   * What becomes of a delivery whose handler throws before it settled it: `reject` hands it to the
   * broker's dead letters, `requeue` back to the queue, `leave` keeps it until the link ends.
   * Defaults to `reject`.
   */
  readonly onError?: 'reject' | 'requeue' | 'leave'
}

export interface ListenerOptions extends ListenOptions {
  readonly session: FailoverSession
  readonly destination: Destination
  readonly handler: DeliveryHandler
  readonly clock: Clock
  readonly logger: Logger
}

const DEFAULT_PREFETCH = 10
const MOST_PREFETCH = 65_535
// A broker that ends subscriptions as fast as they are made is asked once in this many milliseconds.
const RESUBSCRIBE_MS = 1000

/**
 * Takes deliveries from one destination, over as many links as it takes: it subscribes again on every
 * new link and whenever a broker ends the subscription.
 */
export class Listener implements SessionTenant {
  readonly #options: ListenerOptions
  readonly #prefetch: number
  readonly #open = new Set<DeliverySettlement>()
  readonly #handling = new Set<Promise<void>>()
  readonly #idle: (() => void)[] = []
  #link: Link | undefined
  #subscription: Subscription | undefined
  #resubscribe: Timer | undefined
  /** Whether it wants deliveries at all. */
  #taking = true
  /** Whether it takes none for now, so that the present link can be left. */
  #quiet = false
  #fail: (error: UnderstudyError) => void = () => {}
  #resolveReady: () => void = () => {}
  /** Resolves when the broker has accepted the first subscription. Rejects when none will ever be. */
  readonly ready: Promise<void>

  /** @throws UnderstudyError `invalid-option` for a prefetch that is not a whole number from 1 to 65,535. */
  constructor(options: ListenerOptions) {
    const prefetch = options.prefetch ?? DEFAULT_PREFETCH
    if (!Number.isInteger(prefetch) || prefetch < 1 || prefetch > MOST_PREFETCH) {
      throw new UnderstudyError(
        'invalid-option',
        `prefetch must be a whole number from 1 to ${MOST_PREFETCH}, not ${prefetch}`,
      )
    }
    this.#options = options
    this.#prefetch = prefetch
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve
      this.#fail = reject
    })
    // Waiting for it is the caller's choice; a failure nobody waits for is in the status events.
    this.ready.catch(() => {})
    options.session.attach(this)
    options.session.open()
  }

  /** Deliveries that are neither settled nor gone back to the broker. */
  get unsettled(): number {
    return this.#open.size
  }

  linkUp(link: Link): void {
    this.#link = link
    this.#quiet = false
    if (this.#taking) void this.#subscribe(link)
  }

  linkDown(): void {
    this.#resubscribe?.cancel()
    this.#link = undefined
    this.#subscription = undefined
    for (const settlement of this.#open) settlement.expire()
    this.#wakeIdle()
  }

  ended(error: UnderstudyError): void {
    this.#taking = false
    this.linkDown()
    this.#fail(error)
  }

  async quiesce(): Promise<void> {
    this.#quiet = true
    const subscription = this.#subscription
    this.#subscription = undefined
    await this.#settled()
    await subscription?.cancel(AbortSignal.timeout(RESUBSCRIBE_MS))
  }

  /**
   * Takes nothing more, waits until every handler has finished and every delivery in hand is settled,
   * then ends the subscription. When `signal` fires first, what is in hand goes back to the broker.
   */
  async close(signal: AbortSignal): Promise<void> {
    this.#taking = false
    this.#resubscribe?.cancel()
    const subscription = this.#subscription
    this.#subscription = undefined
    await Promise.race([this.#settled(), aborted(signal)])
    this.#options.session.detach(this)
    await subscription?.cancel(signal)
    this.linkDown()
    this.#fail(new UnderstudyError('closed', 'the listener was closed'))
  }

  async #subscribe(link: Link): Promise<void> {
    const { destination, logger } = this.#options
    const sink = {
      deliver: (delivery: LinkDelivery) => this.#deliver(link, delivery),
      cancelled: (reason: UnderstudyError) => {
        if (this.#link !== link) return
        this.#subscription = undefined
        logger.warn(
          { destination: formatDestination(destination) },
          `the broker ended the subscription: ${reason.message}`,
        )
        this.#subscribeLater(link)
      },
    }
    try {
      const subscription = await link.subscribe(destination, { prefetch: this.#prefetch }, sink)
      if (this.#link !== link) return
      if (!this.#taking) {
        await subscription.cancel(AbortSignal.timeout(RESUBSCRIBE_MS))
        return
      }
      this.#subscription = subscription
      this.#resolveReady()
    } catch (thrown) {
      const error =
        thrown instanceof UnderstudyError
          ? thrown
          : new UnderstudyError('protocol', messageOf(thrown), { cause: thrown })
      // A lost link brings the next one, and linkUp with it.
      if (this.#link !== link || !this.#taking) return
      logger.warn({ destination: formatDestination(destination), code: error.code }, `not subscribed: ${error.message}`)
      if (error.retriable) this.#subscribeLater(link)
      else {
        this.#taking = false
        this.#fail(error)
        this.#options.session.report({ type: 'failed', role: 'listener', error })
      }
    }
  }

  #subscribeLater(link: Link): void {
    this.#resubscribe?.cancel()
    this.#resubscribe = this.#options.clock.after(RESUBSCRIBE_MS, () => {
      if (this.#link === link && this.#taking) void this.#subscribe(link)
    })
  }

  #deliver(link: Link, linkDelivery: LinkDelivery): void {
    // Not taken and not settled: the broker gets it back when the subscription ends.
    if (this.#link !== link || !this.#taking || this.#quiet) return
    const settlement = new DeliverySettlement(linkDelivery, link.endpoint, () => {
      this.#open.delete(settlement)
      this.#wakeIdle()
    })
    this.#open.add(settlement)
    const handling = this.#handle(new Delivery(linkDelivery.message, link.endpoint, settlement), settlement)
    this.#handling.add(handling)
    void handling.then(() => {
      this.#handling.delete(handling)
      this.#wakeIdle()
    })
  }

  async #handle(delivery: Delivery, settlement: DeliverySettlement): Promise<void> {
    const { handler, onError = 'reject', logger } = this.#options
    try {
      await handler(delivery)
    } catch (error) {
      const stale = error instanceof UnderstudyError && error.code === 'stale-delivery'
      if (!stale) logger.error({ messageId: delivery.id, error: messageOf(error) }, 'the handler of a delivery threw')
      if (!settlement.isOpen || onError === 'leave') return
      await settlement.settle(onError).catch((failure: unknown) => {
        logger.warn(
          { messageId: delivery.id, error: messageOf(failure) },
          `the delivery could not be settled as ${onError}`,
        )
      })
    }
  }

  #settled(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #isIdle(): boolean {
    return this.#handling.size === 0 && this.#open.size === 0
  }

  #wakeIdle(): void {
    if (this.#idle.length === 0 || !this.#isIdle()) return
    for (const wake of this.#idle.splice(0)) wake()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
