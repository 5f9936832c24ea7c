import type { Clock, Timer } from '../../clock.ts'

// How often the process looks at the clock, and how late that look may be before it counts as a stall: a
// busy machine delays a timer by tens of milliseconds, a stopped process by as long as it was stopped.
const LOOK_EVERY_MS = 100
const STALL_MS = 1000

/**
 * Notices when this process itself stood still (stopped, or starved): what it measured meanwhile is its own
 * delay and no broker's. Returns what ends the watch.
 */
export function watchStalls(clock: Clock, onStall: (forMs: number) => void): () => void {
  let timer: Timer
  const look = (due: number): void => {
    const late = clock.now() - due
    if (late >= STALL_MS) onStall(late)
    arm()
  }
  const arm = (): void => {
    const due = clock.now() + LOOK_EVERY_MS
    timer = clock.after(LOOK_EVERY_MS, () => look(due))
  }
  arm()
  return () => timer.cancel()
}
