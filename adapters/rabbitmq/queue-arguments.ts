import { UnderstudyError } from '../../src/errors.ts'
import type { Destination } from '../../src/transport/destination.ts'
import type { QueueSettings } from '../../src/transport/topology.ts'
import { TOPIC_EXCHANGE } from './message.ts'

export type QueueType = 'classic' | 'quorum'

/** The letters of a queue go to the queue of this name, unless the settings say otherwise. */
const DEAD_LETTERS = 'DLQ.'

/** Where rejected and expired messages of a queue go: by default none from a queue of dead letters. */
export function deadLettersOf(queue: string, settings: QueueSettings): Destination | undefined {
  if (settings.deadLetterTo) return settings.deadLetterTo
  if (settings.deadLetterTo === null) return undefined
  return queue.startsWith(DEAD_LETTERS) ? undefined : { kind: 'queue', name: `${DEAD_LETTERS}${queue}` }
}

/**
 * The arguments with which a queue is declared, in RabbitMQ's names.
 *
 * @throws UnderstudyError `unsupported` for a priority of quorum queues, which RabbitMQ does not tell apart.
 */
export function queueArguments(
  queue: string,
  settings: QueueSettings,
  defaultType: QueueType,
): Record<string, string | number> {
  const type = settings.type ?? defaultType
  const { messageTtlMs, expiresAfterMs, maxLength, maxPriority } = settings
  if (maxPriority !== undefined && type === 'quorum') {
    throw new UnderstudyError('unsupported', `queue ${queue}: maxPriority needs a classic queue`)
  }
  const dead = deadLettersOf(queue, settings)
  const args: Record<string, string | number> = { 'x-queue-type': type }
  if (dead) {
    args['x-dead-letter-exchange'] = exchangeOf(dead)
    args['x-dead-letter-routing-key'] = dead.kind === 'exchange' ? dead.routingKey : dead.name
    // Else a quorum queue may lose a letter on its way. It needs the refusal of what is too much.
    if (type === 'quorum') args['x-dead-letter-strategy'] = 'at-least-once'
  }
  if (maxLength !== undefined) args['x-max-length'] = maxLength
  // Else what is too much would push the eldest out, which was confirmed.
  if (maxLength !== undefined || (dead && type === 'quorum')) args['x-overflow'] = 'reject-publish'
  if (messageTtlMs !== undefined) args['x-message-ttl'] = messageTtlMs
  if (expiresAfterMs !== undefined) args['x-expires'] = expiresAfterMs
  if (maxPriority !== undefined) args['x-max-priority'] = maxPriority
  return args
}

function exchangeOf(destination: Destination): string {
  if (destination.kind === 'queue') return ''
  return destination.kind === 'topic' ? TOPIC_EXCHANGE : destination.name
}
