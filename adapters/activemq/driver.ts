import stompit from 'stompit'

/**
 * The part of stompit that this adapter uses: `connect` and `Client`. Its own channel, pool and
 * failover are left alone, and the published types describe an older release.
 */
export interface StompConnectOptions {
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
  readonly servername?: string
}

/** A frame being written: a writable stream of its body. */
export interface StompOutgoingFrame {
  end(body?: Buffer | string): void
}

/** A frame that arrived: a readable stream of its body, which must be read. */
export interface StompIncomingFrame {
  readonly command: string
  readonly headers: Readonly<Record<string, string | number>>
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
}

export interface StompSubscription {
  unsubscribe(): void
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
  readonly headers?: Readonly<Record<string, string>>
  sendFrame(
    command: string,
    headers: Record<string, string | number>,
    options?: { onReceipt: () => void },
  ): StompOutgoingFrame
  /** Registers a listener for a subscription whose SUBSCRIBE frame the caller sends. */
  setImplicitSubscription(
    id: string,
    ack: 'client-individual',
    listener: (error: Error | null, frame?: StompIncomingFrame) => void,
  ): StompSubscription
  disconnect(callback: (error: Error | null) => void): void
  destroy(error?: Error): void
  on(event: 'error', listener: (error: StompError) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'socket-connect', listener: () => void): unknown
}

/** Dials and speaks CONNECT; the callback comes at most once with an error or a connected client. */
export type StompConnect = (
  options: StompConnectOptions,
  callback: (error: StompError | null, client: StompClient) => void,
) => StompClient

export const stompitConnect: StompConnect = (options, callback) =>
  (stompit.connect as StompConnect)({ ...options }, callback)
