import pRetry from 'p-retry'
import { type Clock, sleep } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { Endpoint } from '../transport/endpoint.ts'
import type { Link } from '../transport/link.ts'
import type { Backoff } from './backoff.ts'
import type { Pause } from './pause.ts'
import { discard } from './dial.ts'

/** A link and the endpoint it leads to. */
export interface Dialled {
  readonly link: Link
  readonly endpoint: Endpoint
}

export interface RetryPlan {
  readonly clock: Clock
  readonly backoff: Backoff
  /** The waits between passes. */
  readonly pause: Pause
  /** How many times the whole list is tried again; -1 without limit. */
  readonly retries: number
  /** The order of the next pass over the list; never empty. */
  pass(): readonly Endpoint[]
  dial(endpoint: Endpoint, signal: AbortSignal): Promise<Link>
  /** One endpoint did not connect. */
  onAttemptFailed(endpoint: Endpoint, error: UnderstudyError): void
  /** A whole pass failed, and the next one starts after `delayMs`. */
  onPassFailed(passes: number, delayMs: number): void
}

/**
 * Tries the list, pass after pass, until one endpoint connects. One p-retry attempt is one pass, so that
 * the limit counts passes over the whole list. The wait between passes is ours, since p-retry's own
 * knows neither an injected clock nor our backoff.
 *
 * @throws UnderstudyError the error that is not retriable, at once; `attempts-exhausted` where the limit
 * is reached; or the signal's reason.
 */
export async function retryDial(plan: RetryPlan, signal: AbortSignal): Promise<Dialled> {
  const { clock, backoff, retries } = plan
  const limited = retries >= 0
  let passes = 0
  let reached: Dialled | undefined

  const firstDelayMs = backoff.firstDelay()
  if (firstDelayMs > 0) await sleep(clock, firstDelayMs, signal)
  try {
    return await pRetry(async () => (reached = await tryOnce(plan, signal)), {
      signal,
      retries: limited ? retries : Number.POSITIVE_INFINITY,
      minTimeout: 0,
      shouldRetry: ({ error }) => isRetriable(error),
      onFailedAttempt: async ({ error, retriesLeft }) => {
        passes++
        if (retriesLeft <= 0 || !isRetriable(error)) return
        const delayMs = backoff.next(clock.now(), limited)
        plan.onPassFailed(passes, delayMs)
        await plan.pause.wait(delayMs, signal)
      },
    })
  } catch (error) {
    // p-retry looks at the signal after a success too, and keeps to itself what it got then.
    if (reached) void discard(reached.link)
    if (!isRetriable(error) || signal.aborted) throw error
    const tried = passes === 1 ? 'once' : `${passes} times`
    throw new UnderstudyError(
      'attempts-exhausted',
      `no broker of the list answered; it was tried ${tried}; last: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** One pass. Throws the error of its last endpoint, or the first that is not retriable. */
async function tryOnce(plan: RetryPlan, signal: AbortSignal): Promise<Dialled> {
  let last: unknown
  for (const endpoint of plan.pass()) {
    try {
      return { link: await plan.dial(endpoint, signal), endpoint }
    } catch (error) {
      if (signal.aborted) throw error
      if (error instanceof UnderstudyError) plan.onAttemptFailed(endpoint, error)
      if (!isRetriable(error)) throw error
      last = error
    }
  }
  throw last
}

function isRetriable(error: unknown): boolean {
  return error instanceof UnderstudyError && error.retriable
}
