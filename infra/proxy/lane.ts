import type { Socket } from 'node:net'
import { systemClock, type Timer } from '../../src/clock.ts'

// Read and not yet passed on, which is only so while a lane is delayed or was just stopped. Past either
// bound the source is left unread, and the sender's own TCP window fills.
const MOST_BYTES = 256 * 1024
const MOST_ITEMS = 1024

/** What goes down a lane, in order: bytes, then how the source ended. */
type Item = Buffer | 'end' | 'reset'

/** One way through a proxy: from one socket to another, which can be stopped and made late. */
export class Lane {
  readonly #source: Socket
  readonly #destination: Socket
  readonly #onBytes: (chunk: Buffer, late: boolean) => void
  readonly #queue: { readonly item: Item; readonly dueAt: number }[] = []
  #queuedBytes = 0
  #delayMs: number
  #stopped: boolean
  #congested = false
  #closed = false
  #timer: Timer | undefined

  constructor(
    source: Socket,
    destination: Socket,
    initial: { readonly stopped: boolean; readonly delayMs: number },
    onBytes: (chunk: Buffer, late: boolean) => void,
  ) {
    this.#source = source
    this.#destination = destination
    this.#stopped = initial.stopped
    this.#delayMs = initial.delayMs
    this.#onBytes = onBytes
    let failed = false
    source.on('data', (chunk) => this.#take(chunk))
    source.on('end', () => this.#take('end'))
    source.on('error', () => (failed = true))
    source.on('close', () => {
      if (failed) this.#take('reset')
    })
    destination.on('drain', () => {
      this.#congested = false
      this.#pump()
    })
    this.#steer()
  }

  /** A stopped lane is not read: nothing is lost, not even that its source has ended. */
  setStopped(stopped: boolean): void {
    this.#stopped = stopped
    this.#pump()
  }

  /** For what is read from now on. The order is kept when a delay shrinks. */
  setDelay(delayMs: number): void {
    this.#delayMs = delayMs
  }

  /** Passes nothing on any more, and drops what it holds. The source is read to its end, into nothing. */
  close(): void {
    this.#closed = true
    this.#queue.length = 0
    this.#queuedBytes = 0
    this.#timer?.cancel()
    this.#source.resume()
  }

  #take(item: Item): void {
    if (this.#closed) return
    const dueAt = this.#delayMs === 0 ? 0 : systemClock.now() + this.#delayMs
    this.#queue.push({ item, dueAt: Math.max(dueAt, this.#queue.at(-1)?.dueAt ?? 0) })
    this.#queuedBytes += typeof item === 'string' ? 0 : item.length
    this.#pump()
  }

  #pump(): void {
    if (this.#closed) return
    this.#timer?.cancel()
    while (!this.#stopped && !this.#congested) {
      const next = this.#queue[0]
      if (next === undefined) break
      const waitMs = next.dueAt === 0 ? 0 : next.dueAt - systemClock.now()
      if (waitMs > 0) {
        this.#timer = systemClock.after(waitMs, () => this.#pump())
        break
      }
      this.#queue.shift()
      this.#pass(next.item, next.dueAt > 0)
    }
    this.#steer()
  }

  #pass(item: Item, late: boolean): void {
    if (item === 'reset') {
      this.#destination.resetAndDestroy()
    } else if (item === 'end') {
      this.#destination.end()
    } else {
      this.#queuedBytes -= item.length
      if (!this.#destination.writable) return
      this.#onBytes(item, late)
      this.#congested = !this.#destination.write(item)
    }
  }

  #steer(): void {
    const full = this.#queuedBytes >= MOST_BYTES || this.#queue.length >= MOST_ITEMS
    if (this.#stopped || this.#congested || full) this.#source.pause()
    else this.#source.resume()
  }
}
