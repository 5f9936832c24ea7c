import { type ErrorCode, type FailedSendOutcome, messageOf, SendError, UnderstudyError } from '../../src/errors.ts'
import type { OutgoingMessage } from '../../src/transport/message.ts'
import type { OpenedChannel } from './channels.ts'
import type { AmqpChannel, AmqpMessage, Confirm, MessageProperties, PublishFields } from './driver.ts'
import { replyCodeOf } from './errors.ts'
import { isRefusedPublish } from './refused-publish.ts'

// The exchange was removed meanwhile. The next attempt makes it again.
const NOT_FOUND = 404

/** One attempt of a send, until the broker has spoken. */
export interface Sending {
  readonly message: OutgoingMessage
  readonly attempt: number
  readonly resolve: () => void
  readonly reject: (error: SendError) => void
  /** Where it was handed in; undefined before that. */
  route: PublishFields | undefined
  /** Why the broker sent it back; its confirm comes all the same. */
  returned: string | undefined
}

interface InLine {
  readonly sending: Sending
  readonly route: PublishFields
  readonly properties: MessageProperties
}

/** A channel, and what waits on it for a confirm, by its number there. */
interface Book {
  readonly channel: AmqpChannel
  readonly waiting: Map<number, Sending>
  lastTag: number
}

export interface PublisherOptions {
  /** The endpoint without credentials. */
  readonly address: string
  /** Opens a channel in confirm mode; `onError` when the broker closes it. */
  readonly open: (onError: (error: Error) => void) => Promise<OpenedChannel>
  readonly classify: (thrown: unknown) => UnderstudyError
  /** A message came back, or its exchange was gone: what is known of its destination is out of date. */
  readonly onReturned: (message: OutgoingMessage) => void
  /** The peer confirmed what it was never given. */
  readonly onNonsense: (what: string) => void
}

/**
 * Publishes on one channel in confirm mode, and keeps the book of what waits for a confirm. amqplib has a
 * book of its own, by position, which a confirm of an unknown message breaks; it stays empty.
 *
 * After a nack it publishes on a new channel. A channel whose first message for a quorum queue comes while the
 * queue has no leader goes on to ask the dead one, and nacks until that is back; any other channel of the same
 * connection is confirmed once the election is over (measured on RabbitMQ 3.10.8).
 */
export class Publisher {
  readonly #options: PublisherOptions
  /** The channel that is published on, and those that are done with but for their confirms. */
  readonly #books = new Set<Book>()
  #current: Book | undefined
  #opening = false
  readonly #line: InLine[] = []

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  publish(sending: Sending, route: PublishFields, properties: MessageProperties): void {
    if (this.#current) {
      this.#write(this.#current, sending, route, properties)
      return
    }
    this.#line.push({ sending, route, properties })
    this.prepare()
  }

  /** Opens a channel for what comes next, where none is. */
  prepare(): void {
    if (!this.#current && !this.#opening) void this.#openChannel()
  }

  /** The connection is over: whatever waits ends, as not sent or unknown. */
  ended(error: UnderstudyError): void {
    this.#current = undefined
    for (const { sending } of this.#line.splice(0)) sending.reject(this.notSent(sending, error, true))
    for (const book of this.#books) this.#drop(book, () => undefined, error)
  }

  notSent({ message, attempt }: Sending, why: UnderstudyError, retriable: boolean): SendError {
    return this.#error(why.code, `message ${message.id} was not sent: ${why.message}`, {
      outcome: 'not-sent',
      message,
      attempt,
      retriable,
      why,
    })
  }

  /** The broker refused the destination itself, before anything was written. */
  refused({ message, attempt }: Sending, why: UnderstudyError): SendError {
    const { code, retriable } = why
    return this.#error(code, `${why.message}; message ${message.id} was refused`, {
      outcome: 'rejected',
      message,
      attempt,
      retriable,
      why,
    })
  }

  /** Nobody could take it. `retriable` where its destination may come back. */
  sentBack({ message, attempt }: Sending, why: string, retriable: boolean): SendError {
    const text = `${this.#options.address} returned message ${message.id}: ${why}`
    return this.#error('returned', text, { outcome: 'returned', message, attempt, retriable, why: undefined })
  }

  async #openChannel(): Promise<void> {
    this.#opening = true
    let book: Book
    try {
      const opened = await this.#options.open((error) => this.#channelLost(book, error))
      // It may have been closed in the packet that opened it.
      if (opened.end.over) throw opened.end.error ?? new Error('Channel closed')
      book = { channel: opened.channel, waiting: new Map(), lastTag: 0 }
    } catch (error) {
      const why = this.#options.classify(error)
      for (const { sending } of this.#line.splice(0)) sending.reject(this.notSent(sending, why, true))
      return
    } finally {
      this.#opening = false
    }
    const { channel } = book
    channel.removeAllListeners('ack')
    channel.removeAllListeners('nack')
    channel.on('ack', (confirm) => this.#confirmed(book, confirm, true))
    channel.on('nack', (confirm) => this.#confirmed(book, confirm, false))
    channel.on('return', (message) => this.#returned(book, message))
    this.#books.add(book)
    this.#current = book
    for (const { sending, route, properties } of this.#line.splice(0)) this.publish(sending, route, properties)
  }

  #write(book: Book, sending: Sending, route: PublishFields, properties: MessageProperties): void {
    try {
      book.channel.sendMessage(route, properties, sending.message.body)
    } catch (error) {
      // What amqplib cannot encode, or a channel that is being ended. Either way nothing was written.
      const unwritable = asUnwritable(error)
      if (!unwritable && this.#current === book) this.#current = undefined
      sending.reject(this.notSent(sending, unwritable ?? this.#options.classify(error), unwritable === undefined))
      return
    }
    sending.route = route
    book.lastTag++
    book.waiting.set(book.lastTag, sending)
  }

  #confirmed(book: Book, { deliveryTag, multiple }: Confirm, taken: boolean): void {
    if (deliveryTag > book.lastTag) {
      this.#options.onNonsense('confirmed a message that it was never given')
      return
    }
    if (!taken && this.#current === book) this.#current = undefined
    if (multiple) {
      for (const [tag, sending] of book.waiting) {
        if (deliveryTag !== 0 && tag > deliveryTag) break
        this.#settle(book, tag, sending, taken)
      }
    } else this.#settle(book, deliveryTag, book.waiting.get(deliveryTag), taken)
    if (book !== this.#current && book.waiting.size === 0) this.#leave(book)
  }

  /** A second confirm of the same message changes nothing. */
  #settle(book: Book, tag: number, sending: Sending | undefined, taken: boolean): void {
    if (!sending) return
    book.waiting.delete(tag)
    if (sending.returned !== undefined) {
      this.#options.onReturned(sending.message)
      sending.reject(this.sentBack(sending, sending.returned, isRedeclared(sending.message)))
    } else if (taken) sending.resolve()
    else sending.reject(this.#nacked(sending))
  }

  /** Nothing waits on it any more, and nothing will be published on it. */
  #leave(book: Book): void {
    if (!this.#books.delete(book)) return
    try {
      book.channel.close(() => {})
    } catch {
      // It is closed already.
    }
  }

  /**
   * A return comes before the confirm of the same message, and of those that wait mostly for the eldest. Known
   * by its id and by where it was sent: an application may give one id to several messages.
   */
  #returned({ waiting }: Book, { properties, fields }: AmqpMessage): void {
    for (const sending of waiting.values()) {
      if (sending.message.id !== properties.messageId || sending.returned !== undefined) continue
      if (sending.route?.exchange !== fields.exchange || sending.route.routingKey !== fields.routingKey) continue
      sending.returned = fields.replyText ?? 'NO_ROUTE'
      return
    }
  }

  /** The broker closed the channel over one of the messages, and names at most what was wrong with it. */
  #channelLost(book: Book | undefined, thrown: Error): void {
    if (!book || !this.#books.has(book)) return
    if (this.#current === book) this.#current = undefined
    const alone = book.waiting.size === 1
    this.#drop(book, (sending) => alone || isRefusedPublish(thrown, sending), this.#options.classify(thrown))
  }

  #drop(book: Book, isRefused: (sending: Sending) => boolean | undefined, error: UnderstudyError): void {
    this.#books.delete(book)
    const waiting = [...book.waiting.values()]
    book.waiting.clear()
    for (const sending of waiting) sending.reject(this.#unanswered(sending, error, isRefused(sending) === true))
  }

  #unanswered(sending: Sending, why: UnderstudyError, isRefused: boolean): SendError {
    const { message, attempt } = sending
    if (isRefused && replyCodeOf(why.cause) === NOT_FOUND) {
      this.#options.onReturned(message)
      return this.sentBack(sending, why.message, true)
    }
    if (isRefused && (why.code === 'rejected' || why.code === 'authentication')) return this.refused(sending, why)
    const text = `${why.message}; message ${message.id} was written and not confirmed`
    // Whatever ended it, it says nothing about this message: it may be tried elsewhere.
    return this.#error('unconfirmed', text, { outcome: 'unknown', message, attempt, retriable: true, why })
  }

  /**
   * A quorum queue nacks while it has no leader (measured: every publish in the 0.2 to 0.5 s of an election, on
   * whichever node), one whose node is being stopped for some seconds, and a full one as long as it is full. The words
   * are the same, and each of them may pass.
   */
  #nacked({ message, attempt }: Sending): SendError {
    const text = `${this.#options.address} did not take message ${message.id} for now (basic.nack)`
    const about = { outcome: 'rejected', message, attempt, retriable: true, forNow: true, why: undefined } as const
    return this.#error('rejected', text, about)
  }

  #error(
    code: ErrorCode,
    text: string,
    about: {
      readonly outcome: FailedSendOutcome
      readonly message: OutgoingMessage
      readonly attempt: number
      readonly retriable: boolean
      readonly forNow?: boolean
      readonly why: UnderstudyError | undefined
    },
  ): SendError {
    const { outcome, message, attempt, retriable, forNow = false, why } = about
    return new SendError(code, text, {
      outcome,
      messageId: message.id,
      attempts: attempt,
      retriable,
      forNow,
      endpoint: this.#options.address,
      cause: why,
    })
  }
}

/** The error of a field that does not fit into the protocol; undefined for any other. */
function asUnwritable(thrown: unknown): UnderstudyError | undefined {
  const text = messageOf(thrown)
  if (!(thrown instanceof RangeError) && !text.startsWith("Field '")) return undefined
  return new UnderstudyError('invalid-option', `it does not fit into AMQP: ${text}`)
}

/** Whether the next attempt makes the destination again: a queue of ours, and not one of the broker's own. */
function isRedeclared({ destination }: OutgoingMessage): boolean {
  return destination.kind === 'queue' && !destination.name.startsWith('amq.')
}
