import type { Clock, Timer } from '../../../src/clock.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import type { ConsumeOptions, EngineConsumer } from './consumer.ts'
import { DelayedMessages } from './delayed.ts'
import { PatternMap } from './patterns.ts'
import { type DeadLetterReason, MessageQueue, type QueueOwner } from './queue.ts'
import type { Entry, QueuedMessage } from './ready-list.ts'

export type { EngineConsumer } from './consumer.ts'
export { isPattern } from './patterns.ts'
export type { DeadLetterReason } from './queue.ts'
export type { QueuedMessage } from './ready-list.ts'

/** A queue or a topic, by name. */
export interface EngineAddress {
  readonly kind: 'queue' | 'topic'
  /** Of a topic that is consumed it may be a pattern: `*` stands for one word between dots, `#` for any number. */
  readonly name: string
  /** Topics of one space know nothing of those of another. Defaults to a space of their own. */
  readonly space?: string
}

/** A message as it is given to the engine. */
export interface NewMessage<P> {
  readonly payload: P
  /** What it counts towards `maxBytes`. */
  readonly sizeBytes: number
  readonly persistent: boolean
  /** Wall time in milliseconds from which it is no longer delivered; undefined for never. */
  readonly expiresAtMs: number | undefined
  /** A whole number from 0; in a queue the greater goes first. Defaults to 0. */
  readonly priority?: number
  /**
   * Wall time in milliseconds before which it does not stand in its queue, and after which it is the last one
   * there. For queues alone. Defaults to at once.
   */
  readonly deliverAtMs?: number | undefined
}

/**
 * Told of every change to a persistent message of a queue, in the order of the changes and before the call
 * that made the change returns. What is done with it, and when somebody is told that it is safe, is the
 * journal's own affair: the engine confirms nothing. Messages of topics are never reported.
 */
export interface QueueJournal<P> {
  /** The message stands in the queue, or waits to stand there when it has a `deliverAtMs`. */
  enqueued(queue: string, message: QueuedMessage<P>): void
  /** The message is being handed to a consumer. Only first deliveries are reported: their sequence numbers ascend. */
  dispatched(queue: string, message: QueuedMessage<P>): void
  /**
   * The message has left the queue for good. One whose time has come leaves too, and is enqueued at once under
   * another sequence number: it has its place behind those that were there before.
   */
  removed(queue: string, message: QueuedMessage<P>): void
}

export interface QueueEngineOptions<P> {
  readonly clock: Clock
  /** Defaults to none: nothing outlives the process. */
  readonly journal?: QueueJournal<P>
  /** How many messages all queues and topics may hold. Defaults to 2,000,000. */
  readonly maxMessages?: number
  /** How many bytes, as the senders counted them, all queues and topics may hold. Defaults to 1 GiB. */
  readonly maxBytes?: number
  /** How many messages wait for one topic subscriber; past it the oldest is dropped. Defaults to 10,000. */
  readonly maxTopicBacklog?: number
  /** How often messages that expired while they waited are taken out, in milliseconds. Defaults to 1,000. */
  readonly expirySweepMs?: number
  /** What becomes of an expired message. Defaults to `dead-letter`. */
  readonly expired?: 'dead-letter' | 'drop'
  /** Rewrites the payload of a message on its way to a dead letter queue. Defaults to leaving it as it is. */
  readonly deadLetterPayload?: (payload: P, from: string, reason: DeadLetterReason) => P
  /**
   * Takes a dead letter to a place of its own, and says so by true; otherwise it goes to `DLQ.NAME`. Must
   * not throw. Defaults to taking none.
   */
  readonly takeDeadLetter?: (from: EngineAddress, message: NewMessage<P>) => boolean
}

/** What stands in one queue, or waits for the subscribers of one topic taken together. */
export interface Depth extends EngineAddress {
  readonly ready: number
  readonly unsettled: number
  readonly consumers: number
  /** Messages that a topic's slow subscribers missed. */
  readonly dropped: number
}

/** What a topic's name or pattern has. */
interface Topic<P> {
  readonly subscriptions: Set<MessageQueue<P>>
  dropped: number
}

const DEAD_LETTER_PREFIX = 'DLQ.'

/**
 * Queues and topics in memory: first in, first out, dispatched in turn to consumers up to their prefetch.
 * A rejected or expired message of `NAME` moves to the queue `DLQ.NAME`; one that is rejected there is gone.
 * Does no I/O. Its only timers run while messages with an expiry or a delay are held; {@link close} ends them.
 */
export class QueueEngine<P> {
  readonly #options: Required<Omit<QueueEngineOptions<P>, 'journal'>> & Pick<QueueEngineOptions<P>, 'journal'>
  readonly #queues = new Map<string, MessageQueue<P>>()
  readonly #spaces = new Map<string, PatternMap<Topic<P>>>()
  #nextSequence = 1
  #messages = 0
  #bytes = 0
  #expiring = 0
  #sweep: Timer | undefined
  #closed = false
  #resting = false
  readonly #delayed: DelayedMessages<Entry<P>>

  readonly #queueOwner: QueueOwner<P> = {
    wallTime: () => this.#options.clock.wallTime(),
    dispatched: (queue, entry) => {
      if (entry.persistent && !entry.redelivered) this.#options.journal?.dispatched(queue.name, entry)
    },
    removed: (queue, entry) => {
      this.#forget(entry)
      if (entry.persistent) this.#options.journal?.removed(queue.name, entry)
    },
    deadLettered: (queue, entry, reason) => {
      this.#queueOwner.removed(queue, entry)
      this.#deadLetter({ kind: 'queue', name: queue.name }, entry, reason)
    },
    abandoned: () => {},
    idle: (queue) => {
      if (this.#queues.get(queue.name) === queue) this.#queues.delete(queue.name)
    },
  }

  constructor(options: QueueEngineOptions<P>) {
    this.#options = {
      maxMessages: 2_000_000,
      maxBytes: 2 ** 30,
      maxTopicBacklog: 10_000,
      expirySweepMs: 1_000,
      expired: 'dead-letter',
      deadLetterPayload: (payload) => payload,
      takeDeadLetter: () => false,
      ...options,
    }
    this.#delayed = new DelayedMessages(this.#options.clock, ({ queue, message }) => {
      const due = { ...message, sequence: this.#nextSequence++, deliverAtMs: undefined }
      if (message.persistent) {
        this.#options.journal?.removed(queue, message)
        this.#options.journal?.enqueued(queue, due)
      }
      this.#queue(queue).append(due)
    })
  }

  /** How much more the engine takes before {@link send} refuses. */
  get room(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#options.maxMessages - this.#messages, bytes: this.#options.maxBytes - this.#bytes }
  }

  /**
   * Adds a message to a queue, or hands a copy to every subscriber that a topic has at this moment. What can
   * be delivered is delivered before this returns.
   *
   * @returns the message's sequence number.
   * @throws UnderstudyError `rejected`, retriable, when the engine is full; nothing was added.
   */
  send(to: EngineAddress, message: NewMessage<P>): number {
    const topics = to.kind === 'queue' ? [] : this.#topicsOf(to)
    const copies = to.kind === 'queue' ? 1 : countSubscriptions(topics)
    const room = this.room
    if (copies > room.messages || copies * message.sizeBytes > room.bytes) {
      throw new UnderstudyError('rejected', `the broker is full: it holds ${this.#messages} messages`, {
        retriable: true,
      })
    }
    if (to.kind === 'queue') return this.#enqueue(to.name, message)
    const sequence = this.#nextSequence++
    for (const topic of topics) {
      for (const subscription of topic.subscriptions) {
        subscription.append(this.#entry(sequence, message))
        this.#trim(subscription, topic)
      }
    }
    return sequence
  }

  /** How many subscribers would get a copy of a message to this topic. */
  subscribers(topic: EngineAddress): number {
    return countSubscriptions(this.#topicsOf(topic))
  }

  /** How many messages of a queue wait, and how many its consumers hold. */
  depth(queue: string): { readonly ready: number; readonly unsettled: number } {
    const { ready, unsettled } = this.#queues.get(queue) ?? { ready: { size: 0 }, unsettled: 0 }
    return { ready: ready.size, unsettled }
  }

  /**
   * What waits in a queue and how many consumers it has; undefined where there is none: nothing waits there, now or
   * later, and nobody listens. Makes none.
   */
  inspect(queue: string): { readonly ready: number; readonly consumers: number } | undefined {
    const found = this.#queues.get(queue)
    if (found !== undefined) return { ready: found.ready.size, consumers: found.consumers }
    return this.#delayed.has(queue) ? { ready: 0, consumers: 0 } : undefined
  }

  /** What waits in a queue at this moment, in the order in which it would be delivered. Takes nothing out. */
  waiting(queue: string): QueuedMessage<P>[] {
    const now = this.#options.clock.wallTime()
    const waiting: QueuedMessage<P>[] = []
    for (let entry = this.#queues.get(queue)?.ready.first; entry !== undefined; entry = entry.next)
      if (entry.expiresAtMs === undefined || entry.expiresAtMs > now) waiting.push(entry)
    return waiting
  }

  /** Drops what waits in a queue, and tells how many messages that were. What is delayed comes all the same. */
  purge(queue: string): number {
    const found = this.#queues.get(queue)
    const count = found?.ready.size ?? 0
    found?.discardWhere(() => true)
    return count
  }

  /** Drops what waits in a queue and what would come there later. Linear in the number of delayed messages. */
  drop(queue: string): void {
    this.purge(queue)
    this.#discardDelayed((_, of) => of === queue)
  }

  /** Drops the waiting and the delayed messages of queues that are meant. Linear in their number. */
  discard(isMeant: (message: QueuedMessage<P>) => boolean): void {
    for (const queue of this.#queues.values()) queue.discardWhere(isMeant)
    this.#discardDelayed(isMeant)
  }

  /**
   * Puts back a persistent message that outlived an earlier process, without telling the journal. To be
   * called before anything else, in ascending order of sequence numbers; later sends continue above them.
   */
  restore(queue: string, message: QueuedMessage<P>): void {
    const entry = this.#entry(message.sequence, message)
    entry.redelivered = message.redelivered
    this.continueAbove(message.sequence)
    this.#place(queue, entry)
  }

  /** Makes later sequence numbers greater than this one. */
  continueAbove(sequence: number): void {
    this.#nextSequence = Math.max(this.#nextSequence, sequence + 1)
  }

  /** Adds a consumer, paused: call its `resume()` to start the deliveries. */
  consume(from: EngineAddress, options: ConsumeOptions<P>): EngineConsumer<P> {
    return from.kind === 'queue' ? this.#queue(from.name).attach(options) : this.#subscribe(from, options)
  }

  /** Everything that has a message or a consumer now. */
  depths(): Depth[] {
    const depths: Depth[] = []
    for (const { name, ready, unsettled, consumers } of this.#queues.values()) {
      depths.push({ kind: 'queue', name, ready: ready.size, unsettled, consumers, dropped: 0 })
    }
    for (const [space, topics] of this.#spaces) {
      for (const [name, { subscriptions, dropped }] of topics.entries()) {
        let ready = 0
        let unsettled = 0
        for (const subscription of subscriptions) {
          ready += subscription.ready.size
          unsettled += subscription.unsettled
        }
        const address = { kind: 'topic', name, ...(space === '' ? {} : { space }) } as const
        depths.push({ ...address, ready, unsettled, consumers: subscriptions.size, dropped })
      }
    }
    return depths
  }

  /** Whether it holds no message. */
  get isEmpty(): boolean {
    return this.#messages === 0
  }

  /** Keeps no timer while true; what expires meanwhile is noticed when it would be delivered, or afterwards. */
  setResting(resting: boolean): void {
    this.#resting = resting
    this.#delayed.setResting(resting)
    if (resting) {
      this.#sweep?.cancel()
      this.#sweep = undefined
    } else if (this.#expiring > 0) this.#armSweep()
  }

  /** Stops the timers. The engine must not be used afterwards. */
  close(): void {
    this.#closed = true
    this.#delayed.setResting(true)
    this.#sweep?.cancel()
    this.#sweep = undefined
  }

  #queue(name: string): MessageQueue<P> {
    let queue = this.#queues.get(name)
    if (queue === undefined) {
      queue = new MessageQueue(name, this.#queueOwner)
      this.#queues.set(name, queue)
    }
    return queue
  }

  #topicsOf({ name, space = '' }: EngineAddress): Topic<P>[] {
    return this.#spaces.get(space)?.matching(name) ?? []
  }

  #subscribe({ name, space = '' }: EngineAddress, options: ConsumeOptions<P>): EngineConsumer<P> {
    const topics: PatternMap<Topic<P>> = this.#spaces.get(space) ?? new PatternMap()
    this.#spaces.set(space, topics)
    const topic = topics.get(name) ?? { subscriptions: new Set(), dropped: 0 }
    topics.set(name, topic)
    const subscription: MessageQueue<P> = new MessageQueue(name, {
      ...this.#queueOwner,
      dispatched: () => {},
      removed: (_queue, entry) => this.#forget(entry),
      deadLettered: (_queue, entry, reason) => {
        this.#forget(entry)
        this.#deadLetter({ kind: 'topic', name, space }, entry, reason)
      },
      abandoned: () => {
        topic.subscriptions.delete(subscription)
        if (topic.subscriptions.size === 0) topics.delete(name)
        if (topics.size === 0) this.#spaces.delete(space)
        subscription.discardWhere(() => true)
      },
      idle: () => {},
    })
    topic.subscriptions.add(subscription)
    return subscription.attach(options)
  }

  /** A subscriber that does not keep up must not hold the memory of those that do. */
  #trim(subscription: MessageQueue<P>, topic: Topic<P>): void {
    const { ready } = subscription
    if (ready.first === undefined || ready.size <= this.#options.maxTopicBacklog) return
    subscription.discard(ready.first)
    topic.dropped += 1
  }

  #enqueue(name: string, message: NewMessage<P>): number {
    const { deliverAtMs = 0 } = message
    const isDelayed = deliverAtMs > this.#options.clock.wallTime()
    const entry = this.#entry(this.#nextSequence++, isDelayed ? message : { ...message, deliverAtMs: undefined })
    if (entry.persistent) this.#options.journal?.enqueued(name, entry)
    this.#place(name, entry)
    return entry.sequence
  }

  #discardDelayed(isMeant: (message: QueuedMessage<P>, queue: string) => boolean): void {
    for (const { queue, message } of this.#delayed.removeWhere(isMeant)) {
      this.#forget(message)
      if (message.persistent) this.#options.journal?.removed(queue, message)
    }
  }

  #place(queue: string, entry: Entry<P>): void {
    const { deliverAtMs } = entry
    if (deliverAtMs === undefined) this.#queue(queue).append(entry)
    else this.#delayed.add({ queue, message: entry, deliverAtMs })
  }

  #entry(sequence: number, message: NewMessage<P>): Entry<P> {
    this.#messages += 1
    this.#bytes += message.sizeBytes
    if (message.expiresAtMs !== undefined) {
      this.#expiring += 1
      this.#armSweep()
    }
    const { payload, sizeBytes, persistent, expiresAtMs, deliverAtMs, priority = 0 } = message
    return {
      sequence,
      payload,
      sizeBytes,
      persistent,
      expiresAtMs,
      deliverAtMs,
      priority,
      redelivered: false,
      previous: undefined,
      next: undefined,
    }
  }

  #forget(entry: Entry<P>): void {
    this.#messages -= 1
    this.#bytes -= entry.sizeBytes
    if (entry.expiresAtMs !== undefined) this.#expiring -= 1
  }

  /** Not subject to the bounds: the message was counted until now. */
  #deadLetter(from: EngineAddress, entry: Entry<P>, reason: DeadLetterReason): void {
    if (reason === 'expired' && this.#options.expired === 'drop') return
    const payload = this.#options.deadLetterPayload(entry.payload, from.name, reason)
    const { sizeBytes, persistent } = entry
    const letter = { payload, sizeBytes, persistent, expiresAtMs: undefined }
    if (this.#options.takeDeadLetter(from, letter)) return
    // A dead letter queue has none of its own: what is rejected there was looked at twice.
    if (!from.name.startsWith(DEAD_LETTER_PREFIX)) this.#enqueue(`${DEAD_LETTER_PREFIX}${from.name}`, letter)
  }

  #armSweep(): void {
    if (this.#sweep !== undefined || this.#closed || this.#resting) return
    this.#sweep = this.#options.clock.after(this.#options.expirySweepMs, () => {
      this.#sweep = undefined
      for (const queue of this.#queues.values()) queue.expire()
      for (const topics of this.#spaces.values()) {
        for (const [, topic] of topics.entries()) {
          for (const subscription of topic.subscriptions) subscription.expire()
        }
      }
      if (this.#expiring > 0) this.#armSweep()
    })
  }
}

function countSubscriptions<P>(topics: readonly Topic<P>[]): number {
  let count = 0
  for (const { subscriptions } of topics) count += subscriptions.size
  return count
}
