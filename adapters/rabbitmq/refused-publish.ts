import { replyTextOf } from './errors.ts'
import type { Sending } from './publisher.ts'

/**
 * Whether a channel error is about this message, as far as the broker's words tell. RabbitMQ closes the
 * channel, with all that waits on it, over one message, and names its size, its exchange or its topic there.
 */
export function isRefusedPublish(error: Error, { message, route }: Sending): boolean {
  const text = replyTextOf(error)
  const size = /message size (\d+)/.exec(text)
  if (size) return message.body.length === Number(size[1])
  const exchange = /exchange '([^']*)'/.exec(text)?.[1]
  if (exchange === undefined || route === undefined) return false
  const topic = /access to topic '([^']*)' in exchange/.exec(text)?.[1]
  if (topic !== undefined && topic !== route.routingKey) return false
  return route.exchange === (exchange === 'amq.default' ? '' : exchange)
}
