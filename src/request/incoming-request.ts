import { UnderstudyError } from '../errors.ts'
import type { Delivery } from '../listener/delivery.ts'
import type { Payload } from '../producer/payload.ts'

/** Answers a request. What it returns is the result, null where it returns nothing; what it throws, an error. */
export type RequestHandler = (
  request: IncomingRequest,
) => Promise<Payload | undefined | void> | Payload | undefined | void

/** A request in a responder's hands. It is acknowledged when its answer is confirmed. */
export class IncomingRequest {
  readonly #delivery: Delivery
  readonly #send: (payload: Payload) => Promise<void>
  readonly #underWay = new Set<Promise<void>>()
  #over = false
  /** The request's id, that of its message where it has none of its own. */
  readonly id: string

  /** `send` sends one progress reply. */
  constructor(delivery: Delivery, id: string, send: (payload: Payload) => Promise<void>) {
    this.#delivery = delivery
    this.id = id
    this.#send = send
  }

  /** Where it was sent to, such as `topic://work`. */
  get destination(): string {
    return this.#delivery.destination
  }

  /** Where the answer goes; undefined when none is wanted. */
  get replyTo(): string | undefined {
    return this.#delivery.replyTo
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#delivery.headers
  }

  get contentType(): string | undefined {
    return this.#delivery.contentType
  }

  /** It may have been answered before; see {@link Delivery.redelivered}. */
  get redelivered(): boolean {
    return this.#delivery.redelivered
  }

  get bytes(): Buffer {
    return this.#delivery.bytes
  }

  /** @throws UnderstudyError `decode` when the body is not what the content type says. */
  value(): unknown {
    return this.#delivery.value()
  }

  /** @throws UnderstudyError `decode` when the body is not UTF-8. */
  text(): string {
    return this.#delivery.text()
  }

  /**
   * The body read as JSON. The type is the caller's word; nothing checks it.
   *
   * @throws UnderstudyError `decode` when the body is not JSON.
   */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  json<Value = unknown>(): Value {
    return this.#delivery.json<Value>()
  }

  /**
   * Tells how far the work is. Resolves on the broker's confirm, and at once when no answer is wanted.
   * Whoever does not wait for it keeps the order all the same: the answer comes after it.
   *
   * @throws SendError when it was not confirmed; UnderstudyError `already-settled` after the answer.
   */
  progress(payload: Payload): Promise<void> {
    const told = this.#over
      ? Promise.reject(new UnderstudyError('already-settled', `request ${this.id} has been answered`))
      : this.#send(payload)
    this.#underWay.add(told)
    // News that is lost must not end a process that did not wait for it.
    told.catch(() => {}).finally(() => this.#underWay.delete(told))
    return told
  }

  /** No progress is told from here on; resolves when none is under way. */
  async finish(): Promise<void> {
    this.#over = true
    await Promise.allSettled(this.#underWay)
  }
}
