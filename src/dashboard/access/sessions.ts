import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Visitor } from './visitor.ts'

interface Session {
  readonly visitor: Visitor
  /** What lets them in, such as a token's key. */
  readonly by: string
  /** By the clock. */
  readonly until: number
}

const MOST_SESSIONS = 1000
// Whoever logs in again and again logs nobody else out.
const MOST_OF_ONE = 50
const ID_BYTES = 32

/** Who is logged in: bounded in number and in time, and gone with the process. */
export class Sessions {
  readonly #clock: Clock
  readonly #lifeMs: number
  readonly #open = new Map<string, Session>()

  constructor(clock: Clock, lifeMs: number) {
    this.#clock = clock
    this.#lifeMs = lifeMs
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Begins one, and returns its id, which nobody can guess. The eldest of the visitor gives way where they have too many,
   * and the eldest of all where there are too many.
   *
   * @param by what lets them in, for {@link keepOnly}.
   */
  begin(visitor: Visitor, by: string): string {
    this.#forgetOld()
    const own = [...this.#open].filter(([, session]) => session.visitor.name === visitor.name).map(([key]) => key)
    for (const eldest of own.slice(0, Math.max(0, own.length - MOST_OF_ONE + 1))) this.#open.delete(eldest)
    for (const eldest of this.#open.keys()) {
      if (this.#open.size < MOST_SESSIONS) break
      this.#open.delete(eldest)
    }
    const id = randomBytes(ID_BYTES).toString('base64url')
    this.#open.set(keyOf(id), { visitor, by, until: this.#clock.now() + this.#lifeMs })
    return id
  }

  visitorOf(id: string): Visitor | undefined {
    const session = this.#open.get(keyOf(id))
    return session && session.until > this.#clock.now() ? session.visitor : undefined
  }

  end(id: string): void {
    this.#open.delete(keyOf(id))
  }

  /** Ends those that nothing lets in any more. Returns how many that were. */
  keepOnly(isLetIn: (by: string) => boolean): number {
    const before = this.#open.size
    for (const [key, { by }] of this.#open) if (!isLetIn(by)) this.#open.delete(key)
    return before - this.#open.size
  }

  #forgetOld(): void {
    const now = this.#clock.now()
    for (const [key, { until }] of this.#open) if (until <= now) this.#open.delete(key)
  }
}

/** Looked up by its digest, so that how long it takes says nothing of the ids there are. */
function keyOf(id: string): string {
  return createHash('sha256').update(id, 'utf8').digest('base64')
}
