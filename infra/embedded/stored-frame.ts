import type { DeadLetterReason } from '../../adapters/memory/queue-engine/queue-engine.ts'
import type { FrameHeaders } from './stomp/frames.ts'

/** What the broker keeps of a SEND frame: the headers that a MESSAGE carries on, `message-id` among them. */
export interface StoredFrame {
  readonly headers: FrameHeaders
  readonly body: Buffer
  /** The topic it was sent to, for those who listen to many; undefined for a queue's. Never stored. */
  readonly topic?: string
}

// What concerns the SEND alone, and what the broker says of a message itself: a sender cannot speak for it.
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'destination',
  'receipt',
  'transaction',
  'content-length',
  'message-id',
  'subscription',
  'ack',
  'redelivered',
  'AMQ_SCHEDULED_DELAY',
  'scheduledJobId',
])

/**
 * The headers of a SEND as they are kept, with the message id that the broker gave it. One that the scheduler of
 * ActiveMQ has delivered says so, and one with a delay does it here.
 */
export function keptHeaders(headers: FrameHeaders, messageId: string, isDelayed: boolean): FrameHeaders {
  // No prototype: a header may be called "__proto__".
  const kept: Record<string, string> = Object.create(null) as Record<string, string>
  kept['message-id'] = messageId
  if (isDelayed) kept['scheduledJobId'] = messageId
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && !OWN_HEADERS.has(name)) kept[name] = value
  }
  return kept
}

/** A message on its way to the dead letter queue: it keeps its id and says where it comes from, and why. */
export function deadLetterFrame(frame: StoredFrame, from: string, reason: DeadLetterReason): StoredFrame {
  const { expires: _expires, ...headers } = frame.headers
  return {
    headers: { ...headers, originalDestination: `/queue/${from}`, dlqDeliveryFailureCause: reason },
    body: frame.body,
  }
}
