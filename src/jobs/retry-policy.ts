import type { Random } from '../clock.ts'

/** How long to wait before the next attempt. Durations are milliseconds. */
export interface Backoff {
  /** `exponential` doubles the delay with every attempt, `fixed` does not. Defaults to `exponential`. */
  readonly type?: 'exponential' | 'fixed'
  /** The delay after the first attempt; 0 works on every broker. Defaults to 1,000. */
  readonly delay?: number
  /** The longest delay. Defaults to 600,000. */
  readonly max?: number
  /** How far a delay may stray, as a share of it in both directions, from 0 to 1. Defaults to 0.2. */
  readonly jitter?: number
}

/** How often a job that failed is tried again, and after which pauses. */
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

/** The options with their defaults. */
export interface RetryPolicy {
  readonly attempts: number
  readonly backoff: Required<Backoff>
  readonly retryIf: (error: unknown, attempt: number) => boolean
}

const BACKOFF: Required<Backoff> = { type: 'exponential', delay: 1000, max: 600_000, jitter: 0.2 }
const ONE_ATTEMPT: RetryPolicy = { attempts: 1, backoff: BACKOFF, retryIf: () => false }

/** The policy of a job whose options were checked when it was defined; without options there is one attempt. */
export function readRetry(options: RetryOptions | undefined): RetryPolicy {
  if (options === undefined) return ONE_ATTEMPT
  const { attempts = 5, backoff, retryIf = () => true } = options
  return { attempts, backoff: { ...BACKOFF, ...backoff }, retryIf }
}

/**
 * Whole milliseconds to wait before this attempt, which is the second or a later one:
 * `min(max, delay × 2^(attempt − 2))`, strayed by the jitter and never above `max`.
 */
export function delayBefore({ type, delay, max, jitter }: Required<Backoff>, attempt: number, random: Random): number {
  if (delay === 0 || attempt < 2) return 0
  const plain = Math.min(max, type === 'fixed' ? delay : delay * 2 ** (attempt - 2))
  const strayed = plain * (1 + jitter * (2 * random() - 1))
  return Math.max(0, Math.round(Math.min(max, strayed)))
}

/** Whether a job of this policy may ever wait for its next attempt, and so needs a broker that can delay. */
export function mayDelay({ attempts, backoff }: RetryPolicy): boolean {
  return attempts > 1 && backoff.delay > 0 && backoff.max > 0
}
