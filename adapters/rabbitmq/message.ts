import { UnderstudyError } from '../../src/errors.ts'
import { type Destination, formatDestination, parseDestination } from '../../src/transport/destination.ts'
import type { IncomingMessage, OutgoingMessage } from '../../src/transport/message.ts'
import { withoutDelays } from './deaths.ts'
import { delayedTarget } from './delay-route.ts'
import type { AmqpMessage, MessageProperties, PublishFields } from './driver.ts'
import { headerText } from './header-text.ts'

/** Our own header, on every attempt but the first. */
const ATTEMPT = 'understudy-attempt'

/** The exchange behind `topic://`: every virtual host has it. */
export const TOPIC_EXCHANGE = 'amq.topic'

/** Names to which RabbitMQ gives a meaning (further queues that get a copy), and our own. */
const RESERVED = new Set(['CC', 'BCC', ATTEMPT])

/** Names that receivers in JavaScript cannot read, this one's driver among them. */
const UNREADABLE = new Set(['', '__proto__'])

// AMQP's short string. A UTF-16 unit takes three bytes at most.
const MOST_SHORT_BYTES = 255
const SURELY_SHORT = MOST_SHORT_BYTES / 3
// The buffer into which amqplib writes a table; and what stands in a frame beside the headers.
const MOST_TABLE_BYTES = 65_536
const BESIDE_HEADERS = 2048
// Ten years. RabbitMQ closes the channel over a longer one, with all that waits on it.
const LONGEST_EXPIRATION_MS = 315_360_000_000

/**
 * Where a message is handed in. Topics without a subscriber drop what is sent, as in JMS; anywhere else
 * the broker returns it.
 *
 * @throws UnderstudyError `invalid-option` for a name that does not fit into AMQP's 255 bytes.
 */
export function routeOf(destination: Destination): PublishFields {
  checkShort(destination.name, 'a destination')
  switch (destination.kind) {
    case 'queue':
      return { exchange: '', routingKey: destination.name, mandatory: true }
    case 'topic':
      return { exchange: TOPIC_EXCHANGE, routingKey: destination.name, mandatory: false }
    case 'exchange':
      checkShort(destination.routingKey, 'a routing key')
      return { exchange: destination.name, routingKey: destination.routingKey, mandatory: true }
  }
}

/**
 * The properties of a message; `wallTime` tells the milliseconds since the epoch.
 *
 * @throws UnderstudyError `invalid-option` for what cannot be told as it is: a header that RabbitMQ gives a
 * meaning or receivers cannot read, a name, id or type of more than 255 bytes, headers that no frame holds, an
 * expiry beyond what RabbitMQ counts.
 */
export function propertiesOf(
  message: OutgoingMessage,
  attempt: number,
  wallTime: () => number,
  maxFrameBytes: number,
): MessageProperties {
  const { id, contentType, correlationId, replyTo, expiresAtMs, deliverAtMs } = message
  checkShort(id, 'the id of the message')
  if (contentType !== undefined) checkShort(contentType, 'the content type')
  if (correlationId !== undefined) checkShort(correlationId, 'the correlation id')
  return {
    contentType,
    headers: headersOf(message.headers, attempt, Math.min(MOST_TABLE_BYTES, maxFrameBytes) - BESIDE_HEADERS),
    deliveryMode: message.persistent ? 2 : 1,
    priority: message.priority,
    correlationId,
    replyTo: replyTo === undefined ? undefined : replyToText(replyTo),
    // RabbitMQ would take an expiry for the end of the delay: it is left to the receiver.
    expiration:
      expiresAtMs === undefined || deliverAtMs !== undefined ? undefined : expirationOf(expiresAtMs - wallTime()),
    messageId: id,
  }
}

function expirationOf(leftMs: number): string {
  if (leftMs <= LONGEST_EXPIRATION_MS) return String(Math.max(0, Math.ceil(leftMs)))
  throw invalid('a message cannot expire after more than the ten years that RabbitMQ counts')
}

function headersOf(
  given: Readonly<Record<string, string>>,
  attempt: number,
  mostBytes: number,
): Record<string, string | number> | undefined {
  let headers: Record<string, string | number> | undefined
  // At most; counted exactly where that comes near the bound.
  let bytes = 0
  for (const name of Object.keys(given)) {
    if (RESERVED.has(name)) throw invalid(`header ${name} has a meaning of its own in RabbitMQ and cannot be set`)
    if (UNREADABLE.has(name)) throw invalid(`a header named ${JSON.stringify(name)} cannot be read by receivers`)
    checkShort(name, 'the name of a header')
    const value = given[name] ?? ''
    bytes += (name.length + value.length) * 3 + 6
    headers ??= Object.create(null) as Record<string, string | number>
    headers[name] = value
  }
  if (bytes > mostBytes && tableBytes(given) > mostBytes) {
    throw invalid(`the headers of the message take more than ${mostBytes} bytes`)
  }
  if (attempt > 1) {
    headers ??= Object.create(null) as Record<string, string | number>
    headers[ATTEMPT] = attempt
  }
  return headers
}

function tableBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 6
  return bytes
}

/** A queue by its plain name, as every AMQP client answers to it; anything else in our own form. */
function replyToText(destination: Destination): string {
  const plain = destination.kind === 'queue' && !destination.name.includes('://')
  const text = plain ? destination.name : formatDestination(destination)
  checkShort(text, 'the reply destination')
  return text
}

function checkShort(text: string, what: string): void {
  if (text.length <= SURELY_SHORT || Buffer.byteLength(text) <= MOST_SHORT_BYTES) return
  throw invalid(`${what} takes more than ${MOST_SHORT_BYTES} bytes: ${text.slice(0, 40)}…`)
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', message)
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

/** A delivery as the core knows it. */
export function readMessage({ fields, properties, content }: AmqpMessage): IncomingMessage {
  const { headers } = properties
  return {
    id: properties.messageId ?? '',
    attempt: attemptOf(headers?.[ATTEMPT]),
    destination: sentTo(fields.exchange, fields.routingKey),
    body: content,
    contentType: properties.contentType,
    headers: headers === undefined ? NO_HEADERS : readHeaders(headers),
    redelivered: fields.redelivered,
    correlationId: properties.correlationId,
    replyTo: readReplyTo(properties.replyTo),
  }
}

function attemptOf(value: unknown): number {
  const attempt = Number(value ?? 1)
  return Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1
}

function readHeaders(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const headers = withoutDelays(given)
  const own: Record<string, string> = {}
  for (const name of Object.keys(headers)) {
    if (name !== ATTEMPT && name !== '__proto__') own[name] = headerText(headers[name])
  }
  return own
}

function sentTo(exchange: string, routingKey: string): Destination {
  if (exchange === '') return { kind: 'queue', name: routingKey }
  if (exchange === TOPIC_EXCHANGE) return { kind: 'topic', name: routingKey }
  const delayed = delayedTarget(exchange, routingKey)
  if (delayed !== undefined) return { kind: 'queue', name: delayed }
  return { kind: 'exchange', name: exchange, routingKey }
}

function readReplyTo(text: string | undefined): Destination | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^(?:queue|topic|exchange):\/\//.test(text)) return { kind: 'queue', name: text }
  try {
    return parseDestination(text)
  } catch {
    return undefined
  }
}
