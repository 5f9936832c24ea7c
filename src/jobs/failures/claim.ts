import { randomUUID } from 'node:crypto'
import { type Clock, sleep, type Timer } from '../../clock.ts'
import type { KeptFailure } from './failure.ts'
import type { FailureQuery } from './query/query.ts'
import type { ClaimOptions, FailureStore } from './store.ts'

/**
 * What others do with a claim whose owner died: `finish` it and send the rest, or `release` it, because what the owner
 * was to look at (a canary, a rate, another broker) died with it. It stands in the claim's name, so that the store
 * needs to know nothing of it.
 */
export type ClaimHeirs = 'finish' | 'release'

/** After how many milliseconds without a renewal a claim counts as left behind by somebody who died. */
export const CLAIM_LASTS_MS = 60_000

const RENEW_MS = 15_000
const SETTLE_ATTEMPTS = 3
const SETTLE_AGAIN_MS = 500
const RELEASED_AT_ONCE = 1000

export interface ClaimOwner {
  readonly store: FailureStore
  readonly clock: Clock
  readonly actor: string
}

/** Failures that are ours alone for now: nobody else sends them back. */
export class Claim implements AsyncDisposable {
  readonly batch: string
  readonly #owner: ClaimOwner
  /** Sent, and not marked as such yet. */
  #unmarked: { readonly id: string; readonly retryJobId: string }[] = []
  #marking: Promise<void> = Promise.resolve()
  #renewal: Timer | undefined
  #over = false

  constructor(owner: ClaimOwner, heirs: ClaimHeirs) {
    this.#owner = owner
    this.batch = `${heirs}-${randomUUID()}`
  }

  /** Takes what matches now, and resolves with how many. What it had when the store failed is given back. */
  async take(query: FailureQuery, limit: number): Promise<number> {
    return await this.#takeBy((options) => this.#owner.store.claim(query, options), limit)
  }

  /** Takes over what somebody claimed before this time and left behind; that of such claims alone, or of any. */
  async inherit(claimedBefore: number, limit: number, heirs?: ClaimHeirs): Promise<number> {
    const of = heirs === undefined ? undefined : `${heirs}-`
    return await this.#takeBy((options) => this.#owner.store.reclaim(claimedBefore, { ...options, of }), limit)
  }

  /** The next that are to be sent, the eldest first; none when all are. */
  async next(limit: number): Promise<readonly KeptFailure[]> {
    return await this.#owner.store.claimed(this.batch, limit)
  }

  /** These went. Resolves once they are marked and `next` has them no more; may be called before the last one did. */
  async sent(failures: readonly { readonly id: string; readonly retryJobId: string }[]): Promise<void> {
    this.#unmarked.push(...failures)
    await this.#mark()
  }

  async release(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#owner.store.release(ids)
  }

  /**
   * Gives back what was not sent, and resolves with how many that are. Bounded: a store that fails three times over is
   * left, and the claim with it, to whoever finds it.
   */
  async settle(): Promise<number> {
    let released = 0
    for (let attempt = 1; ; attempt++) {
      try {
        // What went must not count as failed.
        await this.#mark()
        for (;;) {
          const left = await this.#owner.store.claimed(this.batch, RELEASED_AT_ONCE)
          if (left.length === 0) return released
          await this.#owner.store.release(left.map(({ id }) => id))
          released += left.length
        }
      } catch (error) {
        if (attempt === SETTLE_ATTEMPTS) throw error
        await sleep(this.#owner.clock, SETTLE_AGAIN_MS)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true
    this.#renewal?.cancel()
  }

  #mark(): Promise<void> {
    // One after the other, whether or not the one before came about: what it left is marked by the next.
    this.#marking = this.#marking
      .catch(() => {})
      .then(async () => {
        const marked = [...this.#unmarked]
        if (marked.length === 0) return
        const { store, clock, actor } = this.#owner
        await store.retried(marked, { actor, at: clock.wallTime() })
        this.#unmarked = this.#unmarked.slice(marked.length)
      })
    return this.#marking
  }

  async #takeBy(take: (options: ClaimOptions) => Promise<number>, limit: number): Promise<number> {
    const { actor, clock } = this.#owner
    // A large claim may itself take longer than one lasts.
    this.#renewLater()
    try {
      return await take({ batch: this.batch, limit, actor, at: clock.wallTime() })
    } catch (error) {
      // Who is told that it failed does not expect it to be finished by somebody else later.
      await this.settle().catch(() => {})
      throw error
    }
  }

  #renewLater(): void {
    if (this.#over) return
    const { store, clock } = this.#owner
    this.#renewal = clock.after(RENEW_MS, () => {
      // A renewal that fails is tried again in time: three of them fit into the life of a claim.
      const again = (): void => this.#renewLater()
      store.renew(this.batch, clock.wallTime()).then(again, again)
    })
  }
}
