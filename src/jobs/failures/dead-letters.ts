import { plainQueueName } from '../../transport/destination.ts'
import { HEADER } from '../envelope.ts'
import { type FailedDelivery, failureOf } from './failure-of.ts'
import type { Failure } from './failure.ts'

/** What a broker says of a message that it gave up. */
interface Death {
  readonly expired: boolean
  /** The queue it died in; undefined where the broker does not say. */
  readonly queue: string | undefined
  /** Milliseconds since the epoch; undefined where the broker does not say. */
  readonly at: number | undefined
  /** In a few words. */
  readonly how: string
}

/** Who keeps it, and when, in milliseconds since the epoch. */
export interface LetterCollector {
  readonly worker: string
  readonly at: number
}

/**
 * The record of a message that a broker gave up: RabbitMQ says in `x-death` when, where and why, ActiveMQ in
 * `dlqDeliveryFailureCause` and `original-destination`. What a broker does not say is told by the message's own
 * headers and by the queue that it was found in. Never throws.
 */
export function failureOfLetter(letter: FailedDelivery, { worker, at }: LetterCollector): Failure {
  const death = deathByRabbitmq(letter) ?? deathByActivemq(letter) ?? deathUnknown(letter, at)
  const queue = letter.headers[HEADER.queue] ?? death.queue ?? withoutPrefix(letter.destination)
  return failureOf(
    { ...picked(letter), destination: `queue://${queue}` },
    {
      reason: death.expired ? 'expired' : 'dead_lettered',
      error: saidByBroker(death),
      worker,
      at: death.at !== undefined && death.at <= at ? death.at : at,
    },
  )
}

/** Nothing was thrown, so there is no stack. */
function saidByBroker({ expired, how }: Death): Error {
  return Object.assign(new Error(how), { name: expired ? 'Expired' : 'DeadLettered', stack: undefined })
}

function picked({
  id,
  bytes,
  contentType,
  headers,
  endpoint,
  replyTo,
}: FailedDelivery): Omit<FailedDelivery, 'destination'> {
  return { id, bytes, contentType, headers, endpoint, replyTo }
}

/** `x-death` is a list, the latest first: {count, reason, queue, time, exchange, routing-keys}. */
function deathByRabbitmq({ headers }: FailedDelivery): Death | undefined {
  const deaths = readJson(headers['x-death'])
  const latest: unknown = Array.isArray(deaths) ? deaths[0] : undefined
  if (typeof latest !== 'object' || latest === null) return undefined
  const { reason, queue, time, count } = latest as Readonly<Record<string, unknown>>
  if (typeof reason !== 'string') return undefined
  const from = typeof queue === 'string' && queue !== '' ? queue : undefined
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN
  const often = typeof count === 'number' && count > 1 ? `, ${count} times` : ''
  return {
    expired: reason === 'expired',
    queue: from,
    at: Number.isFinite(at) ? at : undefined,
    how: `${WORDS[reason] ?? reason}${from === undefined ? '' : ` in queue ${from}`}${often}`,
  }
}

const WORDS: Readonly<Record<string, string>> = {
  expired: 'expired',
  rejected: 'rejected',
  maxlen: 'pushed out by the longest length',
  delivery_limit: 'delivered as often as may be',
}

function deathByActivemq({ headers }: FailedDelivery): Death | undefined {
  const cause = headers['dlqDeliveryFailureCause']
  // STOMP's name for it, and the property's own.
  const origin = headers['original-destination'] ?? headers['originalDestination']
  if (cause === undefined && origin === undefined) return undefined
  const queue = /^(?:\/queue\/|queue:\/\/)(.+)$/s.exec(origin ?? '')?.[1]
  const expired = /\bexpired\b/i.test(cause ?? '')
  const where = origin === undefined ? '' : ` in ${queue === undefined ? origin : `queue ${queue}`}`
  const why = expired || cause === undefined || cause === '' ? '' : `: ${cause}`
  const expiredAt = expired ? Number(headers['originalExpiration']) : Number.NaN
  return {
    expired,
    queue,
    at: expiredAt > 0 ? expiredAt : undefined,
    how: `${expired ? 'expired' : 'given up by the broker'}${where}${why}`,
  }
}

/** Brokers that say nothing: a message that had a time to live and outlived it has expired. */
function deathUnknown({ headers, destination }: FailedDelivery, at: number): Death {
  const expiresAt = Number(headers[HEADER.expiresAt])
  const expired = Number.isFinite(expiresAt) && expiresAt <= at
  const queue = withoutPrefix(destination)
  return { expired, queue, at: undefined, how: `${expired ? 'expired' : 'given up by the broker'} in queue ${queue}` }
}

/** The queue whose dead letters these are: they lie in `DLQ.NAME`. */
function withoutPrefix(destination: string): string {
  return plainQueueName(destination).replace(/^DLQ\.(?=.)/, '')
}

function readJson(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
