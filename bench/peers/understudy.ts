// Our own client as an application uses it.
import { connect } from '../../src/connect.ts'
import { type OpenClient, targetUrl } from './client.ts'

export const open: OpenClient = async (target, failed) => {
  const options = target.protocol === 'amqp' ? `?queueType=${target.queueType}` : ''
  const connection = await connect(`${targetUrl(target)}${options}`)
  connection.observe((event) => {
    if (event.type === 'interrupted' || event.type === 'failed') failed(event.error)
  })
  return {
    send: (queue, body, ended, correlation) => {
      connection.send(`queue://${queue}`, body, correlation).then(() => ended(), ended)
    },
    consume: async (queue, prefetch, onMessage) => {
      const listener = connection.listen(
        `queue://${queue}`,
        (delivery) =>
          onMessage({
            body: delivery.bytes,
            correlationId: delivery.correlationId,
            ack: (ended) => void delivery.ack().then(() => ended(), ended),
          }),
        { prefetch },
      )
      await listener.ready
    },
    close: async () => await connection.close(),
  }
}
