import { type ConsumeOptions, type ConsumerQueue, EngineConsumer } from './consumer.ts'
import { type Entry, ReadyList } from './ready-list.ts'

/** Why a message went to a dead letter queue. */
export type DeadLetterReason = 'rejected' | 'expired'

/** What a queue tells the engine that it belongs to. Called in the order in which things happen. */
export interface QueueOwner<P> {
  wallTime(): number
  dispatched(queue: MessageQueue<P>, entry: Entry<P>): void
  /** The entry has left for good: it was acknowledged, or dropped. */
  removed(queue: MessageQueue<P>, entry: Entry<P>): void
  /** The entry has left this queue and is owed to its dead letter queue. */
  deadLettered(queue: MessageQueue<P>, entry: Entry<P>, reason: DeadLetterReason): void
  /** The last consumer has left. */
  abandoned(queue: MessageQueue<P>): void
  /** Neither a message nor a consumer is left. */
  idle(queue: MessageQueue<P>): void
}

/**
 * One queue: the messages that wait, the consumers, and the dispatch between them. A topic is one such queue
 * per subscriber, fed with copies.
 */
export class MessageQueue<P> implements ConsumerQueue<P> {
  readonly name: string
  readonly ready: ReadyList<P> = new ReadyList()
  readonly #owner: QueueOwner<P>
  readonly #consumers = new Set<EngineConsumer<P>>()
  // Those with credit, the one that is next at the front: a Set keeps the order in which they joined.
  readonly #available = new Set<EngineConsumer<P>>()
  #unsettled = 0
  #dispatching = false

  constructor(name: string, owner: QueueOwner<P>) {
    this.name = name
    this.#owner = owner
  }

  get unsettled(): number {
    return this.#unsettled
  }

  get consumers(): number {
    return this.#consumers.size
  }

  append(entry: Entry<P>): void {
    this.ready.append(entry)
    this.dispatch()
  }

  /** Adds a consumer, paused. */
  attach(options: ConsumeOptions<P>): EngineConsumer<P> {
    const consumer = new EngineConsumer<P>(this, options)
    this.#consumers.add(consumer)
    return consumer
  }

  detach(consumer: EngineConsumer<P>, unsettled: readonly Entry<P>[]): void {
    this.#consumers.delete(consumer)
    this.#available.delete(consumer)
    const returned = unsettled.toSorted((a, b) => a.sequence - b.sequence)
    for (const entry of returned) entry.redelivered = true
    this.#unsettled -= returned.length
    this.ready.putBack(returned)
    this.dispatch()
    if (this.#consumers.size === 0) this.#owner.abandoned(this)
    this.#reportIdle()
  }

  /** Moves a consumer in or out of the round of those that are served, as its credit says. */
  creditChanged(consumer: EngineConsumer<P>): void {
    if (!consumer.wantsMore) {
      this.#available.delete(consumer)
      return
    }
    this.#available.add(consumer)
    this.dispatch()
  }

  acknowledge(entry: Entry<P>): void {
    this.#unsettled -= 1
    this.#owner.removed(this, entry)
    this.#reportIdle()
  }

  reject(entry: Entry<P>): void {
    this.#unsettled -= 1
    this.#owner.deadLettered(this, entry, 'rejected')
    this.#reportIdle()
  }

  requeue(entry: Entry<P>): void {
    this.#unsettled -= 1
    entry.redelivered = true
    this.ready.putBack([entry])
    this.dispatch()
  }

  /** Takes a waiting entry out, to drop it. */
  discard(entry: Entry<P>): void {
    this.ready.remove(entry)
    this.#owner.removed(this, entry)
  }

  /** Takes out every waiting entry that is meant, to drop it. */
  discardWhere(isMeant: (entry: Entry<P>) => boolean): void {
    for (let entry = this.ready.first; entry !== undefined; ) {
      const { next } = entry
      if (isMeant(entry)) this.discard(entry)
      entry = next
    }
    this.#reportIdle()
  }

  /** Takes out what has expired, wherever it stands. Linear in the number of waiting messages. */
  expire(): void {
    const now = this.#owner.wallTime()
    const expired: Entry<P>[] = []
    for (let entry = this.ready.first; entry !== undefined; entry = entry.next) {
      if (hasExpired(entry, now)) expired.push(entry)
    }
    // All out first: the owner's part may deliver elsewhere, and whatever that calls must not meet them here.
    for (const entry of expired) this.ready.remove(entry)
    for (const entry of expired) this.#owner.deadLettered(this, entry, 'expired')
    this.#reportIdle()
  }

  /**
   * Hands waiting messages to consumers in turn until either runs out. A sink may send, settle or pause while
   * it is called; the outermost call goes on with what that changed.
   */
  dispatch(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    try {
      for (;;) {
        const entry = this.ready.first
        if (entry === undefined) return
        const { value: consumer } = this.#available.values().next()
        if (consumer === undefined) return
        if (entry.expiresAtMs !== undefined && hasExpired(entry, this.#owner.wallTime())) {
          this.ready.remove(entry)
          this.#owner.deadLettered(this, entry, 'expired')
          continue
        }
        this.ready.remove(entry)
        this.#unsettled += 1
        this.#available.delete(consumer)
        consumer.reserve(entry)
        if (consumer.wantsMore) this.#available.add(consumer)
        this.#owner.dispatched(this, entry)
        consumer.hand(entry)
      }
    } finally {
      this.#dispatching = false
    }
  }

  #reportIdle(): void {
    if (this.ready.size === 0 && this.#unsettled === 0 && this.#consumers.size === 0) this.#owner.idle(this)
  }
}

function hasExpired<P>(entry: Entry<P>, now: number): boolean {
  return entry.expiresAtMs !== undefined && entry.expiresAtMs <= now
}
