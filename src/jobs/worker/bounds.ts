import type { Clock } from '../../clock.ts'
import { UnderstudyError } from '../../errors.ts'
import { TimeLimit } from './time-limit.ts'

const LIMIT_MS = 10_000

interface Waiting {
  readonly what: string
  readonly reject: (error: UnderstudyError) => void
}

/** Bounds what stores may take to ten seconds, with one timer for all: every job asks a store or two. */
export class Bounds {
  readonly #limit: TimeLimit<Waiting>
  #isClosed = false

  constructor(clock: Clock) {
    this.#limit = new TimeLimit<Waiting>(clock, LIMIT_MS, ({ what, reject }) => {
      reject(new UnderstudyError('deadline', `${what} took longer than ${LIMIT_MS} ms`, { retriable: true }))
    })
  }

  /**
   * Waits for `action` no longer than that: a store that hangs must not hold a slot for ever. What it comes to
   * afterwards is nobody's business.
   *
   * @throws UnderstudyError `deadline`, naming `what`; and what `action` throws.
   */
  within<Value>(what: string, action: () => Promise<Value>): Promise<Value> {
    // A timer would hold up the end of the process.
    if (this.#isClosed) return action()
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { what, reject }
      this.#limit.begin(waiting)
      action().then(
        (value) => {
          this.#limit.end(waiting)
          resolve(value)
        },
        (error: unknown) => {
          this.#limit.end(waiting)
          reject(error)
        },
      )
    })
  }

  /** Its timer is over. Who still asks a store is waited for by nobody, and has no bound. */
  close(): void {
    this.#isClosed = true
    this.#limit.clear()
  }
}
