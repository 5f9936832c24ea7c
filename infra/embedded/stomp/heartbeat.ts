import type { Clock, Timer } from '../../../src/clock.ts'
import type { Agreement } from './handshake.ts'

export interface HeartbeatActions {
  /** Nothing was written for a while: show that the broker is alive. */
  beat(): void
  /** The client has been silent for more than twice what it promised. */
  lost(silentMs: number): void
}

/** Both directions of one connection's heart-beat. One timer for each, whatever the traffic. */
export class Heartbeat {
  readonly #clock: Clock
  readonly #actions: HeartbeatActions
  #lastRead: number
  #lastWrite: number
  #reading = true
  #writeTimer: Timer | undefined
  #readTimer: Timer | undefined

  constructor(clock: Clock, agreement: Agreement, actions: HeartbeatActions) {
    this.#clock = clock
    this.#actions = actions
    this.#lastRead = clock.now()
    this.#lastWrite = clock.now()
    if (agreement.sendEveryMs > 0) this.#watchWrites(agreement.sendEveryMs / 2)
    if (agreement.expectEveryMs > 0) this.#watchReads(agreement.expectEveryMs)
  }

  read(): void {
    this.#lastRead = this.#clock.now()
  }

  wrote(): void {
    this.#lastWrite = this.#clock.now()
  }

  /** While the connection is not read, its silence is not the client's. */
  setReading(reading: boolean): void {
    this.#reading = reading
    this.read()
  }

  stop(): void {
    this.#writeTimer?.cancel()
    this.#readTimer?.cancel()
  }

  // Looked at twice in a period, so that no gap on the wire is longer than the period.
  #watchWrites(everyMs: number): void {
    this.#writeTimer = this.#clock.after(everyMs, () => {
      this.#watchWrites(everyMs)
      if (this.#clock.now() - this.#lastWrite >= everyMs * 0.9) this.#actions.beat()
    })
  }

  #watchReads(everyMs: number): void {
    const due = this.#clock.now() + everyMs
    this.#readTimer = this.#clock.after(everyMs, () => {
      const now = this.#clock.now()
      // A process that was stopped, or busy, has not read what lies there: it must not blame the client.
      if (now - due > everyMs || !this.#reading) this.#lastRead = now
      this.#watchReads(everyMs)
      const silentMs = now - this.#lastRead
      if (silentMs > 2 * everyMs) this.#actions.lost(silentMs)
    })
  }
}
