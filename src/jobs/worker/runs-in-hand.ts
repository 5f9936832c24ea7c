import type { Ledger } from '../ledger/ledger.ts'

/**
 * The runs that the workers of one application have in hand. A second copy of a run, which a broker delivers after a
 * failover while the first is still worked on, waits for the end of the first, be it at another worker.
 */
export class RunsInHand {
  readonly #keys = new Set<string>()
  /** Where copies of them wait. Made when one does, which is rare. */
  readonly #waiting = new Map<string, Set<CopiesThatWait>>()

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  /** Takes it in hand. False where another copy of it is there. */
  begin(key: string): boolean {
    if (this.#keys.has(key)) return false
    this.#keys.add(key)
    return true
  }

  /** It is the turn of one copy of each place. */
  end(key: string): void {
    this.#keys.delete(key)
    const places = this.#waiting.get(key)
    if (places) for (const copies of places) copies.callNext(key)
  }

  /** Copies of this run wait there: it is told of every end until it leaves. */
  join(key: string, copies: CopiesThatWait): void {
    const places = this.#waiting.get(key)
    if (places) places.add(copies)
    else this.#waiting.set(key, new Set([copies]))
  }

  leave(key: string, copies: CopiesThatWait): void {
    const places = this.#waiting.get(key)
    places?.delete(copies)
    if (places?.size === 0) this.#waiting.delete(key)
  }
}

/**
 * The copies that wait at one place, a queue of a worker, for runs in hand. The end of a run calls one of them and not
 * all: of a thousand copies only one could begin, and the others would come back to wait, a thousand times over. Each
 * place has its turn, because the one that is called may have to wait there for a slot.
 */
export class CopiesThatWait {
  readonly #runs: RunsInHand
  /** By their runs. Copies are alike: the last to come is called first. */
  readonly #calls = new Map<string, ((isCalled: boolean) => void)[]>()

  constructor(runs: RunsInHand) {
    this.#runs = runs
  }

  /**
   * For a run in hand: resolves with true when this copy may try to begin, and with false once it is let go. Who was
   * called and does not begin calls the next one.
   */
  wait(key: string): Promise<boolean> {
    return new Promise((resolve) => {
      const calls = this.#calls.get(key)
      if (calls) calls.push(resolve)
      else {
        this.#calls.set(key, [resolve])
        this.#runs.join(key, this)
      }
    })
  }

  /** Calls one that waits here, unless the run is in hand. */
  callNext(key: string): void {
    if (this.#runs.has(key)) return
    const calls = this.#calls.get(key)
    const call = calls?.pop()
    if (calls?.length === 0) this.#forget(key)
    call?.(true)
  }

  /** Nobody need wait here any longer. */
  letGo(): void {
    const all = [...this.#calls]
    for (const [key, calls] of all) {
      this.#forget(key)
      for (const call of calls) call(false)
    }
  }

  #forget(key: string): void {
    this.#calls.delete(key)
    this.#runs.leave(key, this)
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
