import { type Clock, sleep } from '../../clock.ts'
import type { Tell } from '../tellable.ts'

export interface GlanceOptions<Value> {
  readonly clock: Clock
  /** How old what was seen may be before it is looked at again, in milliseconds. */
  readonly everyMs: number
  readonly look: () => Promise<Value>
  /** What is said of a look that failed, such as `the failure store could not be read`. */
  readonly trouble: string
  readonly tell: Tell
  /** Called after each look that ended. Must not throw. */
  readonly onSeen: () => void
}

/** What the last looks came to. */
export interface Seen<Value> {
  /** Undefined while no look succeeded. */
  readonly value: Value | undefined
  /** When that was, in wall time; undefined likewise. */
  readonly at: number | undefined
  /** Why the last look failed, as a page may say it; undefined where it did not. */
  readonly error: string | undefined
}

/**
 * Something that is asked for again and again by many pages, and looked at once: at most one look is under way, and a
 * page that cannot wait for it shows what was seen last.
 */
export class Glance<Value> {
  readonly #options: GlanceOptions<Value>
  #seen: Seen<Value> = { value: undefined, at: undefined, error: undefined }
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined
  /** Whether something was changed since the look that is under way began: it may show how it was before. */
  #isOutdated = false
  #closed = false

  constructor(options: GlanceOptions<Value>) {
    this.#options = options
  }

  get seen(): Seen<Value> {
    return this.#seen
  }

  /** Looks again in the background where what was seen is too old. */
  poke(): void {
    const { clock, everyMs } = this.#options
    if (this.#closed || clock.now() - this.#lookedAt < everyMs) return
    void this.#look()
  }

  /** Has the next poke look, whatever the age, and a look that is under way look again. */
  expire(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY
    this.#isOutdated = true
  }

  /** Sees this, without a look; one that is under way looks again. */
  see(value: Value): void {
    this.#isOutdated = true
    this.#seen = { value, at: this.#options.clock.wallTime(), error: undefined }
  }

  /**
   * What is seen now, or was last where that takes longer than `waitMs`, or is not older than `enoughMs`, which defaults
   * to 0. Never rejects.
   */
  async fresh(waitMs: number, enoughMs = 0): Promise<Seen<Value>> {
    this.poke()
    const { at } = this.#seen
    const isEnough = at !== undefined && this.#options.clock.wallTime() - at < enoughMs
    if (this.#looking && !isEnough) {
      const enough = new AbortController()
      await Promise.race([this.#looking, sleep(this.#options.clock, waitMs, enough.signal).catch(() => {})])
      enough.abort()
    }
    return this.#seen
  }

  /** Looks no more; resolves when the last look has ended. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#looking
  }

  #look(): Promise<void> {
    this.#looking ??= (async () => {
      const { clock, look, trouble, tell, onSeen } = this.#options
      do {
        this.#lookedAt = clock.now()
        this.#isOutdated = false
        try {
          const value = await look()
          if (!this.#isOutdated) this.#seen = { value, at: clock.wallTime(), error: undefined }
        } catch (error) {
          this.#seen = { ...this.#seen, error: tell(trouble, error) }
        }
      } while (this.#isOutdated && !this.#closed)
      this.#looking = undefined
      if (!this.#closed) onSeen()
    })()
    return this.#looking
  }
}
