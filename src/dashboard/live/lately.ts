import type { Clock } from '../../clock.ts'

const MOST = 200

interface Known<Value> {
  readonly at: number
  readonly writes: number
  readonly answer: Promise<Value>
}

/**
 * Answers by what was asked, each of which serves all who ask the same within a while: what is rendered four times a
 * second is looked up once.
 */
export class Lately<Value> {
  readonly #clock: Pick<Clock, 'now'>
  readonly #freshMs: number
  readonly #feed: { readonly writes: number }
  readonly #known = new Map<string, Known<Value>>()

  /** @param feed tells when a visitor has changed something, which makes every answer old. Defaults to never. */
  constructor(clock: Pick<Clock, 'now'>, freshMs: number, feed: { readonly writes: number } = { writes: 0 }) {
    this.#clock = clock
    this.#freshMs = freshMs
    this.#feed = feed
  }

  /** Rejects with what `look` does; the next one looks again then. */
  ask(key: string, look: () => Promise<Value>): Promise<Value> {
    const now = this.#clock.now()
    const known = this.#known.get(key)
    const { writes } = this.#feed
    if (known && known.writes === writes && now - known.at < this.#freshMs) return known.answer
    const answer = look()
    // The latest last: the first one is the eldest.
    this.#known.delete(key)
    this.#known.set(key, { at: now, writes, answer })
    for (const eldest of this.#known.keys()) {
      if (this.#known.size <= MOST) break
      this.#known.delete(eldest)
    }
    answer.catch(() => {
      if (this.#known.get(key)?.answer === answer) this.#known.delete(key)
    })
    return answer
  }
}
