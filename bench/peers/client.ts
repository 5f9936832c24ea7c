/** One broker, as a client is told of it. */
export interface Target {
  readonly protocol: 'amqp' | 'stomp'
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  /** What kind of queues the work is ended on; AMQP only. */
  readonly queueType: 'classic' | 'quorum'
}

/** Called once. With an error the work counts as failed. */
export type Ended = (error?: unknown) => void

/** What makes a message a request or a reply. */
export interface Correlation {
  readonly correlationId: string
  /** A queue. */
  readonly replyTo?: string
}

export interface Received {
  readonly body: Uint8Array
  readonly correlationId: string | undefined
  /** `ended` comes when the client says that the message is acknowledged: over STOMP with its receipt. */
  readonly ack: (ended: Ended) => void
}

/**
 * What every peer does, in its own idiom. Callbacks, so that a driver without promises is not made to pay
 * for them; whoever has promises of its own hangs on to those.
 */
export interface BenchClient {
  /** A persistent message; `ended` comes with the broker's confirm of it. */
  send(queue: string, body: Buffer, ended: Ended, correlation?: Correlation): void
  /** Each message is acknowledged by itself. Returns once the broker has the subscription, or asked for it. */
  consume(queue: string, prefetch: number, onMessage: (message: Received) => void): Promise<void>
  close(): Promise<void>
}

/** `failed` hears of what no call of the client's can tell: a lost connection, a cancelled consumer. */
export type OpenClient = (target: Target, failed: (error: unknown) => void) => Promise<BenchClient>

/** `amqp://user:password@host:port`, in the way all drivers read. */
export function targetUrl({ protocol, host, port, username, password }: Target): string {
  const login = username === undefined ? '' : `${encodeURIComponent(username)}:${encodeURIComponent(password ?? '')}@`
  return `${protocol}://${login}${host}:${port}`
}
