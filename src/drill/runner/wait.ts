import { type Clock, sleep } from '../../clock.ts'

// How often a condition is looked at: well below anything that a drill measures this way.
const LOOK_EVERY_MS = 10

/** Waits until `condition` holds. False when `limitMs` went by first; rejects when `signal` fires. */
export async function waitUntil(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
  condition: () => boolean,
): Promise<boolean> {
  const deadline = clock.now() + limitMs
  while (!condition()) {
    if (clock.now() >= deadline) return false
    await sleep(clock, LOOK_EVERY_MS, signal)
  }
  return true
}

/**
 * Waits until `condition` has held without a break for `windowMs`; false when `limitMs` went by first, or when
 * `leave` held before.
 */
export async function waitSteadily(
  clock: Clock,
  windowMs: number,
  limitMs: number,
  signal: AbortSignal,
  condition: () => boolean,
  leave: () => boolean = () => false,
): Promise<boolean> {
  let since: number | undefined
  let left = false
  const reached = await waitUntil(clock, limitMs, signal, () => {
    left = leave()
    if (left) return true
    if (!condition()) since = undefined
    else since ??= clock.now()
    return since !== undefined && clock.now() - since >= windowMs
  })
  return reached && !left
}
