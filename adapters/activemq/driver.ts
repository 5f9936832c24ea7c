import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import stompit from 'stompit'
import { carefulTransform } from './incoming.ts'
import { FrameWriter } from './outgoing.ts'

/**
 * The part of stompit that this adapter uses: `connect` and `Client`. Its own channel, pool and
 * failover are left alone, and the published types describe an older release.
 */
interface StompConnectOptions {
  readonly host: string
  readonly port: number
  readonly ssl: boolean
  /** TCP alone; 0 leaves the deadline to us, who bound the whole handshake. */
  readonly timeout: number
  readonly noDelay: boolean
  readonly connectHeaders: Readonly<Record<string, string>>
  readonly maxLineLength: number
  readonly maxHeaders: number
  /** Milliseconds by which a heart-beat may be late before the connection is given up. */
  readonly heartbeatDelayMargin: number
  /** Milliseconds by which ours are sent early. */
  readonly heartbeatOutputMargin: number
  /**
   * How long a silent connection waits before TCP asks whether the other host is there, in milliseconds; 0
   * for never. Node has ten probes follow, one a second, before it gives the connection up.
   */
  readonly probeAfterMs: number
  readonly servername?: string
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer | undefined
  readonly passphrase?: string
}

/** A frame being written: a writable stream of its body. */
interface StompOutgoingFrame {
  end(body?: Buffer | string): void
}

/** A frame that arrived: a readable stream of its body, which must be read, or the next frame never comes. */
export interface StompIncomingFrame {
  readonly command: string
  readonly headers: Readonly<Record<string, string | number>>
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
  /** Reads the body and drops it. */
  resume(): unknown
}

/** stompit's errors carry their kind as a method, and the body of an ERROR frame where it was short. */
export interface StompError extends Error {
  readonly code?: string
  readonly longMessage?: string
  isTransportError?(): boolean
  isProtocolError?(): boolean
  isApplicationError?(): boolean
}

export interface StompClient {
  /** Those of the CONNECTED frame. */
  readonly headers?: Readonly<Record<string, string | number>>
  /** Writes into `headers`. */
  sendFrame(command: string, headers: Record<string, string | number>): StompOutgoingFrame
  setCommandHandler(command: string, handler: (frame: StompIncomingFrame) => void): void
  /** What becomes of each kind of frame. Any other ends the connection as a protocol error. */
  setCommandHandlers(handlers: Readonly<Record<string, (frame: StompIncomingFrame) => void>>): void
  destroy(error?: Error): void
  getTransportSocket(): Socket
  on(event: 'error', listener: (error: StompError) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'socket-connect', listener: () => void): unknown
}

/** Dials and speaks CONNECT; the callback comes at most once with an error or a connected client. */
export type StompConnect = (
  options: StompConnectOptions,
  callback: (error: StompError | null, client: StompClient) => void,
) => StompClient

export const stompitConnect: StompConnect = (options, callback) => {
  const outgoingFrameStream = new FrameWriter()
  const connect = (given: StompConnectOptions, connected: () => void): Socket => {
    const onConnect = (): void => {
      if (options.probeAfterMs > 0) socket.setKeepAlive(true, options.probeAfterMs)
      connected()
    }
    const socket: Socket = options.ssl ? connectTls(given, onConnect) : connectPlain(given, onConnect)
    outgoingFrameStream.attach(socket)
    return socket
  }
  // The option `transform` reaches the stream that takes frames apart, as any option of a Node stream would.
  const transform = carefulTransform()
  const all = { ...options, transform, outgoingFrameStream, connect } as StompConnectOptions
  const client = (stompit.connect as StompConnect)(all, callback)
  lookTwice(client)
  return client
}

/** stompit's words for a peer that went silent past its heart-beat. */
export const SILENT = 'connection timed out'

/**
 * stompit looks in a timer at what was read. After a turn of the event loop that was kept busy for long, that timer
 * fires before what has come meanwhile is read, and calls a peer silent that was not; so it is read first.
 */
function lookTwice(client: StompClient): void {
  const destroy = client.destroy.bind(client)
  const socket = client.getTransportSocket()
  client.destroy = (error) => {
    if (error?.message !== SILENT) {
      destroy(error)
      return
    }
    const { bytesRead } = socket
    setImmediate(() => {
      if (socket.bytesRead === bytesRead) destroy(error)
    })
  }
}

/** What stompit would say of an ERROR frame with this message. */
export function applicationError(message: string): StompError {
  return Object.assign(new Error(message), { isApplicationError: () => true })
}
