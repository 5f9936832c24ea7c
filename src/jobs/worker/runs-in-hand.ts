import type { Ledger } from '../ledger/ledger.ts'

/**
 * The runs that the workers of one application have in hand. A second copy of a run, which a broker delivers after a
 * failover while the first is still worked on, waits for the end of the first, be it at another worker.
 */
export class RunsInHand {
  readonly #keys = new Set<string>()
  /** Made when a copy waits, which is rare. */
  readonly #ends = new Map<string, PromiseWithResolvers<true>>()

  /** Undefined where no other copy of it is in hand; else resolves with true at the end of that one. */
  endOf(key: string): Promise<true> | undefined {
    if (!this.#keys.has(key)) return undefined
    let end = this.#ends.get(key)
    if (end === undefined) {
      end = Promise.withResolvers<true>()
      this.#ends.set(key, end)
    }
    return end.promise
  }

  /** Takes it in hand. False where another copy of it is there. */
  begin(key: string): boolean {
    if (this.#keys.has(key)) return false
    this.#keys.add(key)
    return true
  }

  end(key: string): void {
    this.#keys.delete(key)
    this.#ends.get(key)?.resolve(true)
    this.#ends.delete(key)
  }
}

const ofLedgers = new WeakMap<Ledger, RunsInHand>()

/** Those of the workers that share a ledger in this process. */
export function runsInHand(ledger: Ledger): RunsInHand {
  let runs = ofLedgers.get(ledger)
  if (runs === undefined) {
    runs = new RunsInHand()
    ofLedgers.set(ledger, runs)
  }
  return runs
}
