/** What is known of a run: see `runKey`. */
export interface LedgerEntry {
  /** Its effect is done, and the message is to be acknowledged without doing it again. */
  readonly finished: boolean
  /** How often it was begun, this time included; workers that died with it leave a difference. */
  readonly starts: number
}

/** How long databases remember a run, where nothing else is said: 7 days, longer than any job is on its way. */
export const RUNS_KEPT_FOR_MS = 604_800_000

/**
 * Remembers which runs are finished, so that a redelivered job is not worked on twice. A run is looked up before every
 * execution and noted before the acknowledge. Every method throws UnderstudyError `storage`.
 */
export interface Ledger extends AsyncDisposable {
  /** Such as `sqlite`. */
  readonly kind: string
  /** Makes what is missing. Called before all else; idempotent. */
  open(): Promise<void>
  /** Notes that a worker begins with it, and says what is known. */
  begin(run: string, worker: string): Promise<LedgerEntry>
  /** Resolves once it is safe from a crash of the process. */
  finish(run: string): Promise<void>
  /** The link was lost while it was worked on, or the worker let go of it: that start does not count. */
  interrupted(run: string): Promise<void>
  /** Idempotent. */
  close(): Promise<void>
}
