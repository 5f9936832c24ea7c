// stompit's client alone, a receipt for every frame.
import type { OpenClient } from './client.ts'
import { connectOptions, driver, receive, sendHeaders, type StompitClient, subscribeHeaders } from './stompit-client.ts'

export const open: OpenClient = async (target, failed) => {
  const client = await new Promise<StompitClient>((resolve, reject) => {
    driver.connect(connectOptions(target), (error, client) => (error ? reject(error) : resolve(client)))
  })
  client.on('error', failed)
  return {
    send: (queue, body, ended, correlation) => {
      client.send(sendHeaders(queue, body, correlation), { onReceipt: () => ended() }).end(body)
    },
    consume: async (queue, prefetch, onMessage) => {
      client.subscribe(subscribeHeaders(queue, prefetch), (error, message) => {
        if (error) failed(error)
        else receive(message, (...args) => client.ack(...args), onMessage)
      })
    },
    close: async () => {
      await new Promise<void>((resolve, reject) => {
        client.disconnect((error) => (error ? reject(error) : resolve()))
      })
    },
  }
}
