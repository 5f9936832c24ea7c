import type { Clock, Timer } from '../../clock.ts'
import type { UnderstudyError } from '../../errors.ts'

/** Why a run was told to end: its own timeout, an operator, or the worker's stop past its grace. */
export type Interruption = 'timeout' | 'aborted' | 'stopping'

/** What `perform` came to. */
export type RunEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  /** It was told to end and did not; nobody waits for it any more. */
  | { readonly kind: 'given-up' }

/** One execution of a job's `perform`, which can be told to end and, if it does not, be given up. */
export class Run {
  readonly #clock: Clock
  readonly #settle: (end: RunEnd) => void
  /** Made when somebody asks for the signal: most jobs never do, and it costs more than all the rest of a run. */
  #controller: AbortController | undefined
  #graceOver: Timer | undefined
  #graceUntil = Number.POSITIVE_INFINITY
  #over = false
  #interruption: Interruption | undefined
  #reason: UnderstudyError | undefined
  /** Resolves once, and never rejects. */
  readonly ended: Promise<RunEnd>

  constructor(clock: Clock) {
    this.#clock = clock
    const { promise, resolve } = Promise.withResolvers<RunEnd>()
    this.ended = promise
    this.#settle = resolve
  }

  /** Why it was told to end first; undefined while it was not. */
  get interruption(): Interruption | undefined {
    return this.#interruption
  }

  /** What its signal fired with. */
  get reason(): UnderstudyError | undefined {
    return this.#reason
  }

  get isOver(): boolean {
    return this.#over
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Calls `perform` at once. */
  start(perform: () => unknown): void {
    let performing: unknown
    try {
      performing = perform()
    } catch (error) {
      this.#end({ kind: 'threw', error })
      return
    }
    // A thenable of any make, whose `then` may itself throw.
    if (performing instanceof Promise || isThenable(performing))
      void Promise.resolve(performing).then(
        (value) => this.#end({ kind: 'returned', value }),
        (error: unknown) => this.#end({ kind: 'threw', error }),
      )
    else this.#end({ kind: 'returned', value: performing })
  }

  /** Fires the signal, and gives the run up where it has not ended `graceMs` later. The first reason and the shortest grace stay. */
  interrupt(why: Interruption, reason: UnderstudyError, graceMs: number): void {
    if (this.#over) return
    if (this.#interruption === undefined) {
      this.#interruption = why
      this.#reason = reason
      this.#controller?.abort(reason)
    }
    const until = this.#clock.now() + graceMs
    if (until >= this.#graceUntil) return
    this.#graceUntil = until
    this.#graceOver?.cancel()
    this.#graceOver = this.#clock.after(graceMs, () => this.#end({ kind: 'given-up' }))
  }

  #end(end: RunEnd): void {
    if (this.#over) return
    this.#over = true
    this.#graceOver?.cancel()
    this.#settle(end)
  }
}

function isThenable(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  try {
    return typeof (value as { readonly then?: unknown }).then === 'function'
  } catch {
    return false
  }
}
