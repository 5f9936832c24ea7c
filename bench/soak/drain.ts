import { waitUntil } from '../../infra/labs/wait-until.ts'
import type { Traffic } from './traffic.ts'

const DRAIN_WITHIN_MS = 120_000
const SILENT_MS = 20_000
const LOOK_EVERY_MS = 10

/**
 * Waits until every send is settled and everything confirmed is delivered, or nothing was delivered for 20 s:
 * what is missing then will not come. False when that did not happen within 2 minutes.
 */
export async function drain(traffic: Traffic, signal: AbortSignal): Promise<boolean> {
  const { ledger } = traffic
  const over = (): true | undefined => {
    const silent = ledger.undelivered === 0 || traffic.quietMs >= SILENT_MS
    return (ledger.settled === ledger.attempted && silent) || undefined
  }
  const options = { what: 'the drain', withinMs: DRAIN_WITHIN_MS, everyMs: LOOK_EVERY_MS, signal }
  return await waitUntil(over, options).catch((error: unknown) => {
    if (signal.aborted) throw error
    return false
  })
}
