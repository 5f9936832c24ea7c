import { RequestError } from '../errors.ts'
import type { Delivery } from '../listener/delivery.ts'

/** What a reply is: news of work under way, the answer, or an error in its place. */
export type ReplyKind = 'progress' | 'result' | 'error'

// What a reply says of itself, in headers, so that its body is the responder's own. A reply without them,
// from a responder of another make, is a result.
const KIND = 'understudy-reply'
const FROM = 'understudy-reply-from'
const SEQUENCE = 'understudy-reply-sequence'

/** The headers of a reply; `sequence` counts one responder's replies to one request from 1. */
export function replyHeaders(kind: ReplyKind, from: string, sequence: number): Record<string, string> {
  return { [KIND]: kind, [FROM]: from, [SEQUENCE]: String(sequence) }
}

// Whatever a responder threw, its words stay small.
const LONGEST_MESSAGE = 1000
const LONGEST_CODE = 100

/** The body of an error reply: what may be told of anything that was thrown. No stack. */
export function errorBody(message: string, code: unknown): { readonly message: string; readonly code?: string } {
  const told = message.slice(0, LONGEST_MESSAGE)
  return typeof code === 'string' ? { message: told, code: code.slice(0, LONGEST_CODE) } : { message: told }
}

/** One answer to a request. It has been settled with the broker: there is nothing to acknowledge. */
export class Reply {
  readonly #delivery: Delivery
  /** The request that it answers. */
  readonly requestId: string
  /** The responder, as it calls itself; undefined for one of another make. */
  readonly from: string | undefined
  readonly kind: ReplyKind
  /** Counts one responder's replies to one request, from 1; 1 where the responder did not count. */
  readonly sequence: number
  /** What went wrong at the responder, where `kind` is `error`. */
  readonly error: RequestError | undefined

  constructor(delivery: Delivery, requestId: string) {
    const { headers } = delivery
    const kind = headers[KIND]
    const sequence = Number(headers[SEQUENCE])
    this.#delivery = delivery
    this.requestId = requestId
    this.from = headers[FROM]
    this.kind = kind === 'progress' || kind === 'error' ? kind : 'result'
    this.sequence = Number.isSafeInteger(sequence) && sequence > 0 ? sequence : 1
    this.error = this.kind === 'error' ? readError(delivery, requestId, this.from) : undefined
  }

  /** The reply's own id, the same on every copy of it. */
  get id(): string {
    return this.#delivery.id
  }

  /** The responder's headers. */
  get headers(): Readonly<Record<string, string>> {
    const { [KIND]: _kind, [FROM]: _from, [SEQUENCE]: _sequence, ...own } = this.#delivery.headers
    return own
  }

  get contentType(): string | undefined {
    return this.#delivery.contentType
  }

  get bytes(): Buffer {
    return this.#delivery.bytes
  }

  /**
   * The body as its content type says, see {@link Delivery.value}.
   *
   * @throws UnderstudyError `decode` when the body is not what the content type says.
   */
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
}

/** A body that is no error of ours is an error all the same: its kind says so. */
function readError(delivery: Delivery, requestId: string, from: string | undefined): RequestError {
  const who = from === undefined ? 'the responder' : `responder ${from}`
  let message = `${who} failed without a reason that can be read`
  let remoteCode: string | undefined
  try {
    const body = delivery.json<{ message?: unknown; code?: unknown } | null>()
    if (typeof body?.message === 'string') message = body.message
    if (typeof body?.code === 'string') remoteCode = body.code
  } catch {
    // As above.
  }
  return new RequestError(message, { requestId, from, remoteCode })
}
