import { type Clock, pause } from '../../clock.ts'
import { UnderstudyError } from '../../errors.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000

/** Pauses between the tries of one thing, each twice as long as the one before, from 250 ms to 10 s. */
export class Patience {
  readonly #clock: Clock
  #nextMs = FIRST_PAUSE_MS

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async wait(signal: AbortSignal): Promise<void> {
    const delayMs = this.#nextMs
    this.#nextMs = Math.min(LONGEST_PAUSE_MS, 2 * delayMs)
    await pause(this.#clock, delayMs, signal)
  }
}

/**
 * Waits for `action` no longer than `limitMs`, whatever it does: a store that hangs must not hold a slot for ever. What
 * it comes to afterwards is nobody's business.
 *
 * @throws UnderstudyError `deadline`, naming `what`; and what `action` throws.
 */
export function within<Value>(
  clock: Clock,
  limitMs: number,
  what: string,
  action: () => Promise<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = (): void => {
      reject(new UnderstudyError('deadline', `${what} took longer than ${limitMs} ms`, { retriable: true }))
    }
    const timer = clock.after(limitMs, late)
    action().then(
      (value) => {
        timer.cancel()
        resolve(value)
      },
      (error: unknown) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}
