// @stomp/stompjs over plain TCP, a receipt for every frame.
import { Client, ReconnectionTimeMode } from '@stomp/stompjs'
import type { OpenClient } from './client.ts'
import { SocketAsWebSocket } from './socket-as-websocket.ts'

export const open: OpenClient = async (target, failed) => {
  const { host, port, username, password } = target
  const client = new Client({
    webSocketFactory: () => new SocketAsWebSocket(host, port),
    connectHeaders: { host, ...(username === undefined ? {} : { login: username, passcode: password ?? '' }) },
    reconnectDelay: 5000,
    reconnectTimeMode: ReconnectionTimeMode.LINEAR,
    heartbeatIncoming: 5000,
    heartbeatOutgoing: 5000,
    onStompError: (frame) => failed(new Error(frame.headers['message'] ?? 'the broker sent an ERROR frame')),
    onWebSocketError: failed,
  })
  await new Promise<void>((resolve) => {
    client.onConnect = () => resolve()
    client.activate()
  })
  let receipts = 0
  const receipt = (ended: () => void): string => {
    const id = `r${receipts++}`
    client.watchForReceipt(id, () => ended())
    return id
  }
  return {
    send: (queue, body, ended, correlation) => {
      const headers: Record<string, string> = { persistent: 'true', receipt: receipt(ended) }
      if (correlation) {
        headers['correlation-id'] = correlation.correlationId
        if (correlation.replyTo !== undefined) headers['reply-to'] = `/queue/${correlation.replyTo}`
      }
      client.publish({ destination: `/queue/${queue}`, headers, binaryBody: body })
    },
    consume: async (queue, prefetch, onMessage) => {
      client.subscribe(
        `/queue/${queue}`,
        (message) =>
          onMessage({
            body: message.binaryBody,
            correlationId: message.headers['correlation-id'],
            ack: (ended) => message.ack({ receipt: receipt(ended) }),
          }),
        { ack: 'client-individual', 'activemq.prefetchSize': String(prefetch) },
      )
    },
    close: async () => await client.deactivate(),
  }
}
