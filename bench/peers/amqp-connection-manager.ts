// amqp-connection-manager: its channel wrapper, which queues, reconnects and publishes again.
import { connect } from 'amqp-connection-manager'
import { type OpenClient, targetUrl } from './client.ts'

export const open: OpenClient = async (target, failed) => {
  const manager = connect([targetUrl(target)], { connectionOptions: { noDelay: true } })
  manager.on('disconnect', ({ err }) => failed(err))
  const channel = manager.createChannel({ confirm: true })
  channel.on('error', failed)
  await channel.waitForConnect()
  return {
    send: (queue, body, ended, correlation) => {
      channel.sendToQueue(queue, body, { persistent: true, ...correlation }).then(() => ended(), ended)
    },
    consume: async (queue, prefetch, onMessage) => {
      await channel.consume(
        queue,
        (message) =>
          onMessage({
            body: message.content,
            correlationId: message.properties.correlationId as string | undefined,
            ack: (ended) => {
              channel.ack(message)
              ended()
            },
          }),
        { prefetch },
      )
    },
    close: async () => {
      manager.removeAllListeners('disconnect')
      await manager.close()
    },
  }
}
