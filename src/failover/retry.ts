import pRetry from 'p-retry'
import { type Clock, sleep } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'
import type { Endpoint } from '../transport/endpoint.ts'
import type { Link } from '../transport/link.ts'
import type { Backoff } from './backoff.ts'

/** A link and the endpoint it leads to. */
export interface Dialled {
  readonly link: Link
  readonly endpoint: Endpoint
}

export interface RetryPlan {
  readonly clock: Clock
  readonly backoff: Backoff
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
 * Tries the list, pass after pass, until one endpoint connects. One p-retry attempt is one endpoint; an
 * attempt is consumed only when a pass is over, so that the limit counts passes over the whole list.
 * The wait between passes is ours, since p-retry's own knows neither an injected clock nor our backoff.
 *
 * @throws UnderstudyError the last error where it is not retriable, `attempts-exhausted` where the limit
 * is reached, or the signal's reason.
 */
export async function retryDial(plan: RetryPlan, signal: AbortSignal): Promise<Dialled> {
  const limited = plan.retries >= 0
  let order = plan.pass()
  let next = 0
  let passes = 0

  if (plan.backoff.flapping) await sleep(plan.clock, plan.backoff.next(plan.clock.now(), limited), signal)
  try {
    return await pRetry(
      async () => {
        const endpoint = order[next] as Endpoint
        next++
        try {
          return { link: await plan.dial(endpoint, signal), endpoint }
        } catch (error) {
          if (!signal.aborted && error instanceof UnderstudyError) plan.onAttemptFailed(endpoint, error)
          throw error
        }
      },
      {
        signal,
        retries: limited ? plan.retries : Number.POSITIVE_INFINITY,
        minTimeout: 0,
        shouldRetry: ({ error }) => !(error instanceof UnderstudyError) || error.retriable,
        shouldConsumeRetry: () => next >= order.length,
        onFailedAttempt: async ({ error, retriesLeft }) => {
          if (next < order.length) return
          if (error instanceof UnderstudyError && !error.retriable) return
          passes++
          order = plan.pass()
          next = 0
          if (retriesLeft <= 0) return
          const delayMs = plan.backoff.next(plan.clock.now(), limited)
          plan.onPassFailed(passes, delayMs)
          await sleep(plan.clock, delayMs, signal)
        },
      },
    )
  } catch (error) {
    if (error instanceof UnderstudyError && error.retriable && !signal.aborted) {
      const tried = passes === 1 ? 'once' : `${passes} times`
      throw new UnderstudyError(
        'attempts-exhausted',
        `no broker of the list answered; it was tried ${tried}; last: ${error.message}`,
        {
          cause: error,
        },
      )
    }
    throw error
  }
}
