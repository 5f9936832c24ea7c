import type { Clock } from '../clock.ts'

export interface CachedReadingOptions<Value> {
  readonly read: () => Promise<Value>
  readonly clock: Clock
  /** For how long a value is as good as new, in milliseconds. */
  readonly maxAgeMs: number
  /** Called whenever somebody goes without a value. */
  readonly onMissing: () => void
}

// A scrape has 10 s by default, and asks for several of these at once.
const WAIT_MS = 2000
// What a slow answer may cost: for every second of reading so many of rest.
const REST = 20
// Whoever waits for a broker that is away waits long, and is to see it soon once it is back.
const LONGEST_REST_MS = 60_000
// The longest that the value before stands in for one that is still being read.
const STAND_IN_MS = 60_000

/**
 * A value that costs something to read, for those who ask for it often: it is read once for all who ask within some
 * seconds, one reading at a time, and less often where that takes long. A reading that fails is not tried again any
 * sooner, and nobody waits longer than two seconds for one.
 */
export class CachedReading<Value> {
  readonly #options: CachedReadingOptions<Value>
  #last: { readonly value: Value; readonly at: number } | undefined
  #goodUntil = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(options: CachedReadingOptions<Value>) {
    this.#options = options
  }

  /** Undefined where there is none to be had now. Never rejects. */
  async value(): Promise<Value | undefined> {
    const { clock, onMissing } = this.#options
    if (clock.now() >= this.#goodUntil) {
      this.#reading ??= this.#read()
      await this.#within(this.#reading)
    }
    const { value, at } = this.#last ?? { value: undefined, at: Number.NEGATIVE_INFINITY }
    if (clock.now() < this.#goodUntil || clock.now() - at < STAND_IN_MS) {
      if (value !== undefined) return value
    }
    onMissing()
    return undefined
  }

  async #read(): Promise<void> {
    const { read, clock, maxAgeMs } = this.#options
    const startedAt = clock.now()
    try {
      this.#last = { value: await read(), at: startedAt }
    } catch {
      // An old value would hide that there is no new one.
      this.#last = undefined
    }
    const endedAt = clock.now()
    this.#goodUntil = endedAt + Math.max(maxAgeMs, Math.min((endedAt - startedAt) * REST, LONGEST_REST_MS))
    this.#reading = undefined
  }

  #within(reading: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(WAIT_MS, resolve)
      void reading.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }
}
