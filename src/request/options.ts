import { UnderstudyError } from '../errors.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import { formatDestination, queueNameOf } from '../transport/destination.ts'
import type { Reply } from './reply.ts'
import type { Outgoing } from './request-host.ts'
import type { ResponderCounts } from './responder.ts'

/** What a request and a scatter have in common. */
export interface AskOptions {
  /** The request's identity, and that of its message. Defaults to a random UUID. */
  readonly requestId?: string
  /** How long to wait for answers from the call on, in milliseconds. Defaults to 30,000. */
  readonly timeoutMs?: number
  /** Gives the request up. Defaults to none. */
  readonly signal?: AbortSignal
  /**
   * A queue of the application's own for the answers, such as `queue://myapp.reply`. Defaults to one that
   * belongs to this connection alone.
   */
  readonly replyTo?: string
  /** Application headers. Defaults to none. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether the request survives a restart of the broker. Defaults to true. */
  readonly persistent?: boolean
  /** 0 (lowest) to 9. Defaults to the broker's 4. */
  readonly priority?: number
  /** Milliseconds after which the broker may drop the request. Defaults to never. */
  readonly expireAfterMs?: number
  /** Overrides the content type that the payload implies. */
  readonly contentType?: string
}

/** How one request is sent, and how its reply is waited for. */
export interface RequestOptions extends AskOptions {
  /** Called with each progress reply, in order. Defaults to none. */
  readonly onProgress?: (reply: Reply) => void
}

/** How a request to many is sent, and when its answers are complete. */
export interface ScatterOptions extends AskOptions {
  /** How many answers, results and errors alike, end the gathering. Defaults to none: the time ends it. */
  readonly expect?: number
  /** How many replies may wait for the loop; past it progress is dropped first. Defaults to 1,000. */
  readonly maxUnread?: number
}

const ASK_OPTIONS: NamesOf<AskOptions> = {
  requestId: true,
  timeoutMs: true,
  signal: true,
  replyTo: true,
  headers: true,
  persistent: true,
  priority: true,
  expireAfterMs: true,
  contentType: true,
}
const REQUEST_OPTIONS: NamesOf<RequestOptions> = { ...ASK_OPTIONS, onProgress: true }
const SCATTER_OPTIONS: NamesOf<ScatterOptions> = { ...ASK_OPTIONS, expect: true, maxUnread: true }

/** @throws UnderstudyError `invalid-option` for an option that requests do not have. */
export function checkRequestOptions(options: RequestOptions): void {
  checkNames('request', options, REQUEST_OPTIONS)
}

/** @throws UnderstudyError `invalid-option` for an option that scatters do not have. */
export function checkScatterOptions(options: ScatterOptions): void {
  checkNames('scatter', options, SCATTER_OPTIONS)
}

/** What requests have come to so far on one connection. */
export interface RequestCounts {
  /** Requests and scatters that wait for answers. */
  readonly open: number
  /** Replies that nobody waited for, late, repeated or of an unknown id: acknowledged and dropped. */
  readonly unmatched: number
  /** How often a reply for somebody else went back to a shared reply queue. */
  readonly passedOn: number
}

/** What all responders of one connection have done so far, those that are closed by now included. */
export interface RespondingCounts extends ResponderCounts {
  /** Responders that are open. */
  readonly open: number
}

/** Only what the caller gave is passed on. */
export function outgoingOf(options: AskOptions, id: string, replyTo: string): Outgoing {
  const { headers, persistent, priority, expireAfterMs, contentType, signal } = options
  const outgoing: { -readonly [Name in keyof Outgoing]: Outgoing[Name] } = { id, correlationId: id, replyTo }
  if (headers !== undefined) outgoing.headers = headers
  if (persistent !== undefined) outgoing.persistent = persistent
  if (priority !== undefined) outgoing.priority = priority
  if (expireAfterMs !== undefined) outgoing.expireAfterMs = expireAfterMs
  if (contentType !== undefined) outgoing.contentType = contentType
  if (signal !== undefined) outgoing.signal = signal
  return outgoing
}

/**
 * The name of a reply queue in full.
 *
 * @throws UnderstudyError `invalid-option` for a destination that is no queue.
 */
export function replyQueueName(replyTo: string): string {
  return formatDestination({ kind: 'queue', name: queueNameOf(replyTo, 'replies go to a queue') })
}

/** @throws UnderstudyError `invalid-option`, naming the option. */
export function checkWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return
  throw new UnderstudyError('invalid-option', `${name} must be a whole number above 0, not ${value}`)
}
