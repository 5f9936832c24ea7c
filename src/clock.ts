import { performance } from 'node:perf_hooks'
import { UnderstudyError } from './errors.ts'

/** A pending timer. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  /** Its action does not run. */
  cancel(): void
}

/** Time as the package sees it, so that a test can own it. */
export interface Clock {
  /** Monotonic milliseconds, with fractions, from an arbitrary origin. */
  now(): number
  /** Wall time in milliseconds since the epoch. */
  wallTime(): number
  /** Calls `action` once, `delayMs` from now at the earliest. */
  after(delayMs: number, action: () => void): Timer
}

/** Numbers in [0, 1), in the manner of `Math.random`. */
export type Random = () => number

// A longer delay does not fit into Node's timers, which would then fire at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS))
    return { cancel: () => clearTimeout(handle) }
  },
}

export const systemRandom: Random = Math.random

/**
 * A repeatable sequence for a whole-number seed (the mulberry32 generator, public domain).
 * The same seed gives the same sequence on every platform.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Waits `delayMs`. Rejects with the signal's reason if it is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortReason(signal))
      return
    }
    const onAbort = (): void => {
      timer.cancel()
      reject(abortReason(signal as AbortSignal))
    }
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Waits `delayMs`, or until the signal fires. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(clock, delayMs, signal)
  } catch {
    // It is over early.
  }
}

/**
 * Runs `action` with a signal that fires after `delayMs`, or with `also`. The timer goes when the action
 * ends, so the action has to end soon after its signal.
 */
export async function withDeadline<Value>(
  clock: Clock,
  delayMs: number,
  action: (signal: AbortSignal) => Promise<Value>,
  also?: AbortSignal,
): Promise<Value> {
  const late = new AbortController()
  const timer = clock.after(delayMs, () => late.abort(new UnderstudyError('deadline', `not done in ${delayMs} ms`)))
  try {
    return await action(also ? AbortSignal.any([late.signal, also]) : late.signal)
  } finally {
    timer.cancel()
  }
}

/** Resolves when the signal fires, or at once if it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Lets `signal` abort the controller too, at once if it has fired, until `over` has settled. */
export function abortWith(signal: AbortSignal, controller: AbortController, over: Promise<unknown>): void {
  const onAbort = (): void => controller.abort(signal.reason)
  if (signal.aborted) {
    onAbort()
    return
  }
  signal.addEventListener('abort', onAbort, { once: true })
  const forget = (): void => signal.removeEventListener('abort', onAbort)
  over.then(forget, forget)
}

/** Resolves when `ended` does or when the signal fires, and leaves no listener on it. `ended` must not reject. */
export function endedOrAborted(ended: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const finish = (): void => {
      signal.removeEventListener('abort', finish)
      resolve()
    }
    signal.addEventListener('abort', finish, { once: true })
    void ended.then(finish)
  })
}

/** The reason of an aborted signal as an error of ours. */
export function abortReason(signal: AbortSignal): UnderstudyError {
  if (signal.reason instanceof UnderstudyError) return signal.reason
  return new UnderstudyError('aborted', 'the caller aborted the operation', { cause: signal.reason })
}
