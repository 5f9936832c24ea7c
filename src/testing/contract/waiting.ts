import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { UnderstudyError } from '../../errors.ts'

/** The longest that a test waits for anything, in milliseconds. It bounds a hang and measures nothing. */
export const HANG_MS = 60_000

/**
 * Looks again and again until `look` gives something.
 *
 * @param withinMs how long, in milliseconds. Defaults to a minute.
 * @throws UnderstudyError `deadline` afterwards.
 */
export async function eventually<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  withinMs: number = HANG_MS,
): Promise<Value> {
  const until = performance.now() + withinMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > until) throw new UnderstudyError('deadline', `${what}: not within ${withinMs / 1000} s`)
    await pause(3)
  }
}

/** The promise's own end, or a deadline error after a minute. */
export async function within<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  const late = new AbortController()
  const timer = pause(HANG_MS, undefined, { signal: late.signal }).then(
    () => {
      throw new UnderstudyError('deadline', `${what}: not within ${HANG_MS / 1000} s`)
    },
    () => undefined as never,
  )
  try {
    return await Promise.race([promise, timer])
  } finally {
    late.abort()
  }
}

/** How a promise has ended by now, seen without waiting for it. */
export interface Watched {
  readonly state: () => 'pending' | 'resolved' | 'rejected'
  readonly error: () => unknown
}

/** Watches a promise from now on; its rejection is then nobody's unhandled one. */
export function watch(promise: Promise<unknown>): Watched {
  let state: 'pending' | 'resolved' | 'rejected' = 'pending'
  let error: unknown
  promise.then(
    () => (state = 'resolved'),
    (thrown: unknown) => {
      state = 'rejected'
      error = thrown
    },
  )
  return { state: () => state, error: () => error }
}
