import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import type { Capabilities } from '../transport/capabilities.ts'
import type { Codecs } from '../transport/codec.ts'
import { type Destination, formatDestination, parseDestination } from '../transport/destination.ts'
import type { OutgoingMessage } from '../transport/message.ts'
import { type EncodedPayload, encodePayload, encodeWith, type Payload, WrittenBody } from './payload.ts'

/** How one message is sent. */
export interface SendOptions {
  /** The job's identity. Defaults to a random UUID. */
  readonly id?: string
  /** Application headers, taken as they are at the call. Defaults to none. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether the message survives a restart of the broker. Defaults to true. */
  readonly persistent?: boolean
  /** 0 (lowest) to 9, as in JMS. Defaults to the broker's 4. */
  readonly priority?: number
  /** Milliseconds after which the broker may drop the message. Defaults to never. */
  readonly expireAfterMs?: number
  /**
   * Milliseconds, counted from the call, before which the broker delivers the message to nobody; it waits at the
   * broker and is held by no consumer. For queues alone. A send that is repeated after a failover is not
   * delayed anew. Brokers that would expire a delayed message early are not told of `expireAfterMs`: that is
   * left to the receiver then. Defaults to 0, at once.
   */
  readonly delayMs?: number
  /** Which request this message asks or answers. Defaults to none. */
  readonly correlationId?: string
  /** Where an answer should go, such as `queue://orders.reply`. Defaults to none. */
  readonly replyTo?: string
  /**
   * Overrides the content type that the payload implies. Where a codec of the connection has this type, it
   * writes the payload.
   */
  readonly contentType?: string
  /** Gives the send up; what was written by then ends as `unknown`. Defaults to none. */
  readonly signal?: AbortSignal
}

export interface ComposerOptions {
  /** What each broker of the list can do. A list may mix kinds: what is asked for must be within reach of all. */
  readonly brokers: () => readonly { readonly scheme: string; readonly capabilities: Capabilities }[]
  readonly codecs: Codecs
  readonly clock: Clock
}

// An application sends to a few places over and over; reading one anew for each message costs as much as
// everything else here.
const MOST_REMEMBERED = 1000

/** Makes messages out of what an application asks for, or says what is wrong with it before anything is sent. */
export class MessageComposer {
  readonly #options: ComposerOptions
  readonly #known = new Map<string, Destination>()

  constructor(options: ComposerOptions) {
    this.#options = options
  }

  /**
   * Reads a destination that every broker of the list can serve.
   *
   * @throws UnderstudyError `invalid-option` or `unsupported`.
   */
  destination(text: string): Destination {
    const known = this.#known.get(text)
    if (known) return known
    const destination = parseDestination(text)
    this.#require((capabilities) =>
      destination.kind === 'exchange' && !capabilities.exchanges
        ? `exchanges (${formatDestination(destination)})`
        : destination.kind === 'topic' && !capabilities.topics
          ? `topics (${formatDestination(destination)})`
          : undefined,
    )
    if (this.#known.size === MOST_REMEMBERED) this.#known.clear()
    this.#known.set(text, destination)
    return destination
  }

  /** @throws UnderstudyError `invalid-option` or `unsupported`. */
  compose(destination: string, payload: Payload, options: SendOptions): OutgoingMessage {
    checkNames('send', options, SEND_OPTIONS)
    const { id, headers, priority, expireAfterMs, delayMs, replyTo } = options
    const target = this.destination(destination)
    if (id === '') throw invalid('the id of a message must not be empty')
    if (headers !== undefined) checkHeaders(headers)
    if (priority !== undefined) this.#checkPriority(priority)
    if (expireAfterMs !== undefined) this.#checkExpiry(expireAfterMs)
    if (delayMs !== undefined) this.#checkDelay(delayMs, target)
    const { body, contentType } = this.#encode(payload, options.contentType)
    return {
      id: id ?? randomUUID(),
      destination: target,
      body,
      contentType: options.contentType ?? contentType,
      headers: headers === undefined ? NO_HEADERS : { ...headers },
      persistent: options.persistent ?? true,
      priority,
      expiresAtMs: expireAfterMs === undefined ? undefined : this.#options.clock.wallTime() + expireAfterMs,
      deliverAtMs: delayMs === undefined || delayMs === 0 ? undefined : this.#options.clock.wallTime() + delayMs,
      correlationId: options.correlationId,
      replyTo: replyTo === undefined ? undefined : this.destination(replyTo),
    }
  }

  #encode(payload: Payload, contentType: string | undefined): EncodedPayload {
    if (payload instanceof WrittenBody) return payload
    const codec = this.#options.codecs.for(contentType)
    return codec ? encodeWith(codec, payload) : encodePayload(payload)
  }

  #checkPriority(priority: number): void {
    this.#require((capabilities) => (capabilities.priority ? undefined : 'priorities'))
    if (Number.isInteger(priority) && priority >= 0 && priority <= 9) return
    throw invalid(`priority must be a whole number from 0 to 9, not ${priority}`)
  }

  #checkExpiry(expireAfterMs: number): void {
    this.#require((capabilities) => (capabilities.expiry ? undefined : 'expiry'))
    if (Number.isFinite(expireAfterMs) && expireAfterMs > 0) return
    throw invalid(`expireAfterMs must be a number above 0, not ${expireAfterMs}`)
  }

  #checkDelay(delayMs: number, destination: Destination): void {
    if (!Number.isFinite(delayMs) || delayMs < 0) throw invalid(`delayMs must be a number from 0 up, not ${delayMs}`)
    if (delayMs === 0) return
    this.#require((capabilities) => (capabilities.delay ? undefined : 'delay'))
    if (destination.kind === 'queue') return
    throw new UnderstudyError(
      'unsupported',
      `only queues get messages with a delay, not ${formatDestination(destination)}`,
    )
  }

  /** @param lacking names what a broker with these capabilities does not have. */
  #require(lacking: (capabilities: Capabilities) => string | undefined): void {
    for (const { scheme, capabilities } of this.#options.brokers()) {
      const lacks = lacking(capabilities)
      if (lacks !== undefined) throw new UnderstudyError('unsupported', `${scheme}: has no ${lacks}`)
    }
  }
}

const SEND_OPTIONS: NamesOf<SendOptions> = {
  id: true,
  headers: true,
  persistent: true,
  priority: true,
  expireAfterMs: true,
  delayMs: true,
  correlationId: true,
  replyTo: true,
  contentType: true,
  signal: true,
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

function checkHeaders(headers: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (typeof value !== 'string') throw invalid(`header ${JSON.stringify(name)} must be text, not ${typeof value}`)
  }
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', message)
}
