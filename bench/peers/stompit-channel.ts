// What ConnectFailover's channel and the ChannelPool's have in common.
import type { BenchClient } from './client.ts'
import { receive, sendHeaders, type StompitChannel, subscribeHeaders } from './stompit-client.ts'

/** A client over one channel for sending and one for taking. */
export function overChannels(
  sending: StompitChannel,
  taking: () => Promise<StompitChannel>,
  failed: (error: unknown) => void,
  close: () => void,
): BenchClient {
  return {
    send: (queue, body, ended, correlation) => {
      sending.send(sendHeaders(queue, body, correlation), body, (error) => (error ? ended(error) : ended()))
    },
    consume: async (queue, prefetch, onMessage) => {
      const channel = await taking()
      channel.subscribe(subscribeHeaders(queue, prefetch), (error, message) => {
        if (error) failed(error)
        else receive(message, (...args) => channel.ack(...args), onMessage)
      })
    },
    close: async () => close(),
  }
}
