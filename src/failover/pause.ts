import { abortReason, type Clock } from '../clock.ts'

/** The wait between two passes over a list, which may be cut short. One at a time. */
export class Pause {
  readonly #clock: Clock
  #end: () => void = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves after `delayMs`, or when it is cut short. Rejects with the signal's reason if it fires first. */
  wait(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortReason(signal))
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        timer.cancel()
        signal.removeEventListener('abort', onAbort)
        this.#end = () => {}
        settle()
      }
      const onAbort = (): void => finish(() => reject(abortReason(signal)))
      const timer = this.#clock.after(delayMs, () => finish(resolve))
      this.#end = () => finish(resolve)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Ends the present wait, if there is one. */
  cutShort(): void {
    this.#end()
  }
}
