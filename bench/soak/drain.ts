import { systemClock } from '../../src/clock.ts'
import { waitUntil } from '../../infra/labs/wait-until.ts'
import type { Traffic } from './traffic.ts'

const DRAIN_WITHIN_MS = 120_000
// Longer than a client may wait between two passes over its list.
const SILENT_MS = 40_000
const LOOK_EVERY_MS = 10

/**
 * Waits until every send is settled and everything confirmed is delivered, or nothing was delivered for 40 s:
 * what is missing then will not come. False when that did not happen within 2 minutes.
 */
export async function drain(traffic: Traffic, signal: AbortSignal): Promise<boolean> {
  const { ledger } = traffic
  const beganAt = systemClock.now()
  const over = (): true | undefined => {
    const silent = ledger.undelivered === 0 || Math.min(traffic.quietMs, systemClock.now() - beganAt) >= SILENT_MS
    return (ledger.settled === ledger.attempted && silent) || undefined
  }
  const options = { what: 'the drain', withinMs: DRAIN_WITHIN_MS, everyMs: LOOK_EVERY_MS, signal }
  return await waitUntil(over, options).catch((error: unknown) => {
    if (signal.aborted) throw error
    return false
  })
}
