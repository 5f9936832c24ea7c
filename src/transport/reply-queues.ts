import { randomUUID } from 'node:crypto'
import type { Destination } from './destination.ts'
import type { QueueSettings } from './topology.ts'

const PREFIX = 'understudy.reply.'

/** A name for the queue that answers to one connection come to. */
export function newReplyQueue(): string {
  return `${PREFIX}${randomUUID()}`
}

/** Whether answers to some connection come to this queue. */
export function isReplyQueue(queue: string): boolean {
  return queue.startsWith(PREFIX)
}

/**
 * What a reply queue is like where the broker can remove it, whoever makes it first: who answers may come to a new
 * broker before who asked, and an answer may outlive whoever wanted it.
 */
export const REPLY_QUEUE: QueueSettings & { readonly expiresAfterMs: number; readonly deadLetterTo: Destination } = {
  // The queue of a connection that went without a goodbye is removed by the broker.
  expiresAfterMs: 30 * 60_000,
  // One for all of them: a queue of dead letters does not go with the queue it serves.
  deadLetterTo: { kind: 'queue', name: 'DLQ.understudy.reply' },
}
