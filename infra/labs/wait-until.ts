import { sleep, systemClock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'

export interface WaitOptions {
  /** What is waited for, to stand in "… did not happen within N s". */
  readonly what: string
  readonly withinMs: number
  /** How long to pause between two looks. Defaults to 5 ms. */
  readonly everyMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Looks again and again until there is something to see, and returns that.
 *
 * @throws UnderstudyError `deadline` when the time is up, `aborted` when the signal fires, and whatever
 * `look` throws.
 */
export async function waitUntil<T>(
  look: () => T | undefined | Promise<T | undefined>,
  options: WaitOptions,
): Promise<T> {
  const deadline = systemClock.now() + options.withinMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (systemClock.now() >= deadline) {
      throw new UnderstudyError('deadline', `${options.what}: not within ${options.withinMs / 1000} s`)
    }
    await sleep(systemClock, options.everyMs ?? 5, options.signal)
  }
}
