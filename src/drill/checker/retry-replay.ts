import type { Job } from './jobs-ledger.ts'
import type { Spell } from './outage.ts'

/** The first attempt of a job: when it began, and how long it took to fail. */
export interface FirstTry {
  readonly atNs: number
  readonly passNs: number
}

/** A time without service, its end not included. */
export interface Down {
  readonly fromNs: number
  readonly untilNs: number
}

/**
 * Replays the one-retry producer over an outage: a job is tried on every endpoint, and once more
 * `r` after that failed. Returns the smallest `r` such that with it, and with every larger one, each job
 * has an attempt while the service is up.
 *
 * Every larger one counts too, so where the service came and went the last return decides: a retry that
 * happens to fall between two outages is luck and no threshold.
 */
export function replayRetryThreshold(tries: readonly FirstTry[], downs: readonly Down[]): number {
  const up = downs.reduce((latest, down) => Math.max(latest, down.untilNs), Number.NEGATIVE_INFINITY)
  const ascending = downs.toSorted((one, other) => one.fromNs - other.fromNs)
  let threshold = 0
  for (const { atNs, passNs } of tries) {
    if (isDown(ascending, atNs)) threshold = Math.max(threshold, up - atNs - passNs)
  }
  return threshold
}

/**
 * The same for the measured run: its own jobs over its own spells, each taken until the first good attempt,
 * which is the safe side. A first attempt that waited without a connection took no time. Null when the
 * service was not back by the end: no threshold is known to be enough.
 */
export function retryThresholdNs(jobs: readonly Job[], spells: readonly Spell[]): number | null {
  const downs: Down[] = []
  for (const { firstFailureNs, backNs } of spells) {
    if (backNs === null) return null
    downs.push({ fromNs: firstFailureNs, untilNs: backNs })
  }
  const up = downs.at(-1)?.untilNs
  if (up === undefined) return 0
  const tries = jobs.flatMap((job) => {
    const [first] = job.attempts
    if (!first) return []
    const failedNs = Math.min(first.endNs ?? first.startNs, up)
    return [{ atNs: first.startNs, passNs: first.outcome === 'ack' ? 0 : Math.max(0, failedNs - first.startNs) }]
  })
  return replayRetryThreshold(tries, downs)
}

/** Whether `atNs` lies in one of the times, which are ascending and do not overlap. */
function isDown(downs: readonly Down[], atNs: number): boolean {
  let low = 0
  let high = downs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((downs[middle]?.fromNs ?? Number.POSITIVE_INFINITY) <= atNs) low = middle + 1
    else high = middle
  }
  return atNs < (downs[low - 1]?.untilNs ?? Number.NEGATIVE_INFINITY)
}
