/**
 * AMQP by hand, for tests: a broker that plays a script.
 *
 *     await using broker = await scriptedAmqpBroker(async (peer) => {
 *       await peer.acceptConnection()
 *       peer.answerQuestions()
 *       const publish = await peer.nextPublish()
 *       peer.ack(publish.channel, 1)
 *     })
 *
 * Nothing here waits longer than its deadline, and nothing outlives its `close`.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Server as TlsServer, TLSSocket } from 'node:tls'
import {
  type AmqpFrame,
  body,
  BODY_FRAME,
  header,
  HEADER_FRAME,
  HEARTBEAT_FRAME,
  long,
  longLong,
  longString,
  method,
  type MethodName,
  octet,
  readShortString,
  short,
  shortString,
  table,
  takeFrame,
} from './amqp-frames.ts'

const DEADLINE_MS = 10_000
const PROTOCOL_HEADER_BYTES = 8
// A frame of 128 KiB, without its head and its end.
const MOST_BODY_BYTES = 131_064

interface Waiter {
  readonly wants: (frame: AmqpFrame) => boolean
  readonly what: string
  readonly resolve: (frame: AmqpFrame) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** A whole message, as it was published. */
export interface Published {
  readonly channel: number
  readonly exchange: string
  readonly routingKey: string
  readonly mandatory: boolean
  /** As on the wire, flags first. */
  readonly properties: Buffer
  readonly body: Buffer
}

export interface Tune {
  readonly heartbeat?: number
  readonly frameMax?: number
  readonly mechanisms?: string
  /** What the broker says of itself, such as `product`. */
  readonly server?: Readonly<Record<string, string>>
}

/** The broker's end of a connection. Frames wait here until they are asked for. */
export class AmqpPeer {
  readonly socket: Socket
  /** Resolves when the connection is gone, in whatever way. */
  readonly closed: Promise<void>
  /** Every method that came, in order. */
  readonly methods: MethodName[] = []
  readonly #waiting: AmqpFrame[] = []
  readonly #waiters = new Set<Waiter>()
  #greeted: () => void = () => {}
  readonly #greeting = new Promise<void>((resolve) => {
    this.#greeted = resolve
  })
  #isGreeted = false
  #bytes: Buffer = Buffer.alloc(0)
  #answers: Partial<Record<MethodName, (frame: AmqpFrame) => Buffer>> = {}
  #isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.setNoDelay(true)
    // The close that follows tells whoever waits.
    socket.on('error', () => {})
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('close', () => {
      this.#isClosed = true
      for (const waiter of this.#waiters) {
        this.#settle(waiter)
        waiter.reject(new Error(`the connection closed while waiting for ${waiter.what}`))
      }
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Writes bytes as they are. */
  write(...bytes: readonly (string | Buffer)[]): void {
    this.socket.write(Buffer.concat(bytes.map((one) => Buffer.from(one))))
  }

  /** The next frame of this method (or that the function accepts), from those that wait or those to come. */
  next(wanted: MethodName | ((frame: AmqpFrame) => boolean), deadlineMs: number = DEADLINE_MS): Promise<AmqpFrame> {
    const wants = typeof wanted === 'string' ? (frame: AmqpFrame) => frame.method === wanted : wanted
    const what = typeof wanted === 'string' ? wanted : 'a certain frame'
    const index = this.#waiting.findIndex(wants)
    const found = this.#waiting[index]
    if (found !== undefined) {
      this.#waiting.splice(index, 1)
      return Promise.resolve(found)
    }
    if (this.#isClosed) return Promise.reject(new Error(`the connection is closed; ${what} never came`))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter)
        reject(new Error(`${what} did not come within ${deadlineMs} ms`))
      }, deadlineMs)
      const waiter: Waiter = { wants, what, resolve, reject, timer }
      this.#waiters.add(waiter)
    })
  }

  /** The next message, head and body. */
  async nextPublish(deadlineMs?: number): Promise<Published> {
    const { channel, payload } = await this.next('basic.publish', deadlineMs)
    const exchange = readShortString(payload, 2)
    const routingKey = readShortString(payload, exchange.end)
    const head = await this.next((frame) => frame.type === HEADER_FRAME && frame.channel === channel, deadlineMs)
    const size = Number(head.payload.readBigUInt64BE(4))
    const pieces: Buffer[] = []
    for (let length = 0; length < size; length += pieces.at(-1)?.length ?? 0) {
      const piece = await this.next((frame) => frame.type === BODY_FRAME && frame.channel === channel, deadlineMs)
      pieces.push(piece.payload)
    }
    return {
      channel,
      exchange: exchange.text,
      routingKey: routingKey.text,
      mandatory: ((payload[routingKey.end] ?? 0) & 1) === 1,
      properties: head.payload.subarray(12),
      body: Buffer.concat(pieces),
    }
  }

  /** Waits for the protocol header, says `connection.start`, and waits for what comes back. */
  async start({ mechanisms = 'PLAIN EXTERNAL', server = {} }: Tune = {}): Promise<AmqpFrame> {
    await this.#greeting
    this.write(
      method(0, 'connection.start', octet(0), octet(9), table(server), longString(mechanisms), longString('en_US')),
    )
    return this.next('connection.start-ok')
  }

  /** Everything up to `connection.open`, which is left to be answered. */
  async tune({ heartbeat = 0, frameMax = 131_072, ...rest }: Tune = {}): Promise<AmqpFrame> {
    await this.start(rest)
    this.write(method(0, 'connection.tune', short(2047), long(frameMax), short(heartbeat)))
    await this.next('connection.tune-ok')
    return this.next('connection.open')
  }

  /** The whole handshake. */
  async acceptConnection(tune?: Tune): Promise<void> {
    await this.tune(tune)
    this.write(method(0, 'connection.open-ok', shortString('')))
  }

  /**
   * From here on answers what a client asks as a healthy broker would, unless `answers` say otherwise: those
   * get the frame and return the bytes to write.
   */
  answerQuestions(answers: Partial<Record<MethodName, (frame: AmqpFrame) => Buffer>> = {}): void {
    this.#answers = { ...HEALTHY, ...answers }
    for (const frame of this.#waiting.splice(0)) this.#arrived(frame)
  }

  ack(channel: number, tag: number | bigint, multiple = false): void {
    this.write(method(channel, 'basic.ack', longLong(tag), octet(multiple ? 1 : 0)))
  }

  nack(channel: number, tag: number, multiple = false): void {
    this.write(method(channel, 'basic.nack', longLong(tag), octet(multiple ? 1 : 0)))
  }

  /** Sends a message back, before its ack. */
  sendBack({ channel, exchange, routingKey, properties, body: bytes }: Published, text = 'NO_ROUTE'): void {
    const args = [short(312), shortString(text), shortString(exchange), shortString(routingKey)]
    this.write(method(channel, 'basic.return', ...args), message(channel, properties, bytes))
  }

  deliver(
    channel: number,
    consumerTag: string,
    tag: number,
    what: Partial<Published> & { readonly body: Buffer },
  ): void {
    const { exchange = '', routingKey = 'jobs', properties = short(0) } = what
    const args = [shortString(consumerTag), longLong(tag), octet(0), shortString(exchange), shortString(routingKey)]
    this.write(method(channel, 'basic.deliver', ...args), message(channel, properties, what.body))
  }

  closeChannel(channel: number, code: number, text: string): void {
    this.write(method(channel, 'channel.close', short(code), shortString(text), short(0), short(0)))
  }

  closeConnection(code: number, text: string): void {
    this.write(method(0, 'connection.close', short(code), shortString(text), short(0), short(0)))
  }

  /** Ends the connection with a reset, as a process that died would. */
  async destroy(): Promise<void> {
    if (!this.#isClosed) {
      // TLS has no reset of its own.
      if (this.socket instanceof TLSSocket) this.socket.destroy()
      else this.socket.resetAndDestroy()
    }
    await this.closed
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    if (!this.#isGreeted) {
      if (this.#bytes.length < PROTOCOL_HEADER_BYTES) return
      this.#bytes = this.#bytes.subarray(PROTOCOL_HEADER_BYTES)
      this.#isGreeted = true
      this.#greeted()
    }
    for (let taken = takeFrame(this.#bytes); taken; taken = takeFrame(this.#bytes)) {
      this.#bytes = taken.rest
      if (taken.frame.type === HEARTBEAT_FRAME) continue
      if (taken.frame.method) this.methods.push(taken.frame.method)
      this.#arrived(taken.frame)
    }
  }

  #arrived(frame: AmqpFrame): void {
    for (const waiter of this.#waiters) {
      if (waiter.wants(frame)) {
        this.#settle(waiter)
        waiter.resolve(frame)
        return
      }
    }
    const answer = frame.method && this.#answers[frame.method]
    if (answer) this.write(answer(frame))
    else this.#waiting.push(frame)
  }

  #settle(waiter: Waiter): void {
    clearTimeout(waiter.timer)
    this.#waiters.delete(waiter)
  }
}

function message(channel: number, properties: Buffer, bytes: Buffer): Buffer {
  const frames = [header(channel, bytes.length, properties)]
  for (let from = 0; from < bytes.length; from += MOST_BODY_BYTES) {
    frames.push(body(channel, bytes.subarray(from, from + MOST_BODY_BYTES)))
  }
  return Buffer.concat(frames)
}

/** The name in `queue.declare`; a name of the broker's own where there is none. */
function declaredQueue({ payload }: AmqpFrame): string {
  return readShortString(payload, 2).text || 'amq.gen-1'
}

const HEALTHY: Partial<Record<MethodName, (frame: AmqpFrame) => Buffer>> = {
  'channel.open': ({ channel }) => method(channel, 'channel.open-ok', longString('')),
  'channel.close': ({ channel }) => method(channel, 'channel.close-ok'),
  'confirm.select': ({ channel }) => method(channel, 'confirm.select-ok'),
  'exchange.declare': ({ channel }) => method(channel, 'exchange.declare-ok'),
  'exchange.bind': ({ channel }) => method(channel, 'exchange.bind-ok'),
  'queue.declare': (frame) =>
    method(frame.channel, 'queue.declare-ok', shortString(declaredQueue(frame)), long(0), long(0)),
  'queue.bind': ({ channel }) => method(channel, 'queue.bind-ok'),
  'queue.purge': ({ channel }) => method(channel, 'queue.purge-ok', long(0)),
  'basic.qos': ({ channel }) => method(channel, 'basic.qos-ok'),
  'basic.consume': ({ channel }) => method(channel, 'basic.consume-ok', shortString('consumer')),
  'connection.close': () => method(0, 'connection.close-ok'),
}

export interface ScriptedAmqpBroker extends AsyncDisposable {
  readonly port: number
  /** Every connection so far, in the order they came. */
  readonly peers: readonly AmqpPeer[]
  /** Resets what is open, closes the port, and rejects with the first error of a script. */
  close(): Promise<void>
}

/**
 * A server that plays `script` with every connection; `index` counts them from 0. A script that has ended
 * leaves its connection open. A script that fails because the connection ended under it is no error.
 *
 * @param server what listens; by default without TLS.
 */
export async function scriptedAmqpBroker(
  script: (peer: AmqpPeer, index: number) => Promise<void> | void,
  server: Server = createServer(),
): Promise<ScriptedAmqpBroker> {
  const peers: AmqpPeer[] = []
  const runs: Promise<void>[] = []
  let failure: unknown
  const play = (socket: Socket): void => {
    const peer = new AmqpPeer(socket)
    const index = peers.push(peer) - 1
    runs.push(
      (async () => {
        try {
          await script(peer, index)
        } catch (error) {
          if (!peer.isClosed) failure ??= error
        }
      })(),
    )
  }
  // A TLS server tells of a connection once it is encrypted.
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', play)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  let closing: Promise<void> | undefined
  const shut = async (): Promise<void> => {
    server.close()
    await Promise.all(peers.map((peer) => peer.destroy()))
    await Promise.all(runs)
    if (failure !== undefined) throw failure
  }
  const close = (): Promise<void> => (closing ??= shut())
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    peers,
    close,
    [Symbol.asyncDispose]: close,
  }
}
