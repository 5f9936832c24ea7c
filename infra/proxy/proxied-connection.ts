import { connect, type Socket } from 'node:net'
import { Lane } from './lane.ts'
import { isRefusal } from './target-watch.ts'

/** `toClient` is what a broker sends, `toBroker` what a client sends. */
export type Direction = 'toClient' | 'toBroker'

/** What a proxy does with all of its connections at this moment. */
export interface ProxyMood {
  readonly muted: boolean
  readonly held: ReadonlySet<Direction>
  readonly delayMs: Readonly<Record<Direction, number>>
}

export interface ProxiedConnectionOptions {
  readonly client: Socket
  readonly target: () => { readonly host: string; readonly port: number }
  readonly onBytes: (direction: Direction, chunk: Buffer, late: boolean) => void
  /** Called when the broker refuses it. */
  readonly onRefused: () => void
  /** Called once, when both of its sockets are closed. */
  readonly onClosed: () => void
}

/** One client's connection, and the one to the broker that belongs to it. */
export class ProxiedConnection {
  readonly #options: ProxiedConnectionOptions
  readonly #open = new Set<Socket>()
  #broker: Socket | undefined
  #ended = false
  #broken = false
  #lanes: Readonly<Record<Direction, Lane>> | undefined

  constructor(options: ProxiedConnectionOptions, mood: ProxyMood) {
    this.#options = options
    this.#adopt(options.client)
    this.apply(mood)
  }

  /** Whether it was ended by `cut` or `reset`. */
  get broken(): boolean {
    return this.#broken
  }

  /** A connection that came while the proxy was mute is dialled through when it no longer is. */
  apply(mood: ProxyMood): void {
    if (!mood.muted && this.#broker === undefined && !this.#ended) this.#dial(mood)
    for (const direction of ['toClient', 'toBroker'] as const) {
      this.#lanes?.[direction].setDelay(mood.delayMs[direction])
      this.#lanes?.[direction].setStopped(isStopped(mood, direction))
    }
  }

  /** Says goodbye to both sides (FIN), and drops what either still sends. */
  cut(): void {
    this.#broken = true
    this.#closeLanes()
    for (const socket of this.#open) {
      if (socket.connecting) socket.destroy()
      else socket.resume().end()
    }
  }

  /** Resets both sides (RST). */
  reset(): void {
    this.#broken = true
    this.#closeLanes()
    for (const socket of this.#open) socket.resetAndDestroy()
  }

  destroy(): void {
    this.#closeLanes()
    for (const socket of this.#open) socket.destroy()
  }

  #closeLanes(): void {
    this.#ended = true
    for (const lane of Object.values(this.#lanes ?? {})) lane.close()
  }

  #dial(mood: ProxyMood): void {
    const { client, target, onBytes } = this.#options
    const broker = connect({ ...target(), allowHalfOpen: true, noDelay: true })
    this.#broker = broker
    this.#adopt(broker)
    broker.once('error', (error) => {
      if (isRefusal(error)) this.#options.onRefused()
    })
    const lane = (direction: Direction, source: Socket, destination: Socket): Lane => {
      const initial = { stopped: isStopped(mood, direction), delayMs: mood.delayMs[direction] }
      return new Lane(source, destination, initial, (chunk, late) => onBytes(direction, chunk, late))
    }
    this.#lanes = { toClient: lane('toClient', broker, client), toBroker: lane('toBroker', client, broker) }
  }

  #adopt(socket: Socket): void {
    this.#open.add(socket)
    // What it means for the other side is the lane's to say, in its turn.
    socket.on('error', () => {})
    socket.once('close', () => {
      this.#open.delete(socket)
      if (this.#open.size > 0) return
      this.#closeLanes()
      this.#options.onClosed()
    })
  }
}

function isStopped(mood: ProxyMood, direction: Direction): boolean {
  return mood.muted || mood.held.has(direction)
}
