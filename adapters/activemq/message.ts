import { UnderstudyError } from '../../src/errors.ts'
import { type Destination, formatDestination } from '../../src/transport/destination.ts'
import type { IncomingMessage, OutgoingMessage } from '../../src/transport/message.ts'
import { DELAY_HEADER, SCHEDULED_HEADER } from './scheduler.ts'

// Our own headers. Dashes are allowed in STOMP; ActiveMQ shows them to JMS users as they are.
const ID = 'understudy-id'
const ATTEMPT = 'understudy-attempt'

/** Names that STOMP or ActiveMQ give a meaning: an application may not set them. */
const RESERVED = new Set([
  'destination',
  'content-length',
  'content-type',
  'receipt',
  'transaction',
  'persistent',
  'priority',
  'expires',
  'correlation-id',
  'reply-to',
  'selector',
  'amq-msg-type',
  'transformation',
  'message-id',
  'subscription',
  'ack',
  'redelivered',
  'timestamp',
  'id',
  DELAY_HEADER,
  'AMQ_SCHEDULED_PERIOD',
  'AMQ_SCHEDULED_REPEAT',
  'AMQ_SCHEDULED_CRON',
  SCHEDULED_HEADER,
  ID,
  ATTEMPT,
])

/** Names on which receivers in JavaScript stumble, this one's driver among them. */
const UNREADABLE = new Set(['', '__proto__', 'hasOwnProperty'])

const BROKER_SET = new Set([
  'message-id',
  'subscription',
  'ack',
  'redelivered',
  'timestamp',
  'expires',
  'priority',
  'persistent',
  DELAY_HEADER,
  SCHEDULED_HEADER,
])

// Three thousand years. ActiveMQ hangs up at a number that it cannot read.
const LONGEST_DELAY_MS = 1e14
// The same of a time of day, which it counts since 1970.
const LAST_EXPIRY_MS = 1e15

/** `/queue/NAME` or `/topic/NAME`. @throws UnderstudyError `unsupported` for an exchange. */
function stompDestination(destination: Destination): string {
  if (destination.kind === 'exchange') {
    throw new UnderstudyError('unsupported', `STOMP has no exchanges: ${formatDestination(destination)}`)
  }
  return `/${destination.kind}/${destination.name}`
}

/**
 * The same to listen to, where a topic may be a pattern: `*` for one word between dots and `#` at the end
 * for any number of them, which ActiveMQ writes `>`.
 *
 * @throws UnderstudyError `unsupported` for an exchange, or a `#` elsewhere, which ActiveMQ cannot say.
 */
export function stompSource(destination: Destination): string {
  const plain = stompDestination(destination)
  if (destination.kind !== 'topic' || !plain.includes('#')) return plain
  const words = destination.name.split('.')
  if (words.slice(0, -1).includes('#'))
    throw new UnderstudyError(
      'unsupported',
      `${formatDestination(destination)}: over STOMP a # may only be the last word of a topic`,
    )
  return words.at(-1) === '#' ? `${plain.slice(0, -1)}>` : plain
}

// ActiveMQ ends one of several destinations at a comma, begins options at a question mark, and trims a name.
const READ_OTHERWISE = /[,?]|^\s|\s$/

/** A destination to send to: the broker would take a wildcard or a comma for many destinations. */
function stompTarget(destination: Destination): string {
  const name = destination.kind === 'exchange' ? '' : destination.name
  if (READ_OTHERWISE.test(name))
    throw invalid(
      `${formatDestination(destination)} would be another destination to ActiveMQ: no comma, no question mark and no white space at an end of a name`,
    )
  const wildcard = name
    .split('.')
    .find((word) => word === '*' || word === '>' || (word === '#' && destination.kind === 'topic'))
  if (wildcard === undefined) return stompDestination(destination)
  throw invalid(
    `${formatDestination(destination)} has the wildcard ${wildcard}, which can be listened to and not sent to`,
  )
}

/** A queue to ask about, as STOMP writes it. @throws UnderstudyError `invalid-option` for a wildcard. */
export function stompQueue(name: string): string {
  return stompTarget({ kind: 'queue', name })
}

/**
 * The headers of a SEND frame; a fresh object each time, since stompit writes into it. `nowMs` is the wall time at
 * which it is written: ActiveMQ counts a delay from when the frame comes.
 *
 * @throws UnderstudyError `invalid-option` for a header that cannot be told as it is: a name that STOMP
 * gives a meaning, a name that receivers cannot read, or a NUL, which STOMP cannot escape.
 */
export function sendHeaders(message: OutgoingMessage, attempt: number, nowMs: number): Record<string, string | number> {
  const headers: Record<string, string | number> = { destination: stompTarget(message.destination) }
  for (const name of Object.keys(message.headers)) {
    if (RESERVED.has(name)) throw invalid(`header ${name} has a meaning of its own in STOMP and cannot be set`)
    if (UNREADABLE.has(name)) throw invalid(`a header named ${JSON.stringify(name)} cannot be read by receivers`)
    const value = message.headers[name] ?? ''
    if (name.includes('\0') || value.includes('\0')) throw invalid(`header ${JSON.stringify(name)} holds a NUL`)
    headers[name] = value
  }
  if (message.id.includes('\0')) throw invalid('the id of the message holds a NUL')
  headers[ID] = message.id
  // The first attempt is what a reader takes a message for that says nothing of it.
  if (attempt > 1) headers[ATTEMPT] = attempt
  // Without it a NUL byte would end the frame; with it ActiveMQ hands JMS users a BytesMessage.
  headers['content-length'] = message.body.length
  if (message.contentType !== undefined) {
    if (message.contentType.includes('\0')) throw invalid('the content type holds a NUL')
    headers['content-type'] = message.contentType
  }
  // ActiveMQ's default is non-persistent.
  headers['persistent'] = String(message.persistent)
  if (message.priority !== undefined) headers['priority'] = message.priority
  const delayMs = delayOf(message, nowMs)
  if (delayMs > 0) headers[DELAY_HEADER] = delayMs
  if (message.expiresAtMs !== undefined) headers['expires'] = expiryOf(message.expiresAtMs, delayMs)
  if (message.correlationId !== undefined) {
    if (message.correlationId.includes('\0')) throw invalid('the correlation id holds a NUL')
    headers['correlation-id'] = message.correlationId
  }
  if (message.replyTo !== undefined) headers['reply-to'] = stompTarget(message.replyTo)
  return headers
}

/** Whole milliseconds from now, 0 where it is to be delivered at once. */
function delayOf({ destination, deliverAtMs }: OutgoingMessage, nowMs: number): number {
  if (deliverAtMs === undefined) return 0
  if (destination.kind !== 'queue')
    throw new UnderstudyError(
      'unsupported',
      `only queues get messages with a delay, not ${formatDestination(destination)}`,
    )
  const delayMs = Math.ceil(deliverAtMs - nowMs)
  if (delayMs > LONGEST_DELAY_MS) throw invalid(`a delay of ${delayMs} ms is more than ActiveMQ can count`)
  return Math.max(0, delayMs)
}

/** In whole milliseconds: ActiveMQ hangs up at a fraction, too. */
function expiryOf(expiresAtMs: number, delayMs: number): number {
  if (expiresAtMs > LAST_EXPIRY_MS) throw invalid('a message cannot expire later than ActiveMQ can count')
  // From a delay on ActiveMQ counts anew what was left until then, so the delay must not be part of it.
  return Math.max(1, Math.ceil(expiresAtMs - delayMs))
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', message)
}

/** A MESSAGE frame as the core knows it. `destination` is what was subscribed to, for brokers that rename. */
export function readMessage(
  headers: Readonly<Record<string, string | number>>,
  body: Buffer,
  subscribed: Destination,
): IncomingMessage {
  const own: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    if (!RESERVED.has(name)) own[name] = String(headers[name])
  }
  const attempt = Number(headers[ATTEMPT] ?? 1)
  return {
    id: String(headers[ID] ?? headers['message-id'] ?? ''),
    attempt: Number.isInteger(attempt) && attempt > 0 ? attempt : 1,
    destination: readDestination(headers['destination']) ?? subscribed,
    body,
    contentType: headers['content-type'] === undefined ? undefined : String(headers['content-type']),
    headers: own,
    redelivered: headers['redelivered'] === 'true',
    correlationId: headers['correlation-id'] === undefined ? undefined : String(headers['correlation-id']),
    replyTo: readDestination(headers['reply-to']),
  }
}

/** The same message once more, for a requeue: as it came, without what the broker added. */
export function requeueHeaders(
  headers: Readonly<Record<string, string | number>>,
  destination: string,
  length: number,
): Record<string, string | number> {
  const copy: Record<string, string | number> = {}
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value !== undefined && !BROKER_SET.has(name)) copy[name] = value
  }
  copy['destination'] = destination
  copy['content-length'] = length
  copy['persistent'] = headers['persistent'] ?? 'true'
  if (headers['priority'] !== undefined) copy['priority'] = headers['priority']
  if (headers['expires'] !== undefined && headers['expires'] !== '0') copy['expires'] = headers['expires']
  return copy
}

function readDestination(text: string | number | undefined): Destination | undefined {
  const match = /^\/(queue|topic)\/(.+)$/s.exec(String(text ?? ''))
  const name = match?.[2]
  if (name === undefined) return undefined
  return { kind: match?.[1] === 'topic' ? 'topic' : 'queue', name }
}
