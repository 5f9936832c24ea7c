import type { OutgoingMessage } from '../../src/transport/message.ts'
import { replyTextOf } from './errors.ts'

/**
 * Whether a channel error is about this message, as far as the broker's words tell. RabbitMQ closes the
 * channel, with all that waits on it, over one message, and names its exchange or its size.
 */
export function isRefusedPublish(error: Error, { destination, body }: OutgoingMessage): boolean {
  const text = replyTextOf(error)
  const size = /message size (\d+)/.exec(text)
  if (size) return body.length === Number(size[1])
  const exchange = /exchange '([^']*)'/.exec(text)?.[1]
  if (exchange === undefined) return false
  const ours = destination.kind === 'exchange' ? destination.name : destination.kind === 'topic' ? 'amq.topic' : ''
  return ours === (exchange === 'amq.default' ? '' : exchange)
}
