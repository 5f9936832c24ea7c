import { aborted, type Clock, type Timer, withDeadline } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { FailoverOptions } from '../failover/options.ts'
import type { FailoverSession, SessionTenant } from '../failover/session.ts'
import type { Logger } from '../logger.ts'
import { type Destination, formatDestination } from '../transport/destination.ts'
import type { Link, LinkDelivery, Subscription } from '../transport/link.ts'
import { Delivery } from './delivery.ts'
import { DeadlineWatch } from './deadline-watch.ts'
import { DeliverySettlement, type SettlementWatcher } from './settlement.ts'

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
  readonly failover: Pick<FailoverOptions, 'confirmTimeoutMs' | 'drainTimeoutMs'>
  readonly destination: Destination
  readonly handler: DeliveryHandler
  readonly clock: Clock
  readonly logger: Logger
  /** Called once, when it has been closed. */
  readonly onClosed?: (listener: Listener) => void
}

const DEFAULT_PREFETCH = 10
const MOST_PREFETCH = 65_535
// A broker that ends subscriptions as fast as they are made is asked once in this many milliseconds.
const RESUBSCRIBE_MS = 1000
// The longest that the end of a subscription may take; the end of the link ends it anyway.
const CANCEL_MS = 1000

/**
 * Takes deliveries from one destination, over as many links as it takes: it subscribes again on every
 * new link and whenever a broker ends the subscription.
 */
export class Listener implements SessionTenant, AsyncDisposable {
  readonly #options: ListenerOptions
  readonly #prefetch: number
  /** Deliveries in a handler's hands, or left by one that has not settled them yet. */
  readonly #open = new Set<DeliverySettlement>()
  /** Deliveries that the policy leaves with the broker as delivered: nobody waits for them. */
  readonly #left = new Set<DeliverySettlement>()
  readonly #handling = new Set<Promise<void>>()
  readonly #idle: (() => void)[] = []
  readonly #watcher: SettlementWatcher
  /** What the broker owes an answer: settlements, and the turn that is being subscribed. */
  readonly #owed: DeadlineWatch<DeliverySettlement | number>
  /** Delivered while as many handlers ran as may; nobody but us has seen these yet. */
  readonly #line: { readonly delivery: Delivery; readonly settlement: DeliverySettlement }[] = []
  #link: Link | undefined
  #subscription: Subscription | undefined
  /** Counts subscriptions, so that what belongs to an earlier one is known by its number. */
  #turn = 0
  #resubscribe: Timer | undefined
  #closing: Promise<void> | undefined
  /** Whether a broker refused the subscription by name, and none has taken it since. */
  #refused = false
  /** Whether it wants deliveries at all. */
  #taking = true
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
    this.#watcher = {
      settling: (settlement) => this.#owed.begin(settlement),
      reopened: (settlement) => this.#owed.end(settlement),
      over: (settlement) => this.#over(settlement),
    }
    this.#owed = new DeadlineWatch(options.clock, options.failover.confirmTimeoutMs, () => this.#abandon())
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
    return this.#open.size + this.#left.size
  }

  linkUp(link: Link): void {
    this.#link = link
    if (this.#taking) void this.#subscribe(link)
  }

  linkDown(): void {
    this.#takeNothing()
    this.#link = undefined
    this.#owed.clear()
    for (const settlement of [...this.#open, ...this.#left]) settlement.expire()
    this.#open.clear()
    this.#left.clear()
    this.#wakeIdle()
  }

  /** What is settled is small, and a broker that reads nothing answers nothing: the deadline tells. */
  linkBlocked(): void {}

  ended(error: UnderstudyError): void {
    this.#taking = false
    this.linkDown()
    this.#fail(error)
  }

  async quiesce(): Promise<void> {
    const subscription = this.#takeNothing()
    await this.#settled()
    await this.#cancel(subscription)
  }

  /**
   * Takes nothing more, waits until every handler has finished and every delivery in hand is settled,
   * then ends the subscription. When that takes longer than `drainTimeout`, or `signal` fires first, what
   * is in hand goes back to the broker. Idempotent, never rejects.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#drainAndClose(signal)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #drainAndClose(signal: AbortSignal | undefined): Promise<void> {
    const { clock, failover, session, onClosed } = this.#options
    this.#taking = false
    const subscription = this.#takeNothing()
    await withDeadline(clock, failover.drainTimeoutMs, (late) => Promise.race([this.#settled(), aborted(late)]), signal)
    session.detach(this)
    await this.#cancel(subscription, signal)
    this.linkDown()
    this.#fail(new UnderstudyError('closed', 'the listener was closed'))
    onClosed?.(this)
  }

  /** From here on nothing is taken; what comes of the present subscription stays with the broker. */
  #takeNothing(): Subscription | undefined {
    const subscription = this.#subscription
    this.#turn++
    this.#subscription = undefined
    this.#resubscribe?.cancel()
    for (const { settlement } of this.#line.splice(0)) this.#open.delete(settlement)
    return subscription
  }

  async #cancel(subscription: Subscription | undefined, signal?: AbortSignal): Promise<void> {
    try {
      await withDeadline(this.#options.clock, CANCEL_MS, async (late) => subscription?.cancel(late), signal)
    } catch {
      // The link ends it when it ends.
    }
  }

  async #subscribe(link: Link): Promise<void> {
    const { destination, logger } = this.#options
    const turn = ++this.#turn
    const sink = {
      deliver: (delivery: LinkDelivery) => {
        // What is not taken and not settled goes back to the broker when the subscription ends.
        if (this.#turn === turn) this.#deliver(link, delivery)
      },
      cancelled: (reason: UnderstudyError) => {
        if (this.#turn !== turn) return
        this.#subscription = undefined
        logger.warn(
          { destination: formatDestination(destination) },
          `the broker ended the subscription: ${reason.message}`,
        )
        this.#subscribeLater(link)
      },
    }
    this.#owed.begin(turn)
    try {
      const subscription = await link.subscribe(destination, { prefetch: this.#prefetch }, sink)
      if (this.#turn === turn) this.#subscription = subscription
      // Nobody wants it any more, and on a link that lives on it would keep messages to itself.
      else await this.#cancel(subscription)
      this.#refused = false
      this.#resolveReady()
    } catch (thrown) {
      if (this.#taking) this.#notSubscribed(link, turn, thrown)
    } finally {
      this.#owed.end(turn)
    }
  }

  #notSubscribed(link: Link, turn: number, thrown: unknown): void {
    const { destination, logger, session } = this.#options
    const error =
      thrown instanceof UnderstudyError ? thrown : new UnderstudyError('protocol', messageOf(thrown), { cause: thrown })
    // A refusal that another broker may not repeat is tried once more, and then believed: over STOMP each
    // costs the link, and with it every other listener on it.
    const final = !error.retriable || (error.code === 'rejected' && this.#refused)
    if (error.code === 'rejected') this.#refused = true
    // A refusal for good counts even where the link went with it; a lost link alone brings the next one.
    if (!final && this.#turn !== turn) return
    logger.warn({ destination: formatDestination(destination), code: error.code }, `not subscribed: ${error.message}`)
    if (!final) {
      this.#subscribeLater(link)
      return
    }
    const told = new UnderstudyError(error.code, error.message, {
      cause: error,
      ...(error.endpoint === undefined ? {} : { endpoint: error.endpoint }),
    })
    this.#taking = false
    this.#takeNothing()
    this.#fail(told)
    session.report({ type: 'failed', role: 'listener', error: told })
  }

  #subscribeLater(link: Link): void {
    this.#resubscribe?.cancel()
    this.#resubscribe = this.#options.clock.after(RESUBSCRIBE_MS, () => {
      if (this.#link === link && this.#taking) void this.#subscribe(link)
    })
  }

  /** The broker owes an answer for too long. */
  #abandon(): void {
    if (!this.#link) return
    const { session, failover } = this.#options
    const message = `the broker left a listener without an answer for ${failover.confirmTimeoutMs} ms`
    const options = { retriable: true, endpoint: this.#link.endpoint }
    session.abandon(this.#link, new UnderstudyError('confirm-timeout', message, options))
  }

  #deliver(link: Link, linkDelivery: LinkDelivery): void {
    const settlement = new DeliverySettlement(linkDelivery, link.endpoint, this.#watcher)
    this.#open.add(settlement)
    const delivery = new Delivery(linkDelivery.message, link.endpoint, settlement)
    // A handler that acknowledges first and works afterwards makes room at the broker, but not here.
    if (this.#handling.size < this.#prefetch) this.#start(delivery, settlement)
    else this.#line.push({ delivery, settlement })
  }

  #start(delivery: Delivery, settlement: DeliverySettlement): void {
    const handling = this.#handle(delivery, settlement)
    this.#handling.add(handling)
    void handling.then(() => {
      this.#handling.delete(handling)
      const next = this.#line.shift()
      if (next) this.#start(next.delivery, next.settlement)
      this.#wakeIdle()
    })
  }

  #over(settlement: DeliverySettlement): void {
    this.#owed.end(settlement)
    this.#open.delete(settlement)
    this.#left.delete(settlement)
    this.#wakeIdle()
  }

  async #handle(delivery: Delivery, settlement: DeliverySettlement): Promise<void> {
    const { handler, onError = 'reject', logger } = this.#options
    try {
      await handler(delivery)
    } catch (error) {
      const stale = error instanceof UnderstudyError && error.code === 'stale-delivery'
      if (!stale) logger.error({ messageId: delivery.id, error: messageOf(error) }, 'the handler of a delivery threw')
      if (!settlement.isOpen) return
      if (onError !== 'leave') {
        await settlement.settle(onError).catch((failure: unknown) => {
          logger.warn(
            { messageId: delivery.id, error: messageOf(failure) },
            `the delivery could not be settled as ${onError}`,
          )
        })
      }
      // Left as it is, on purpose or for want of another way: close does not wait for it.
      if (settlement.isOpen && this.#open.delete(settlement)) this.#left.add(settlement)
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
