import { formatDestination } from '../transport/destination.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { IncomingMessage } from '../transport/message.ts'
import { Codecs, mediaType } from '../transport/codec.ts'
import { decodeJson, decodeText } from './codec.ts'
import type { WatchedDelivery } from './observer.ts'
import type { DeliverySettlement } from './settlement.ts'

/** One copy of a message in a listener's hands, until it is settled. */
export class Delivery {
  readonly #message: IncomingMessage
  readonly #settlement: DeliverySettlement
  readonly #codecs: Codecs
  readonly #watched: WatchedDelivery | undefined
  /** The broker that delivered it. */
  readonly endpoint: RedactedEndpoint

  constructor(
    message: IncomingMessage,
    endpoint: RedactedEndpoint,
    settlement: DeliverySettlement,
    codecs: Codecs,
    watched?: WatchedDelivery,
  ) {
    this.#watched = watched
    this.#message = message
    this.#settlement = settlement
    this.#codecs = codecs
    this.endpoint = endpoint
  }

  /** The job's identity, the same on every copy of it. */
  get id(): string {
    return this.#message.id
  }

  /** Which attempt of the sender this copy comes from, from 1. */
  get attempt(): number {
    return this.#message.attempt
  }

  /** Where it was sent to, such as `queue://orders`. */
  get destination(): string {
    return formatDestination(this.#message.destination)
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#message.headers
  }

  get contentType(): string | undefined {
    return this.#message.contentType
  }

  /** Which request this message asks or answers; undefined where the sender did not say. */
  get correlationId(): string | undefined {
    return this.#message.correlationId
  }

  /** Where the sender wants an answer, such as `queue://orders.reply`; undefined for none. */
  get replyTo(): string | undefined {
    return this.#message.replyTo && formatDestination(this.#message.replyTo)
  }

  /** The broker says that it may have been delivered before; see `IncomingMessage.redelivered`. */
  get redelivered(): boolean {
    return this.#message.redelivered
  }

  /** The link that delivered it is gone: it cannot be settled, and the broker delivers it again. */
  get isStale(): boolean {
    return this.#settlement.isStale
  }

  get bytes(): Buffer {
    return this.#message.body
  }

  /**
   * The body as its content type says: by the codec of that type, as JSON or as text; bytes where it says
   * nothing of these.
   *
   * @throws UnderstudyError `decode` when the body is not what the content type says.
   */
  value(): unknown {
    const { body, contentType } = this.#message
    const codec = this.#codecs.for(contentType)
    if (codec) return Codecs.decode(codec, body)
    const type = mediaType(contentType ?? '')
    if (type === 'application/json' || type.endsWith('+json')) return decodeJson(body)
    return type.startsWith('text/') ? decodeText(body) : body
  }

  /** @throws UnderstudyError `decode` when the body is not UTF-8. */
  text(): string {
    return decodeText(this.#message.body)
  }

  /**
   * The body read as JSON. The type is the caller's word; nothing checks it.
   *
   * @throws UnderstudyError `decode` when the body is not JSON.
   */
  // The parameter stands in the result alone on purpose: it names what the caller expects.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  json<Value = unknown>(): Value {
    return decodeJson(this.#message.body) as Value
  }

  /**
   * Done with it: the broker forgets it.
   *
   * @throws StaleDeliveryError when the link that delivered it is gone: the broker delivers it again.
   */
  ack(): Promise<void> {
    return this.#settlement.settle('ack')
  }

  /** Not wanted: the broker moves it to its dead letters, where it has them, and delivers it no more. */
  reject(): Promise<void> {
    return this.#settlement.settle('reject')
  }

  /**
   * Leaves it as it is: nobody waits for it any more, and it goes back to the broker when the listener or
   * its link ends, unless it is settled until then.
   */
  leave(): void {
    this.#settlement.leave()
  }

  /**
   * Tells metrics and traces that the work failed, where the handler ends all the same, as one does that has put what
   * failed somewhere safe. The broker hears nothing of it.
   */
  noteFailure(error: unknown): void {
    this.#watched?.noteFailure(error)
  }

  /** Not now: it goes back to its queue, to be delivered again. */
  requeue(): Promise<void> {
    return this.#settlement.settle('requeue')
  }
}
