/** How long to wait before the next attempt. Durations are milliseconds. */
export interface Backoff {
  /** `exponential` doubles the delay with every attempt, `fixed` does not. Defaults to `exponential`. */
  readonly type?: 'exponential' | 'fixed'
  /** The delay after the first attempt. Defaults to 1,000. */
  readonly delay?: number
  /** The longest delay. Defaults to 600,000. */
  readonly max?: number
  /** How far a delay may stray, as a share of it in both directions, from 0 to 1. Defaults to 0.2. */
  readonly jitter?: number
}

export interface RetryOptions {
  /** How many attempts in all, from 1. Defaults to 5. */
  readonly attempts?: number
  readonly backoff?: Backoff
  /**
   * Whether this failure is worth another attempt; asked only while attempts are left. What it throws counts as no.
   * Defaults to yes.
   */
  readonly retryIf?: (error: unknown, attempt: number) => boolean
}
