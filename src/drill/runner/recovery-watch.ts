import { faultTime } from '../checker/fault-time.ts'
import { OpenLedger } from '../checker/jobs-ledger.ts'
import { recovery } from '../checker/recovery.ts'
import { readTimeline } from '../checker/timeline.ts'
import type { HistoryEvent } from '../history.ts'

const NS_PER_MS = 1e6
// Looking through so many takes some tenths of a second, in which nothing else goes on: more would be an outage of the
// drill's own making.
const MOST_JOBS = 50_000

/**
 * Follows a drill and tells how much longer its jobs must flow for the checker to see a whole window in its bounds.
 * It writes the ledger as it goes: a long history that was read at once would hold up the very jobs that it is about.
 */
export class RecoveryWatch {
  readonly #everyMs: number
  readonly #windowMs: number
  readonly #ledger: OpenLedger
  readonly #others: HistoryEvent[] = []

  constructor({ runId, everyMs, windowMs }: { runId: string; everyMs: number; windowMs: number }) {
    this.#everyMs = everyMs
    this.#windowMs = windowMs
    this.#ledger = new OpenLedger(runId, true)
  }

  see(event: HistoryEvent): void {
    this.#ledger.enter(event)
    if (NEEDED.has(event.type)) this.#others.push(event)
  }

  /**
   * Milliseconds; 0 when the window was seen, or when there is no fault that it could count from, or with over 50,000
   * jobs.
   */
  leftMs(): number {
    if (this.#ledger.size > MOST_JOBS) return 0
    const timeline = readTimeline(this.#others)
    const ledger = this.#ledger.ledger()
    const fault = faultTime(timeline, ledger)
    if (!fault) return 0
    const { recoveredNs, watchedNs } = recovery(ledger, fault, this.#everyMs, this.#windowMs)
    if (recoveredNs !== null) return 0
    // The window ends one period after the job that fell due last.
    return Math.max(1, this.#windowMs - watchedNs / NS_PER_MS) + this.#everyMs
  }
}

/** What tells when the fault took effect. */
const NEEDED: ReadonlySet<HistoryEvent['type']> = new Set(['run', 'fault', 'proof', 'conn', 'marker'])
