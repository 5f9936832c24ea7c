import { type Clock, sleep } from '../../../clock.ts'
import { type Failure, failureId } from '../failure.ts'
import type { FailureStore } from '../store.ts'

/** What became of the jobs that were sent first. */
export interface CanaryOutcome {
  readonly sent: number
  readonly succeeded: number
  /** Kept as failed again. */
  readonly failed: number
  /** Those of which nothing was known when the time was over. */
  readonly waiting: number
}

const LOOK_MS = 250

/**
 * Waits until each of the jobs that were sent back has succeeded, one of them has failed anew, or the time is over.
 *
 * @throws what the store throws, and the signal's reason.
 */
export async function watchCanary(
  { store, clock }: { readonly store: FailureStore; readonly clock: Clock },
  sent: readonly Failure[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<CanaryOutcome> {
  const deadline = clock.now() + timeoutMs
  let waiting = sent
  let succeeded = 0
  for (;;) {
    const fates = await Promise.all(waiting.map((failure) => fateOf(store, failure)))
    const failed = fates.filter((fate) => fate === 'failed').length
    succeeded += fates.filter((fate) => fate === 'succeeded').length
    waiting = waiting.filter((_, index) => fates[index] === undefined)
    const left = deadline - clock.now()
    if (waiting.length === 0 || failed > 0 || left <= 0)
      return { sent: sent.length, succeeded, failed, waiting: waiting.length }
    await sleep(clock, Math.min(LOOK_MS, left), signal)
  }
}

async function fateOf(
  store: FailureStore,
  { id, jobId, requeues }: Failure,
): Promise<'succeeded' | 'failed' | undefined> {
  if ((await store.get(failureId(jobId, requeues + 1))) !== undefined) return 'failed'
  const before = await store.get(id)
  return before?.resolvedAt === undefined ? undefined : 'succeeded'
}
