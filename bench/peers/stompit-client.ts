// What the three stompit peers have in common: the headers, and the reading of a body.
import stompit from 'stompit'
import type { Correlation, Received, Target } from './client.ts'

export type Headers = Record<string, string | number>

export interface StompitMessage {
  readonly headers: Readonly<Headers>
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
}

interface Writing {
  end(body: Buffer): void
}

type OnMessage = (error: Error | null, message: StompitMessage) => void
type SendOptions = { readonly onReceipt: () => void }

/** The part of a stompit client that is used. */
export interface StompitClient {
  send(headers: Headers, options: SendOptions): Writing
  subscribe(headers: Headers, onMessage: OnMessage): unknown
  ack(message: StompitMessage, headers: Headers, options: SendOptions): void
  disconnect(ended: (error: Error | null) => void): void
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** The part of a stompit channel that is used; it takes a body as text, as bytes or as a stream. */
export interface StompitChannel {
  send(headers: Headers, body: Buffer, ended: (error: Error | null) => void): unknown
  subscribe(headers: Headers, onMessage: OnMessage): unknown
  ack(message: StompitMessage, headers: Headers, options: SendOptions): void
  close(): void
}

interface Failover {
  on(event: 'error', listener: (error: Error) => void): unknown
}

interface ChannelPool {
  channel(got: (error: Error | null, channel: StompitChannel) => void): void
  close(): void
}

interface Stompit {
  connect(options: object, connected: (error: Error | null, client: StompitClient) => void): StompitClient
  readonly ConnectFailover: new (servers: readonly object[], options: object) => Failover
  readonly Channel: new (failover: Failover, options: object) => StompitChannel
  readonly ChannelPool: new (failover: Failover, options: object) => ChannelPool
}

export const driver: Stompit = stompit as unknown as Stompit

export function connectOptions({ host, port, username, password }: Target): object {
  return {
    host,
    port,
    noDelay: true,
    // By default a heart-beat that is 100 ms late ends the connection, and a broker at work is later than that.
    heartbeatDelayMargin: 10_000,
    connectHeaders: {
      'accept-version': '1.2',
      host,
      'heart-beat': '5000,5000',
      ...(username === undefined ? {} : { login: username, passcode: password }),
    },
  }
}

/** A new object each time: stompit writes into it. */
export function sendHeaders(queue: string, body: Buffer, correlation: Correlation | undefined): Headers {
  const headers: Headers = { destination: `/queue/${queue}`, persistent: 'true', 'content-length': body.length }
  if (correlation) {
    headers['correlation-id'] = correlation.correlationId
    if (correlation.replyTo !== undefined) headers['reply-to'] = `/queue/${correlation.replyTo}`
  }
  return headers
}

export function subscribeHeaders(queue: string, prefetch: number): Headers {
  return { destination: `/queue/${queue}`, ack: 'client-individual', 'activemq.prefetchSize': prefetch }
}

/** Reads the body and hands the message on. */
export function receive(
  message: StompitMessage,
  acknowledge: (message: StompitMessage, headers: Headers, options: SendOptions) => void,
  onMessage: (message: Received) => void,
): void {
  const chunks: Buffer[] = []
  message.on('data', (chunk) => chunks.push(chunk))
  message.on('end', () => {
    const [first] = chunks
    const id = message.headers['correlation-id']
    onMessage({
      body: chunks.length === 1 && first ? first : Buffer.concat(chunks),
      correlationId: id === undefined ? undefined : String(id),
      ack: (ended) => acknowledge(message, {}, { onReceipt: () => ended() }),
    })
  })
}
