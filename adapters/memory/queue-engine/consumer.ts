import type { Entry, QueuedMessage } from './ready-list.ts'

/** How a consumer ends its part in a message. */
export type EngineSettlement = 'ack' | 'reject' | 'requeue'

export interface ConsumeOptions<P> {
  /** How many unsettled messages the consumer may hold, at least 1. */
  readonly prefetch: number
  /**
   * Receives one message. Called synchronously, from within whatever call made the message deliverable; it
   * may settle, pause or send. Must not throw.
   */
  readonly deliver: (message: QueuedMessage<P>) => void
}

/** The part of a queue that its consumers call. */
export interface ConsumerQueue<P> {
  acknowledge(entry: Entry<P>): void
  reject(entry: Entry<P>): void
  requeue(entry: Entry<P>): void
  creditChanged(consumer: EngineConsumer<P>): void
  detach(consumer: EngineConsumer<P>, unsettled: readonly Entry<P>[]): void
}

/**
 * One consumer of a queue or topic. It starts paused, so that its owner can store it before the first
 * message comes; {@link resume} starts the deliveries.
 */
export class EngineConsumer<P> {
  readonly #queue: ConsumerQueue<P>
  readonly #prefetch: number
  readonly #deliver: (message: QueuedMessage<P>) => void
  // In the order of delivery.
  readonly #unsettled = new Map<number, Entry<P>>()
  #state: 'paused' | 'flowing' | 'stopped' | 'closed' = 'paused'

  constructor(queue: ConsumerQueue<P>, options: ConsumeOptions<P>) {
    this.#queue = queue
    this.#prefetch = options.prefetch
    this.#deliver = options.deliver
  }

  /** How many messages it was handed and has not settled. */
  get unsettled(): number {
    return this.#unsettled.size
  }

  /** The sequence numbers of what it holds, in the order of delivery. */
  held(): Iterable<number> {
    return this.#unsettled.keys()
  }

  /** Whether it holds the message with this sequence number. */
  holds(sequence: number): boolean {
    return this.#unsettled.has(sequence)
  }

  /** Whether a message may be handed to it now. */
  get wantsMore(): boolean {
    return this.#state === 'flowing' && this.#unsettled.size < this.#prefetch
  }

  /**
   * Settles the message with this sequence number: `ack` removes it, `reject` moves it to the dead letter
   * queue, `requeue` puts it back in its place, marked as redelivered.
   *
   * @returns false, and changes nothing, when this consumer does not hold that message.
   */
  settle(sequence: number, settlement: EngineSettlement): boolean {
    const entry = this.#unsettled.get(sequence)
    if (entry === undefined) return false
    this.#unsettled.delete(sequence)
    switch (settlement) {
      case 'ack':
        this.#queue.acknowledge(entry)
        break
      case 'reject':
        this.#queue.reject(entry)
        break
      case 'requeue':
        this.#queue.requeue(entry)
        break
    }
    this.#queue.creditChanged(this)
    return true
  }

  /** Holds deliveries back until {@link resume}; what it holds may still be settled. */
  pause(): void {
    if (this.#state !== 'flowing') return
    this.#state = 'paused'
    this.#queue.creditChanged(this)
  }

  /** Lets deliveries flow. Does nothing after {@link stop} or {@link close}. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'flowing'
    this.#queue.creditChanged(this)
  }

  /** Ends deliveries for good; what it holds may still be settled. Call {@link close} in the end. */
  stop(): void {
    if (this.#state === 'closed') return
    this.#state = 'stopped'
    this.#queue.creditChanged(this)
  }

  /** Leaves. What it holds goes back to the front of the queue in its original order, marked as redelivered. */
  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    const unsettled = [...this.#unsettled.values()]
    this.#unsettled.clear()
    this.#queue.detach(this, unsettled)
  }

  /** For the queue: the entry is this consumer's from now on. */
  reserve(entry: Entry<P>): void {
    this.#unsettled.set(entry.sequence, entry)
  }

  /** For the queue: tells the owner. */
  hand(entry: Entry<P>): void {
    this.#deliver(entry)
  }
}
