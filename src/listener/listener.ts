import { aborted, abortWith, type Clock, type Timer, withDeadline } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { FailoverOptions } from '../failover/options.ts'
import type { FailoverSession, SessionTenant } from '../failover/session.ts'
import type { Logger } from '../logger.ts'
import { type Destination, formatDestination } from '../transport/destination.ts'
import type { Codecs } from '../transport/codec.ts'
import type { Link, LinkDelivery, Subscription } from '../transport/link.ts'
import { Delivery } from './delivery.ts'
import { DeadlineWatch } from './deadline-watch.ts'
import { DedupeGuard } from './dedupe.ts'
import { HandlerPool } from './handler-pool.ts'
import { type DeliveryObserver, WatchedDelivery } from './observer.ts'
import { type ListenOptions, readListenOptions } from './options.ts'
import { DeliverySettlement, type SettlementWatcher } from './settlement.ts'
import { tellObserver } from '../tell-observer.ts'

export interface ListenerOptions extends ListenOptions {
  readonly session: FailoverSession
  readonly failover: Pick<FailoverOptions, 'confirmTimeoutMs' | 'drainTimeoutMs'>
  readonly destination: Destination
  readonly handler: (delivery: Delivery, watched?: WatchedDelivery) => Promise<void> | void
  /**
   * Where the handler keeps deliveries for a loop, and tells who watches them when that has one: called to
   * leave those that the loop has not seen. Defaults to none: the handler is the application's.
   */
  readonly dropWaiting?: () => void
  readonly clock: Clock
  readonly logger: Logger
  readonly codecs: Codecs
  /** Metrics and traces. Defaults to none. */
  readonly observers?: readonly DeliveryObserver[] | undefined
  /** Called when it has ended, by its owner or by itself, and nothing of it is in hand. */
  readonly onOver?: (listener: Listener) => void
}

// A broker that ends subscriptions as fast as they are made is asked once in this many milliseconds.
const RESUBSCRIBE_MS = 1000
// RabbitMQ leaves a question about a queue unanswered for good where it asked a leader that has stopped; asked
// once more, it asks the next one. Who is merely slow has answered by then.
const SUBSCRIBE_AGAIN_MS = 4000
// The longest that the end of a subscription may take; the end of the link ends it anyway.
const CANCEL_MS = 1000

export type { DeliveryHandler } from './handler-pool.ts'
export type { ListenOptions } from './options.ts'

/**
 * Takes deliveries from one destination, over as many links as it takes: it subscribes again on every
 * new link and whenever a broker ends the subscription.
 */
export class Listener implements AsyncDisposable {
  readonly #options: ListenerOptions
  readonly #prefetch: number
  /** Deliveries in a handler's hands, or left by one that has not settled them yet. */
  readonly #open = new Set<DeliverySettlement>()
  /** Deliveries that the policy leaves with the broker as delivered: nobody waits for them. */
  readonly #left = new Set<DeliverySettlement>()
  readonly #handlers: HandlerPool
  readonly #dedupe: DedupeGuard | undefined
  readonly #idle: (() => void)[] = []
  /** What is told of the deliveries in hand; undefined when nobody wants to know. */
  readonly #watched: WeakMap<Delivery | DeliverySettlement, WatchedDelivery> | undefined
  readonly #watcher: SettlementWatcher
  readonly #tenant: SessionTenant = {
    linkUp: (link) => this.#linkUp(link),
    linkDown: () => this.#linkDown(),
    // What is settled is small, and a broker that reads nothing answers nothing: the deadline tells.
    linkBlocked: () => {},
    ended: (error) => this.#sessionEnded(error),
    quiesce: () => this.#quiesce(),
  }
  /** What the broker owes an answer: settlements, and the turn that is being subscribed. */
  readonly #owed: DeadlineWatch<DeliverySettlement | number>
  #link: Link | undefined
  #subscription: Subscription | undefined
  /** The subscription that counts, by its number, so that what belongs to an earlier one is known. */
  #turn = 0
  #turns = 0
  /** Those that the broker has not answered. */
  readonly #subscribing = new Set<number>()
  #resubscribe: Timer | undefined
  #closing: Promise<void> | undefined
  /** Ends the wait of `close`. */
  readonly #hurry = new AbortController()
  /** Whether a broker refused the subscription by name, and none has taken it since. */
  #refused = false
  /** Whether it wants deliveries at all. */
  #taking = true
  #duplicates = 0
  #over: UnderstudyError | undefined
  /** Fires with `#over`. */
  readonly #ended = new AbortController()
  readonly #onOver: ((error: UnderstudyError) => void)[] = []
  #rejectReady: (error: UnderstudyError) => void = () => {}
  #resolveReady: () => void = () => {}
  /** Resolves when the broker has accepted the first subscription. Rejects when none will ever be. */
  readonly ready: Promise<void>

  /** @throws UnderstudyError `invalid-option` for a prefetch or concurrency out of 1 to 65,535. */
  constructor(options: ListenerOptions) {
    const { prefetch, concurrency, onError } = readListenOptions(options)
    const { dedupe, logger } = options
    this.#options = options
    this.#prefetch = prefetch
    this.#watched = options.observers && new WeakMap()
    this.#dedupe = dedupe && new DedupeGuard(dedupe)
    this.#handlers = new HandlerPool({
      handler: this.#watched ? (delivery) => this.#handleWatched(delivery) : options.handler,
      concurrency,
      onError,
      dedupe: this.#dedupe,
      clock: options.clock,
      over: this.#ended.signal,
      logger,
      onLeft: (settlement) => this.#leave(settlement),
      onDuplicate: (delivery) => {
        this.#duplicates++
        this.#watched?.get(delivery)?.skipped()
      },
      onIdle: () => this.#wakeIdle(),
    })
    this.#watcher = {
      settling: (settlement) => this.#owed.begin(settlement),
      left: (settlement) => this.#leave(settlement),
      reopened: (settlement) => this.#owed.end(settlement),
      over: (settlement) => this.#settlementOver(settlement),
    }
    this.#owed = new DeadlineWatch(options.clock, options.failover.confirmTimeoutMs, () => this.#abandon())
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve
      this.#rejectReady = reject
    })
    // Waiting for it is the caller's choice; a failure nobody waits for is in the status events.
    this.ready.catch(() => {})
    options.session.attach(this.#tenant)
    options.session.open()
    this.#obey(options.signal)
  }

  /** How many copies of finished messages the dedupe store kept from the handler. */
  get duplicates(): number {
    return this.#duplicates
  }

  /** Why nothing will be delivered any more, or undefined. */
  get endedBy(): UnderstudyError | undefined {
    return this.#over
  }

  /** Calls back once nothing will be delivered any more, at once if it is so; `closed` where the owner closed it. */
  whenEnded(callback: (error: UnderstudyError) => void): void {
    if (this.#over) callback(this.#over)
    else this.#onOver.push(callback)
  }

  /** Deliveries that are neither settled nor gone back to the broker. */
  get unsettled(): number {
    return this.#open.size + this.#left.size
  }

  #linkUp(link: Link): void {
    this.#link = link
    if (this.#taking) void this.#subscribe(link)
  }

  #linkDown(): void {
    this.#takeNothing()
    this.#link = undefined
    this.#owed.clear()
    for (const settlement of [...this.#open, ...this.#left]) settlement.expire()
    this.#open.clear()
    this.#left.clear()
    this.#wakeIdle()
  }

  #sessionEnded(error: UnderstudyError): void {
    this.#taking = false
    this.#linkDown()
    this.#fail(error)
  }

  async #quiesce(): Promise<void> {
    const subscription = this.#takeNothing()
    await this.#settled()
    await this.#cancel(subscription)
  }

  /**
   * Takes nothing more, waits until every handler has finished and every delivery in hand is settled,
   * then ends the subscription. When that takes longer than `drainTimeout`, or `signal` fires first, what
   * is in hand goes back to the broker. A handler that waits for it keeps it waiting. Idempotent: a later
   * signal hurries it too. Never rejects.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#drainAndClose(this.#hurry.signal)
    if (signal) abortWith(signal, this.#hurry, this.#closing)
    return this.#closing
  }

  /** `close`, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #drainAndClose(signal: AbortSignal): Promise<void> {
    const { clock, failover, session } = this.#options
    this.#taking = false
    const subscription = this.#takeNothing()
    await withDeadline(clock, failover.drainTimeoutMs, (late) => Promise.race([this.#settled(), aborted(late)]), signal)
    session.detach(this.#tenant)
    await this.#cancel(subscription, signal)
    this.#linkDown()
    this.#fail(new UnderstudyError('closed', 'the listener was closed'))
    this.#forget()
  }

  /** What is in hand when it ends can still be settled, as long as its link lives. */
  async #forgetWhenIdle(): Promise<void> {
    await this.#settled()
    this.#forget()
  }

  /** Nothing is left of it to be told or waited for. */
  #forget(): void {
    this.#owed.clear()
    this.#options.session.detach(this.#tenant)
    this.#options.onOver?.(this)
  }

  /** From here on nothing is taken; what comes of the present subscription stays with the broker. */
  #takeNothing(): Subscription | undefined {
    const subscription = this.#subscription
    this.#turn = ++this.#turns
    this.#subscribing.clear()
    this.#subscription = undefined
    this.#resubscribe?.cancel()
    for (const settlement of this.#handlers.dropWaiting()) this.#open.delete(settlement)
    this.#options.dropWaiting?.()
    // What the application does there must not keep the session from its next link.
    tellObserver(
      () => this.#options.onRelease?.(),
      (error) => this.#options.logger.error({ error: messageOf(error) }, 'onRelease of a listener threw'),
    )
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
    const { destination, session, name } = this.#options
    const wanted = { prefetch: this.#prefetch, ...(name === undefined ? {} : { name }) }
    const what = { role: 'listener', endpoint: link.endpoint, destination: formatDestination(destination) } as const
    const turn = ++this.#turns
    this.#turn = turn
    this.#subscribing.add(turn)
    const sink = {
      deliver: (delivery: LinkDelivery) => {
        // What is not taken and not settled goes back to the broker when the subscription ends.
        if (this.#isWanted(turn)) this.#deliver(link, delivery)
      },
      cancelled: (reason: UnderstudyError) => {
        if (!this.#isWanted(turn)) return
        this.#subscribing.delete(turn)
        this.#subscription = undefined
        // It may be over before its answer is read.
        this.#turn = ++this.#turns
        session.report({ type: 'cancelled', ...what, error: reason })
        this.#subscribeLater(link)
      },
    }
    this.#owed.begin(turn)
    const again = this.#options.clock.after(SUBSCRIBE_AGAIN_MS, () => {
      if (this.#turn === turn && this.#subscribing.has(turn)) void this.#subscribe(link)
    })
    try {
      const subscription = await link.subscribe(destination, wanted, sink)
      if (this.#isWanted(turn)) {
        this.#subscription = subscription
        this.#resubscribe?.cancel()
        for (const other of this.#subscribing) this.#owed.end(other)
        this.#subscribing.clear()
        session.report({ type: 'subscribed', ...what })
      }
      // Nobody wants it any more, and on a link that lives on it would keep messages to itself.
      else await this.#cancel(subscription)
      this.#refused = false
      this.#resolveReady()
    } catch (thrown) {
      if (this.#taking) this.#notSubscribed(link, turn, thrown)
    } finally {
      again.cancel()
      this.#subscribing.delete(turn)
      this.#owed.end(turn)
    }
  }

  /** Of several questions for one subscription the first to be answered counts. */
  #isWanted(turn: number): boolean {
    if (this.#turn === turn) return true
    if (this.#subscription || !this.#subscribing.has(turn)) return false
    this.#turn = turn
    return true
  }

  #notSubscribed(link: Link, turn: number, thrown: unknown): void {
    // Another of the questions was answered, and that is the one that counts.
    if (this.#subscription && this.#turn !== turn) return
    const { destination, logger, session } = this.#options
    const error =
      thrown instanceof UnderstudyError ? thrown : new UnderstudyError('protocol', messageOf(thrown), { cause: thrown })
    // A refusal that another broker may not repeat is tried once more, and then believed: over STOMP each
    // costs the link, and with it every other listener on it.
    const final = !error.retriable || (error.code === 'rejected' && this.#refused)
    if (error.code === 'rejected') this.#refused = true
    // A refusal for good counts even where the link went with it; a lost link alone brings the next one.
    if (!final && !this.#isWanted(turn)) return
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
    const { observers, destination, codecs } = this.#options
    const watched = observers && new WatchedDelivery(observers, linkDelivery, destination, link.endpoint)
    const settlement = new DeliverySettlement(watched ?? linkDelivery, link.endpoint, this.#watcher, this.#dedupe)
    this.#open.add(settlement)
    // A handler that acknowledges first and works afterwards makes room at the broker, but not here.
    const delivery = new Delivery(linkDelivery.message, link.endpoint, settlement, codecs, watched)
    if (watched) this.#watched?.set(delivery, watched).set(settlement, watched)
    this.#handlers.take(delivery, settlement)
  }

  /** close does not wait for it. */
  #leave(settlement: DeliverySettlement): void {
    if (this.#open.delete(settlement)) this.#left.add(settlement)
    this.#wakeIdle()
  }

  async #handleWatched(delivery: Delivery): Promise<void> {
    const { handler, dropWaiting } = this.#options
    const watched = this.#watched?.get(delivery)
    await (dropWaiting ? handler(delivery, watched) : watched?.handle(() => handler(delivery)))
  }

  #settlementOver(settlement: DeliverySettlement): void {
    if (this.#watched && settlement.isStale) this.#watched.get(settlement)?.stale()
    this.#owed.end(settlement)
    this.#open.delete(settlement)
    this.#left.delete(settlement)
    this.#wakeIdle()
  }

  #fail(error: UnderstudyError): void {
    if (this.#over) return
    this.#over = error
    this.#ended.abort()
    this.#rejectReady(error)
    for (const tell of this.#onOver.splice(0)) tell(error)
    void this.#forgetWhenIdle()
  }

  #obey(signal: AbortSignal | undefined): void {
    if (!signal) return
    const onAbort = (): void => void this.close()
    if (signal.aborted) onAbort()
    else {
      signal.addEventListener('abort', onAbort, { once: true })
      this.whenEnded(() => signal.removeEventListener('abort', onAbort))
    }
  }

  #settled(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #isIdle(): boolean {
    return this.#open.size === 0 && this.#handlers.isIdle
  }

  #wakeIdle(): void {
    if (this.#idle.length === 0 || !this.#isIdle()) return
    for (const wake of this.#idle.splice(0)) wake()
  }
}
