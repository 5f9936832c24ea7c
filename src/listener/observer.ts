import type { Destination } from '../transport/destination.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { LinkDelivery, Settlement } from '../transport/link.ts'
import type { IncomingMessage } from '../transport/message.ts'

/** Told of every delivery that a handler gets to see. One that throws disturbs nobody. */
export interface DeliveryObserver {
  /** A handler is about to be given a message of `source`, the destination that is listened to. */
  delivered(message: IncomingMessage, source: Destination, endpoint: RedactedEndpoint): DeliveryWatcher
  /** A copy of a message that is finished already was kept from the handler. */
  duplicate(message: IncomingMessage, source: Destination, endpoint: RedactedEndpoint): void
}

/** Told what becomes of one delivery. */
export interface DeliveryWatcher {
  /**
   * Calls `handle` once, at once; whatever context is active meanwhile is the handler's. Not called for a
   * loop over deliveries.
   */
  run(handle: () => void): void
  /** The handler has ended: with nothing, or with what it threw or said that failed. */
  handled(thrown: { readonly error: unknown } | undefined): void
  /** A settlement is on its way to the broker. */
  settling(as: Settlement): void
  /** The broker has it, or this came of it. */
  settled(as: Settlement, failure: { readonly error: unknown } | undefined): void
  /** The link was lost before anything was settled: the broker has taken the message back. */
  stale(): void
}

/** A link's delivery together with those who watch it; one that throws disturbs nobody. */
export class WatchedDelivery implements LinkDelivery {
  readonly #observers: readonly DeliveryObserver[]
  readonly #delivery: LinkDelivery
  readonly #source: Destination
  readonly #endpoint: RedactedEndpoint
  /** Nobody before a handler has it: what waits in line was not delivered to anyone. */
  #watchers: DeliveryWatcher[] = []
  /** What the application says that failed. */
  #failure: { readonly error: unknown } | undefined

  constructor(
    observers: readonly DeliveryObserver[],
    delivery: LinkDelivery,
    source: Destination,
    endpoint: RedactedEndpoint,
  ) {
    this.#observers = observers
    this.#delivery = delivery
    this.#source = source
    this.#endpoint = endpoint
  }

  get message(): IncomingMessage {
    return this.#delivery.message
  }

  /** From here on the application has it. */
  begin(): readonly DeliveryWatcher[] {
    const watchers: DeliveryWatcher[] = []
    for (const observer of this.#observers)
      attempt(() => watchers.push(observer.delivered(this.message, this.#source, this.#endpoint)))
    this.#watchers = watchers
    return watchers
  }

  noteFailure(error: unknown): void {
    this.#failure = { error }
  }

  /** The application goes on to the next one. */
  end(): void {
    this.#tell((watcher) => watcher.handled(this.#failure))
  }

  /** From begin to end. Ends as the handler does, whatever those who watch it do. */
  async handle(handler: () => Promise<void> | void): Promise<void> {
    const watchers = this.begin()
    let running: Promise<void> | undefined
    // Whoever forgets to call it, or calls it twice, changes nothing.
    const start = (): void => void (running ??= (async () => handler())())
    const nested = watchers.reduceRight<() => void>((inner, watcher) => () => attempt(() => watcher.run(inner)), start)
    nested()
    start()
    try {
      await running
    } catch (error) {
      this.#tell((watcher) => watcher.handled({ error }))
      throw error
    }
    this.end()
  }

  async settle(settlement: Settlement): Promise<void> {
    this.#tell((watcher) => watcher.settling(settlement))
    try {
      await this.#delivery.settle(settlement)
    } catch (error) {
      this.#tell((watcher) => watcher.settled(settlement, { error }))
      throw error
    }
    this.#tell((watcher) => watcher.settled(settlement, undefined))
  }

  /** It came again after it was finished, and no handler sees it. */
  skipped(): void {
    for (const observer of this.#observers)
      attempt(() => observer.duplicate(this.message, this.#source, this.#endpoint))
  }

  /** Its link is gone and it was not settled. */
  stale(): void {
    this.#tell((watcher) => watcher.stale())
  }

  #tell(what: (watcher: DeliveryWatcher) => void): void {
    for (const watcher of this.#watchers) attempt(() => what(watcher))
  }
}

function attempt(say: () => void): void {
  try {
    say()
  } catch {
    // Its owner's trouble: the delivery must go on.
  }
}
