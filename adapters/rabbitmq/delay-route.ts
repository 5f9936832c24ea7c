import { UnderstudyError } from '../../src/errors.ts'
import { type Destination, formatDestination } from '../../src/transport/destination.ts'
import type { PublishFields } from './driver.ts'

/** How many levels there are; together they hold a message for up to 310 days. */
export const DELAY_LEVELS = 28
/** How long level 0 holds a message, in milliseconds; each other level twice as long as the one below it. */
export const DELAY_UNIT_MS = 100
/** Where a message goes that has passed every level it had to: its queue is bound there. */
export const DELIVER_EXCHANGE = 'understudy.delay.deliver'

const PREFIX = 'understudy.delay.'
const MOST_UNITS = 2 ** DELAY_LEVELS - 1
// A bit and a dot for each level.
const KEY_PREFIX_LENGTH = DELAY_LEVELS * 2
const MOST_KEY_BYTES = 255
const DAY_MS = 86_400_000

/** The name of a level's exchange, and of its queue. */
export function delayLevel(level: number): string {
  return `${PREFIX}${level}`
}

/** Whether a queue or an exchange is one of those that hold messages back. */
export function isOfDelays(name: string): boolean {
  return name.startsWith(PREFIX)
}

/**
 * Where a message is handed in that is to wait `delayMs`, above 0, rounded up to the next tenth of a second. Its routing key says
 * bit by bit on which levels it waits, from the highest down, and then its queue. It enters at the highest of
 * them: no other level above would hold it.
 *
 * @throws UnderstudyError `unsupported` for what is no queue, `invalid-option` for a queue whose name cannot be told from a
 * wildcard or takes more than 199 bytes, and for a delay beyond the levels' reach.
 */
export function delayRoute(destination: Destination, delayMs: number): PublishFields {
  const { kind, name } = destination
  if (kind !== 'queue')
    throw new UnderstudyError(
      'unsupported',
      `only queues get messages with a delay, not ${formatDestination(destination)}`,
    )
  const units = Math.ceil(delayMs / DELAY_UNIT_MS)
  if (units > MOST_UNITS) {
    const days = Math.floor((MOST_UNITS * DELAY_UNIT_MS) / DAY_MS)
    throw invalid(`a message cannot be delayed by more than ${days} days`)
  }
  const bits = Array.from({ length: DELAY_LEVELS }, (_, index) => (units >> (DELAY_LEVELS - 1 - index)) & 1)
  return {
    exchange: delayLevel(DELAY_LEVELS - 1 - bits.indexOf(1)),
    routingKey: `${bits.join('.')}.${checkedName(name)}`,
    mandatory: true,
  }
}

/** What a level's exchange and its queue, or the exchange below, are bound by. */
export function levelPattern(level: number, bit: 0 | 1): string {
  return `${'*.'.repeat(DELAY_LEVELS - 1 - level)}${bit}.#`
}

/** What a queue is bound to {@link DELIVER_EXCHANGE} by: its name alone may follow the bits, and no longer one that ends so. */
export function deliverPattern(queue: string): string {
  return `${'*.'.repeat(DELAY_LEVELS)}${queue}`
}

/** The queue that a delayed message was for, or undefined for any other message. */
export function delayedTarget(exchange: string, routingKey: string): string | undefined {
  if (!isOfDelays(exchange) || !/^(?:[01]\.){28}./s.test(routingKey)) return undefined
  return routingKey.slice(KEY_PREFIX_LENGTH)
}

function checkedName(name: string): string {
  const most = MOST_KEY_BYTES - KEY_PREFIX_LENGTH
  if (Buffer.byteLength(name) > most)
    throw invalid(`a queue that gets messages with a delay may have a name of ${most} bytes: ${name.slice(0, 40)}…`)
  if (name.split('.').some((word) => word === '*' || word === '#'))
    throw invalid(`queue ${name} cannot get messages with a delay: its name holds a wildcard`)
  return name
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', message)
}
