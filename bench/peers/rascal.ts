// rascal: a broker made of configuration. It gives each publication a channel of its own until the confirm.
import rascal from 'rascal'
import { type OpenClient, targetUrl } from './client.ts'

// As many publications can be in flight as the pool has channels: 5 by default, which leaves the window empty.
const CHANNELS = 100
const CLOSES_WITHIN_MS = 200

export const open: OpenClient = async (target, failed) => {
  const broker = await rascal.BrokerAsPromised.create(
    rascal.withDefaultConfig({
      vhosts: {
        '/': {
          connection: {
            url: targetUrl(target),
            options: { channelMax: CHANNELS + 10 },
            socketOptions: { noDelay: true },
          },
          publicationChannelPools: { confirmPool: { max: CHANNELS, min: 1 } },
          exchanges: { '': { assert: false, check: false } },
          queues: { any: { assert: false, check: false } },
          publications: { out: { exchange: '' } },
          // What the work leaves unacknowledged would otherwise be waited for without end.
          subscriptions: { in: { queue: 'any', closeTimeout: CLOSES_WITHIN_MS } },
        },
      },
    }),
  )
  broker.on('error', failed)
  return {
    send: (queue, body, ended, correlation) => {
      broker.publish('out', body, { routingKey: queue, options: { ...correlation } }).then((publication) => {
        publication.on('success', () => ended())
        publication.on('error', ended)
        publication.on('return', () => ended(new Error('the message was returned')))
      }, ended)
    },
    consume: async (queue, prefetch, onMessage) => {
      const subscription = await broker.subscribe('in', { source: queue, prefetch })
      subscription.on('error', failed)
      await new Promise<void>((resolve) => {
        subscription.on('subscribed', resolve)
        subscription.on('message', (message, _, ackOrNack) =>
          onMessage({
            body: message.content,
            correlationId: message.properties.correlationId,
            ack: (ended) => {
              ackOrNack()
              ended()
            },
          }),
        )
      })
    },
    close: async () => {
      // It rejects when something was left.
      await broker.shutdown().catch(() => {})
    },
  }
}
