import type { QueuedMessage } from '../../../adapters/memory/queue-engine/queue-engine.ts'
import type { Frame } from './frames.ts'
import type { StoredFrame } from '../stored-frame.ts'

export interface FrameOptions {
  /** The id of the subscription. */
  readonly subscription: string
  /** Of the subscription, as STOMP writes it. */
  readonly destination: string
  /** What an ACK or NACK names; undefined where none is expected, or the message id is named. */
  readonly ack: string | undefined
}

/** A message on its way to a client. */
export function messageFrame(
  { payload, redelivered }: QueuedMessage<StoredFrame>,
  { subscription, destination, ack }: FrameOptions,
): Frame {
  const { headers, body, topic } = payload
  const own: Record<string, string> = {
    subscription,
    destination: topic ?? destination,
    'content-length': String(body.length),
  }
  if (ack !== undefined) own['ack'] = ack
  if (redelivered) own['redelivered'] = 'true'
  return { command: 'MESSAGE', headers: { ...own, ...headers }, body }
}
