import type { OutgoingMessage } from '../../src/transport/message.ts'
import { replyTextOf } from './errors.ts'
import { routeOf } from './message.ts'

/**
 * Whether a channel error is about this message, as far as the broker's words tell. RabbitMQ closes the
 * channel, with all that waits on it, over one message, and names its size, its exchange or its topic there.
 */
export function isRefusedPublish(error: Error, { destination, body }: OutgoingMessage): boolean {
  const text = replyTextOf(error)
  const size = /message size (\d+)/.exec(text)
  if (size) return body.length === Number(size[1])
  const exchange = /exchange '([^']*)'/.exec(text)?.[1]
  if (exchange === undefined) return false
  const ours = routeOf(destination)
  const topic = /access to topic '([^']*)' in exchange/.exec(text)?.[1]
  if (topic !== undefined && topic !== ours.routingKey) return false
  return ours.exchange === (exchange === 'amq.default' ? '' : exchange)
}
