import { createServer, type Server, type Socket } from 'node:net'
import { messageOf, UnderstudyError } from '../../../src/errors.ts'
import { Connection, type ConnectionContext } from './connection.ts'

export interface StompServerOptions {
  readonly host: string
  readonly port: number
  /** How many clients may be connected; one more is told so and turned away. */
  readonly maxConnections: number
}

/** The listening half of a broker. */
export class StompServer {
  readonly #server: Server
  readonly #options: StompServerOptions
  readonly #context: ConnectionContext
  readonly #connections = new Set<Connection>()
  #onEmpty: (() => void) | undefined

  private constructor(options: StompServerOptions, context: ConnectionContext) {
    this.#options = options
    this.#context = context
    // A client that closes its side after a frame is still owed the receipt.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket))
    // Those who are being told so are connections too.
    this.#server.maxConnections = options.maxConnections + 100
  }

  /**
   * Opens the port. Resolves when clients can connect.
   *
   * @throws UnderstudyError `refused` when the port cannot be had.
   */
  static listen(options: StompServerOptions, context: ConnectionContext): Promise<StompServer> {
    const server = new StompServer(options, context)
    return new Promise((resolve, reject) => {
      server.#server.once('error', (error) => {
        const where = `${options.host}:${options.port}`
        reject(new UnderstudyError('refused', `port ${where} cannot be opened: ${messageOf(error)}`, { cause: error }))
      })
      server.#server.listen(options.port, options.host, () => resolve(server))
    })
  }

  /** The port that it listens on, which is not the one asked for when that was 0. */
  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : this.#options.port
  }

  /**
   * Closes the port and every connection. What waited for a commit must have been committed before. A client
   * that does not close its own side in time is cut off.
   */
  async close(): Promise<void> {
    this.#server.close()
    for (const connection of this.#connections) connection.finish()
    this.#context.group.commitNow()
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve))
  }

  /** Closes the port and cuts every connection off, so that nothing more is sent. */
  destroy(): void {
    this.#server.close()
    for (const connection of this.#connections) connection.destroy()
  }

  #accept(socket: Socket): void {
    const connection = new Connection(socket, this.#context)
    const crowded = this.#connections.size >= this.#options.maxConnections
    this.#connections.add(connection)
    socket.once('close', () => {
      this.#connections.delete(connection)
      if (this.#connections.size === 0) this.#onEmpty?.()
    })
    if (crowded) {
      connection.fail(new UnderstudyError('refused', `more than ${this.#options.maxConnections} clients are connected`))
    }
  }
}
