import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock, Timer } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import { listenProblem } from '../listen-problem.ts'
import type { Logger } from '../logger.ts'

export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  readonly logger: Logger
  /** Ends what would never end by itself, so that the server can close. */
  readonly endStreams: () => void
  readonly limits?: Partial<ServerLimits>
}

/** How slow somebody may be, in milliseconds. */
interface ServerLimits {
  /** Until the headers of a request are there. */
  readonly headersMs: number
  /** Until a request is there with its body. */
  readonly requestMs: number
  /** Without a byte in either direction, a stream's signs of life included. */
  readonly silentMs: number
  /** How often the first two are looked at. */
  readonly lookMs: number
}

/** A server that listens. */
export interface Serving {
  readonly port: number
  /** Takes nothing more, and resolves when all is answered, or cut off after five seconds. Never rejects. */
  close(): Promise<void>
}

const LIMITS: ServerLimits = { headersMs: 10_000, requestMs: 60_000, silentMs: 120_000, lookMs: 5000 }
const MOST_CONNECTIONS = 1000
const CLOSE_MS = 5000
const SWEEP_MS = 50

/**
 * A server of the dashboard's own, in which nobody holds a connection by being slow.
 *
 * @throws UnderstudyError `invalid-option` for an address that cannot be had.
 */
export async function serve(listener: RequestListener, options: ServeOptions): Promise<Serving> {
  const { host, port, clock, logger, endStreams } = options
  const { headersMs, requestMs, silentMs, lookMs } = { ...LIMITS, ...options.limits }
  const deadlines = { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval: lookMs }
  const server = createServer(deadlines, listener)
  server.maxConnections = MOST_CONNECTIONS
  server.timeout = silentMs
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const why = listenProblem(cause)
      reject(new UnderstudyError('invalid-option', `cannot listen on ${host}:${port}: ${why}`, { cause }))
    })
    server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), resolve)
  })
  // A connection that could not be taken is not the end of the process.
  server.on('error', (error) => logger.error({ error: messageOf(error) }, 'the server of the dashboard had a failure'))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const timer = clock.after(CLOSE_MS, () => server.closeAllConnections())
      // An answer that ends from now on leaves its connection open for more, which will not come.
      const sweep = (): Timer =>
        clock.after(SWEEP_MS, () => {
          server.closeIdleConnections()
          sweeping = sweep()
        })
      let sweeping = sweep()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        endStreams()
        server.closeIdleConnections()
      })
      timer.cancel()
      sweeping.cancel()
    },
  }
}
