// rabbitmq-client: its own Publisher and Consumer, which its manual recommends over a bare channel.
import { Connection, type Consumer, ConsumerStatus } from 'rabbitmq-client'
import { type OpenClient, targetUrl } from './client.ts'

export const open: OpenClient = async (target, failed) => {
  const connection = new Connection({ url: targetUrl(target), noDelay: true })
  connection.on('error', failed)
  await connection.onConnect()
  const publisher = connection.createPublisher({ confirm: true })
  let consumer: Consumer | undefined
  return {
    send: (queue, body, ended, correlation) => {
      publisher.send({ routingKey: queue, durable: true, ...correlation }, body).then(() => ended(), ended)
    },
    consume: async (queue, prefetch, onMessage) => {
      const created = connection.createConsumer(
        { queue, queueOptions: { passive: true }, qos: { prefetchCount: prefetch } },
        // It acknowledges by itself when this returns so, and has no call to do so.
        (message) => {
          let status = ConsumerStatus.REQUEUE
          onMessage({
            body: message.body as Buffer,
            correlationId: message.correlationId,
            ack: (ended) => {
              status = ConsumerStatus.ACK
              ended()
            },
          })
          return status
        },
      )
      consumer = created
      created.on('error', failed)
      await new Promise<void>((resolve) => created.on('ready', resolve))
    },
    close: async () => {
      await consumer?.close()
      await publisher.close()
      await connection.close()
    },
  }
}
