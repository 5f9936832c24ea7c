import nodeNet, { type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import nodeTls, { type ConnectionOptions } from 'node:tls'
import amqplib from 'amqplib/callback_api'
import { careful } from './handshake.ts'

/**
 * The part of amqplib that this adapter uses, its callback interface: a connection, and channels without
 * their own book of confirms. Its recovery is left alone. The published types leave out what is used below
 * the surface, so all of it is told here.
 */
export interface AmqpDialOptions {
  readonly host: string
  readonly port: number
  /** Undefined for a plain connection. */
  readonly tls: ConnectionOptions | undefined
  /** Undefined where a client certificate says who we are. */
  readonly login: { readonly username: string; readonly password: string } | undefined
  readonly vhost: string
  /** Seconds; 0 for never. */
  readonly heartbeat: number
  /** No frame is longer, in either direction. */
  readonly maxFrameBytes: number
}

/** amqplib's errors carry AMQP's reply code, or Node's code of a socket that failed. */
export interface AmqpError extends Error {
  readonly code?: number | string
}

type Callback<Value = unknown> = (error: Error | null, value?: Value) => void

/** Where a channel puts its frames. */
interface ChannelBuffer {
  write(bytes: Buffer): boolean
  end(): void
}

export interface AmqpConnection {
  readonly connection: {
    readonly stream: Duplex
    /** As negotiated. */
    readonly frameMax: number
    /** Seconds, as negotiated; 0 for never. */
    readonly heartbeat: number
    readonly serverProperties: Readonly<Record<string, unknown>>
    /** By number. Each has a stream of its own for what it writes. */
    readonly channels: ({ buffer: ChannelBuffer } | null)[]
  }
  /** Returns at once; the callback comes when it may be used. */
  createChannel(opened: Callback): AmqpChannel
  createConfirmChannel(opened: Callback): AmqpChannel
  close(closed: () => void): void
  on(event: 'error' | 'close', listener: (error?: Error) => void): unknown
  on(event: 'blocked', listener: (reason: unknown) => void): unknown
  on(event: 'unblocked', listener: () => void): unknown
}

/** What BasicPublish needs to know beside the message. */
export interface PublishFields {
  readonly exchange: string
  readonly routingKey: string
  readonly mandatory: boolean
}

export interface MessageProperties {
  readonly contentType?: string | undefined
  readonly headers?: Readonly<Record<string, unknown>> | undefined
  readonly deliveryMode?: number | undefined
  readonly priority?: number | undefined
  readonly correlationId?: string | undefined
  readonly replyTo?: string | undefined
  /** Milliseconds, as text. */
  readonly expiration?: string | undefined
  readonly messageId?: string | undefined
}

/** What a broker delivers or returns. */
export interface AmqpMessage {
  readonly fields: {
    readonly exchange: string
    readonly routingKey: string
    readonly deliveryTag: number
    readonly redelivered: boolean
    readonly replyCode?: number
    readonly replyText?: string
  }
  readonly properties: MessageProperties
  readonly content: Buffer
}

export interface Confirm {
  readonly deliveryTag: number
  readonly multiple: boolean
}

/** A frame as amqplib hands it to a channel: a method, the head of a message, or a piece of its body. */
export interface ChannelFrame {
  readonly size?: number
  readonly content?: Buffer
}

export interface AmqpChannel {
  /** Its number. */
  readonly ch: number
  accept(frame: ChannelFrame): unknown
  sendMessage(fields: PublishFields, properties: MessageProperties, content: Buffer): boolean
  prefetch(count: number, global: boolean, done: Callback): unknown
  consume(
    queue: string,
    deliver: (message: AmqpMessage | null) => void,
    options: { readonly exclusive?: boolean; readonly consumerTag?: string },
    done: Callback,
  ): unknown
  ack(message: { readonly fields: { readonly deliveryTag: number } }, allUpTo: boolean): unknown
  reject(message: { readonly fields: { readonly deliveryTag: number } }, requeue: boolean): unknown
  checkQueue(queue: string, done: Callback<{ readonly messageCount: number; readonly consumerCount: number }>): unknown
  purgeQueue(queue: string, done: Callback<{ readonly messageCount: number }>): unknown
  assertQueue(queue: string, options: AssertQueueOptions, done: Callback<{ readonly queue: string }>): unknown
  bindQueue(queue: string, exchange: string, pattern: string, args: object, done: Callback): unknown
  checkExchange(exchange: string, done: Callback): unknown
  assertExchange(
    exchange: string,
    type: string,
    options: { readonly durable: boolean; readonly alternateExchange?: string },
    done: Callback,
  ): unknown
  bindExchange(destination: string, source: string, pattern: string, args: object, done: Callback): unknown
  close(closed: Callback): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: () => void): unknown
  on(event: 'ack' | 'nack', listener: (confirm: Confirm) => void): unknown
  on(event: 'return', listener: (message: AmqpMessage) => void): unknown
  removeAllListeners(event: 'ack' | 'nack'): unknown
}

interface AssertQueueOptions {
  readonly durable: boolean
  readonly exclusive?: boolean
  readonly autoDelete?: boolean
  readonly arguments?: Readonly<Record<string, string | number>>
}

/**
 * Dials and shakes hands; the callback comes at most once. What is returned is the socket, at once, so
 * that the dial can be watched and given up: amqplib itself hands nothing out before it is connected.
 */
export type AmqpConnect = (
  options: AmqpDialOptions,
  callback: (error: AmqpError | null, connection?: AmqpConnection) => void,
) => Socket

const CLIENT = { product: 'understudy-mq', connection_name: 'understudy' }

export const amqplibConnect: AmqpConnect = (options, callback) => {
  const { host, port, tls, login, vhost, heartbeat, maxFrameBytes } = options
  const credentials = login ? amqplib.credentials.plain(login.username, login.password) : amqplib.credentials.external()
  const url = {
    protocol: tls ? 'amqps' : 'amqp',
    hostname: host,
    port,
    // amqplib decodes it.
    vhost: encodeURIComponent(vhost),
    frameMax: maxFrameBytes,
    maxFrameSize: maxFrameBytes,
    heartbeat,
  }
  const base = { credentials, noDelay: true, clientProperties: CLIENT }
  let answered = false
  const once = (error: unknown, connection: unknown): void => {
    if (answered) return
    answered = true
    if (error) callback(error as AmqpError)
    else callback(null, connection as AmqpConnection)
  }
  const socketOptions: object = { ...base, ...tls }
  const socket = createdBy(tls ? nodeTls : nodeNet, () => amqplib.connect(url, socketOptions, finish))
  const handshake = careful(socket)
  // Runs after this function: nothing is connected yet.
  function finish(error: unknown, connection: unknown): void {
    once(handshake.explain(error), connection)
    handshake.over()
  }
  return socket
}

/** The socket that `dial` creates through the module, which shows it to us for the length of this one call. */
function createdBy(module: typeof nodeNet | typeof nodeTls, dial: () => void): Socket {
  const connect = module.connect as (...args: unknown[]) => Socket
  let created: Socket | undefined
  Reflect.set(module, 'connect', (...args: unknown[]) => (created = connect(...args)))
  try {
    dial()
  } finally {
    Reflect.set(module, 'connect', connect)
  }
  if (!created) throw new Error('no socket was created')
  return created
}
