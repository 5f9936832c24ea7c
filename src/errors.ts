/**
 * Why something failed, as a literal that a caller may branch on.
 *
 * - `invalid-uri`, `invalid-option`: what was asked for cannot be understood; nothing was tried.
 * - `unsupported`: the transport does not declare the capability; nothing was sent.
 * - `refused`, `unknown-host`, `unreachable`, `dial-timeout`: no connection came about.
 * - `handshake-timeout`: the peer accepted the connection and stayed mute.
 * - `authentication`: the broker refused the credentials or the permission. Never retried.
 * - `tls`: the certificate or the TLS handshake was refused. Never retried, never downgraded.
 * - `protocol`: the peer spoke something that is not the protocol, or reported an error of its own.
 * - `link-lost`: an established connection ended (reset, end of stream, broker shutdown).
 * - `heartbeat-lost`: an established connection went silent past its heart-beat.
 * - `confirm-timeout`, `rejected`, `returned`, `not-sent`, `unconfirmed`: how a send ended without success.
 * - `pending-full`: the bounded buffer of unconfirmed sends had no room and `whenFull` is `reject`, or as many waited
 *   for room as may, or for too long; or as many requests were open as may be.
 * - `remote`: a responder answered a request with an error of its own.
 * - `attempts-exhausted`: the reconnect limit was reached.
 * - `stale-delivery`: a delivery was settled after the link that delivered it had gone.
 * - `already-settled`: a delivery was settled a second time in another way.
 * - `decode`: a body is not what the codec expects.
 * - `schema`: a job's arguments are not what its schema wants.
 * - `closed`: the connection was closed by its owner.
 * - `aborted`: the caller's own signal fired.
 * - `deadline`: an operation outlived its documented bound.
 * - `storage`: a file of ours could not be written while running, such as on a full disk, or a listener's dedupe
 *   store failed.
 */
export type ErrorCode =
  | 'invalid-uri'
  | 'invalid-option'
  | 'unsupported'
  | 'refused'
  | 'unknown-host'
  | 'unreachable'
  | 'dial-timeout'
  | 'handshake-timeout'
  | 'authentication'
  | 'tls'
  | 'protocol'
  | 'link-lost'
  | 'heartbeat-lost'
  | 'confirm-timeout'
  | 'rejected'
  | 'returned'
  | 'not-sent'
  | 'unconfirmed'
  | 'pending-full'
  | 'remote'
  | 'attempts-exhausted'
  | 'stale-delivery'
  | 'already-settled'
  | 'decode'
  | 'schema'
  | 'closed'
  | 'aborted'
  | 'deadline'
  | 'storage'

/**
 * What is known about a message whose send did not succeed.
 *
 * - `not-sent`: no byte of it reached a socket.
 * - `unknown`: bytes were written and no confirm came; the broker may hold it.
 * - `rejected`: the broker refused it by name.
 * - `returned`: the broker had no queue for it.
 */
export type FailedSendOutcome = 'not-sent' | 'unknown' | 'rejected' | 'returned'

export interface UnderstudyErrorOptions {
  /** Whether the same call may succeed later on this or another endpoint. Defaults to false. */
  retriable?: boolean
  /** The endpoint concerned, without credentials. */
  endpoint?: string
  cause?: unknown
}

/** The one base of every error this package throws. Its message never holds a credential. */
export class UnderstudyError extends Error {
  override readonly name: string = 'UnderstudyError'
  readonly code: ErrorCode
  readonly retriable: boolean
  readonly endpoint: string | undefined

  constructor(code: ErrorCode, message: string, options: UnderstudyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retriable = options.retriable ?? false
    this.endpoint = options.endpoint
  }
}

export interface SendErrorOptions extends UnderstudyErrorOptions {
  outcome: FailedSendOutcome
  messageId: string
  /** How many attempts there were, counting those that met no connected broker. */
  attempts: number
  /**
   * Whether it was refused for now only, on a link that is as good as before: it is asked about again for as long as
   * the send may take. Defaults to false.
   */
  forNow?: boolean
}

/** A send that was not confirmed: what is known of the message, and after how many attempts. */
export class SendError extends UnderstudyError {
  override readonly name = 'SendError'
  readonly outcome: FailedSendOutcome
  readonly messageId: string
  readonly attempts: number
  /** Whether the broker refused it for now only. */
  readonly forNow: boolean

  constructor(code: ErrorCode, message: string, options: SendErrorOptions) {
    super(code, message, options)
    this.outcome = options.outcome
    this.messageId = options.messageId
    this.attempts = options.attempts
    this.forNow = options.forNow ?? false
  }
}

/** What was asked for cannot be done here, now or later: nothing was sent, and another try is none the better. */
export function isImpossible(error: unknown): boolean {
  return error instanceof UnderstudyError && (error.code === 'invalid-option' || error.code === 'unsupported')
}

/**
 * A broker was asked to take a message and would not. It may still be for a while only: one that looks for a new leader
 * refuses in the same words as for good.
 */
export function isRefused(error: unknown): error is SendError {
  return error instanceof SendError && (error.outcome === 'rejected' || error.outcome === 'returned')
}

/** The delivery's link is gone: the broker has taken the message back and nothing was settled. */
export class StaleDeliveryError extends UnderstudyError {
  override readonly name = 'StaleDeliveryError'

  constructor(message: string, options: UnderstudyErrorOptions = {}) {
    super('stale-delivery', message, options)
  }
}

export interface RequestErrorOptions {
  readonly requestId: string
  /** The responder, as it calls itself. */
  readonly from?: string | undefined
  /** The responder's own code. */
  readonly remoteCode?: string | undefined
}

/** A responder answered, and its answer was an error. The message is the responder's own. */
export class RequestError extends UnderstudyError {
  override readonly name = 'RequestError'
  readonly requestId: string
  /** The responder, as it calls itself; undefined where it did not say. */
  readonly from: string | undefined
  /** The responder's own code, such as that of an error it threw; undefined where it gave none. */
  readonly remoteCode: string | undefined

  constructor(message: string, options: RequestErrorOptions) {
    super('remote', message)
    this.requestId = options.requestId
    this.from = options.from
    this.remoteCode = options.remoteCode
  }
}

/** The message of anything that was thrown, on one line. Never throws itself, whatever it is given. */
export function messageOf(error: unknown): string {
  let text: string
  try {
    text = String(error instanceof Error ? error.message : error)
  } catch {
    text = `a ${typeof error} without a text`
  }
  return text.replaceAll(/\s+/g, ' ').trim()
}
