/**
 * STOMP by hand, for tests: a raw client, and a broker that plays a script.
 *
 *     await using client = await RawStompClient.connect(port)
 *     await client.confirmed({ command: 'SEND', headers: { destination: '/queue/a' }, body: 'hello' })
 *     client.subscribe('/queue/a')
 *     const message = await client.next('MESSAGE')
 *     await client.ack(message)
 *
 *     await using broker = await scriptedBroker(async (peer) => {
 *       await peer.acceptConnect()
 *       const send = await peer.next('SEND')
 *       peer.destroy()
 *     })
 *
 * Nothing here waits longer than its deadline, and nothing outlives its `close`.
 */
import { connect as dial, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { type Frame, encodeFrame, type StompVersion } from '../../infra/embedded/stomp/frames.ts'
import { DEFAULT_FRAME_LIMITS, FrameParser } from '../../infra/embedded/stomp/frame-parser.ts'

/** A frame to send; `content-length` is added when there is a body, unless the headers say otherwise. */
export interface FrameDraft {
  readonly command: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

export interface SubscribeDraft {
  readonly id?: string
  readonly ack?: 'auto' | 'client' | 'client-individual'
  readonly prefetch?: number
}

interface Waiter {
  readonly wants: (frame: Frame) => boolean
  readonly what: string
  readonly resolve: (frame: Frame) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

const DEADLINE_MS = 10_000

/** One end of a STOMP connection. Frames wait here until they are asked for. */
export class StompPeer {
  readonly socket: Socket
  /** Resolves when the connection is gone, in whatever way. */
  readonly closed: Promise<void>
  version: StompVersion = '1.2'
  readonly #parser = new FrameParser({ ...DEFAULT_FRAME_LIMITS, maxBodyBytes: 64 * 2 ** 20 })
  readonly #waiting: Frame[] = []
  readonly #waiters = new Set<Waiter>()
  #receipts = 0
  #bytes = 0
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

  /** How many bytes have been read, heart-beats included. */
  get bytesRead(): number {
    return this.#bytes
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Writes bytes as they are. */
  write(bytes: string | Buffer): void {
    this.socket.write(bytes)
  }

  send(draft: FrameDraft): void {
    this.socket.write(this.encode(draft))
  }

  /** The bytes of a frame, to be cut or spoilt before they are written. */
  encode(draft: FrameDraft): Buffer {
    const body = typeof draft.body === 'string' ? Buffer.from(draft.body) : (draft.body ?? Buffer.alloc(0))
    const length = draft.body === undefined ? {} : { 'content-length': String(body.length) }
    return encodeFrame({ command: draft.command, headers: { ...length, ...draft.headers }, body }, this.version)
  }

  /**
   * The next frame with this command (or that the function accepts), from those that wait or those to come;
   * others stay. Rejects at the deadline, at the end of the connection, and when an ERROR comes instead.
   */
  next(wanted: string | ((frame: Frame) => boolean), deadlineMs: number = DEADLINE_MS): Promise<Frame> {
    const wants = typeof wanted === 'string' ? (frame: Frame) => frame.command === wanted : wanted
    const what = typeof wanted === 'string' ? wanted : 'a certain frame'
    const index = this.#waiting.findIndex(wants)
    const found = this.#waiting[index]
    if (found !== undefined) {
      this.#waiting.splice(index, 1)
      return Promise.resolve(found)
    }
    const error = this.#waiting.find((frame) => frame.command === 'ERROR')
    if (error !== undefined) return Promise.reject(instead(error, what))
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

  /** Those that came and were not asked for. */
  pending(command: string): readonly Frame[] {
    return this.#waiting.filter((frame) => frame.command === command)
  }

  /** Sends the frame with a receipt header, and waits for that RECEIPT. */
  async confirmed(draft: FrameDraft, deadlineMs?: number): Promise<void> {
    this.#receipts += 1
    const receipt = `receipt-${this.#receipts}`
    this.send({ ...draft, headers: { ...draft.headers, receipt } })
    await this.next((frame) => frame.command === 'RECEIPT' && frame.headers['receipt-id'] === receipt, deadlineMs)
  }

  /** Returns once everything sent before it has been handled and everything owed for that has come. */
  async roundTrip(): Promise<void> {
    this.#receipts += 1
    const transaction = `round-trip-${this.#receipts}`
    await this.confirmed({ command: 'BEGIN', headers: { transaction } })
    await this.confirmed({ command: 'ABORT', headers: { transaction } })
  }

  /** Subscribes, and waits for the receipt. Acknowledges one by one unless told otherwise. */
  subscribe(
    destination: string,
    { id = 'sub', ack = 'client-individual', prefetch }: SubscribeDraft = {},
  ): Promise<void> {
    const size = prefetch === undefined ? {} : { 'activemq.prefetchSize': String(prefetch) }
    return this.confirmed({ command: 'SUBSCRIBE', headers: { id, destination, ack, ...size } })
  }

  /** Acknowledges a MESSAGE, and waits for the receipt. */
  ack(message: Frame): Promise<void> {
    return this.confirmed({ command: 'ACK', headers: this.#naming(message) })
  }

  /** Refuses a MESSAGE, and waits for the receipt. */
  nack(message: Frame): Promise<void> {
    return this.confirmed({ command: 'NACK', headers: this.#naming(message) })
  }

  /** For a scripted broker: waits for CONNECT and answers it. */
  async acceptConnect(headers: Readonly<Record<string, string>> = {}): Promise<Frame> {
    const connect = await this.next((frame) => frame.command === 'CONNECT' || frame.command === 'STOMP')
    this.send({ command: 'CONNECTED', headers: { version: '1.2', 'heart-beat': '0,0', ...headers } })
    return connect
  }

  /** For a scripted broker: answers the frame's receipt header. */
  confirm(frame: Frame): void {
    this.send({ command: 'RECEIPT', headers: { 'receipt-id': frame.headers['receipt'] ?? '' } })
  }

  /** Ends the connection in an orderly way. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.socket.end()
    const timer = setTimeout(() => this.socket.destroy(), 1_000)
    await this.closed
    clearTimeout(timer)
  }

  /** Ends the connection with a reset, as a process that died would. */
  async destroy(): Promise<void> {
    if (!this.#isClosed) this.socket.resetAndDestroy()
    await this.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #naming(message: Frame): Record<string, string> {
    const { ack, subscription = '' } = message.headers
    return this.version === '1.2'
      ? { id: ack ?? '' }
      : { 'message-id': message.headers['message-id'] ?? '', subscription }
  }

  #read(chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#parser.version = this.version
    this.#parser.push(chunk)
    for (let frame = this.#parser.next(); frame !== undefined; frame = this.#parser.next()) this.#arrived(frame)
  }

  #arrived(frame: Frame): void {
    for (const waiter of this.#waiters) {
      if (waiter.wants(frame)) {
        this.#settle(waiter)
        waiter.resolve(frame)
        return
      }
    }
    this.#waiting.push(frame)
    if (frame.command !== 'ERROR') return
    for (const waiter of this.#waiters) {
      this.#settle(waiter)
      waiter.reject(instead(frame, waiter.what))
    }
  }

  #settle(waiter: Waiter): void {
    clearTimeout(waiter.timer)
    this.#waiters.delete(waiter)
  }
}

function instead(error: Frame, what: string): Error {
  return new Error(`an ERROR came instead of ${what}: ${error.headers['message'] ?? ''}`)
}

export interface OpenOptions {
  readonly allowHalfOpen?: boolean
}

/** A client that does nothing by itself. */
export const RawStompClient = {
  /**
   * Connects a socket and says nothing. Rejects when the connection is refused. With `allowHalfOpen` it does
   * not close its side when the broker closes the other.
   */
  async open(port: number, { allowHalfOpen = false }: OpenOptions = {}): Promise<StompPeer> {
    const socket = dial({ port, host: '127.0.0.1', allowHalfOpen })
    await once(socket, 'connect')
    return new StompPeer(socket)
  },

  /** Connects and shakes hands, in STOMP 1.2 unless the headers say otherwise. Rejects on an ERROR. */
  async connect(
    port: number,
    headers: Readonly<Record<string, string>> = {},
    options: OpenOptions = {},
  ): Promise<StompPeer> {
    const peer = await RawStompClient.open(port, options)
    peer.send({ command: 'CONNECT', headers: { 'accept-version': '1.2', host: '127.0.0.1', ...headers } })
    try {
      const connected = await peer.next('CONNECTED')
      peer.version = connected.headers['version'] === '1.1' ? '1.1' : '1.2'
      return peer
    } catch (error) {
      await peer.close()
      throw error
    }
  },
}

export interface ScriptedBroker extends AsyncDisposable {
  readonly port: number
  /** Every connection so far, in the order they came. */
  readonly peers: readonly StompPeer[]
  /** Resets what is open, closes the port, and rejects with the first error of a script. */
  close(): Promise<void>
}

/**
 * A server that plays `script` with every connection; `index` counts them from 0. A script that has ended
 * leaves its connection open. A script that fails because the connection ended under it is no error.
 *
 * @param port the port to listen on; any free one when it is not given.
 */
export async function scriptedBroker(
  script: (peer: StompPeer, index: number) => Promise<void> | void,
  port = 0,
): Promise<ScriptedBroker> {
  const peers: StompPeer[] = []
  const runs: Promise<void>[] = []
  let failure: unknown
  const server: Server = createServer((socket) => {
    const peer = new StompPeer(socket)
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
  })
  server.listen(port, '127.0.0.1')
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
    port: typeof address === 'object' && address !== null ? address.port : port,
    peers,
    close,
    [Symbol.asyncDispose]: close,
  }
}
