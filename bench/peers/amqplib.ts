// amqplib as its tutorials have it: one connection, a confirm channel, callbacks.
import { connect, type Options } from 'amqplib'
import { type OpenClient, targetUrl } from './client.ts'

export const open: OpenClient = openWith(() => ({}))

/** The same client, except that each message is published with more options. */
export function openWith(more: () => Options.Publish): OpenClient {
  return async (target, failed) => await opened(target, failed, more)
}

async function opened(
  target: Parameters<OpenClient>[0],
  failed: Parameters<OpenClient>[1],
  more: () => Options.Publish,
): ReturnType<OpenClient> {
  const connection = await connect(targetUrl(target), { noDelay: true })
  connection.on('error', failed)
  const channel = await connection.createConfirmChannel()
  channel.on('error', failed)
  return {
    send: (queue, body, ended, correlation) => {
      channel.publish('', queue, body, { persistent: true, ...more(), ...correlation }, (error: unknown) =>
        error === null ? ended() : ended(error),
      )
    },
    consume: async (queue, prefetch, onMessage) => {
      await channel.prefetch(prefetch)
      await channel.consume(queue, (message) => {
        if (message === null) {
          failed(new Error('the broker cancelled the consumer'))
          return
        }
        onMessage({
          body: message.content,
          correlationId: message.properties.correlationId as string | undefined,
          ack: (ended) => {
            channel.ack(message)
            ended()
          },
        })
      })
    },
    close: async () => {
      // The channel first: the connection's goodbye overtakes acknowledges that wait on it.
      await channel.close()
      await connection.close()
    },
  }
}
