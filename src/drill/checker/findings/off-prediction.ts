import { msAtLeast, msAtMost, sayMs } from '../exact-durations.ts'
import type { Prediction } from '../../fault.ts'
import type { ProducerOutage } from '../outage.ts'
import type { WithoutConfirm } from './without-confirm.ts'

// What lies outside by less is nobody's outage, and may be the drill's own delay: the bound that `recovery` has too.
const TOLERATED_MS = 100
// What begins sooner belongs to the fault: confirms that were under way still come.
const LATER_NS = 250e6

/** What the settings say beside what was measured. */
export interface Compared {
  /** Milliseconds by which what was measured lies outside: above 0 longer, below 0 shorter, 0 within. */
  readonly offMs: number
  /** `Predicted …; the longest time without a confirm was …: within.` */
  readonly sentence: string
}

/**
 * Measured is how long jobs did not flow: the outage by the attempts that failed, or the time without a confirm where
 * that was longer. It is outside when the whole of it is, both bounds, by over 100 ms.
 */
export function compareWithPrediction(predicted: Prediction, outage: ProducerOutage, silent: WithoutConfirm): Compared {
  const last = outage.spells.at(-1)
  const back = silent.upper !== null && last?.backNs !== null
  const lowerMs = msAtLeast(Math.max(outage.boundsNs?.lower ?? 0, silent.lower))
  const upperMs = back ? msAtMost(Math.max(outage.boundsNs?.upper ?? 0, silent.upper ?? 0)) : null
  const offMs = outsideBy(predicted, lowerMs, upperMs)
  const how = offMs === 0 ? 'within' : `${sayMs(Math.abs(offMs))} ${offMs > 0 ? 'longer' : 'shorter'} than predicted`
  const measured = upperMs === null ? `at least ${sayMs(lowerMs)}, to the end` : sayRange(lowerMs, upperMs)
  const what = measuredName(outage, silent)
  return {
    offMs,
    sentence: `Predicted ${sayPredicted(predicted)}, as ${predicted.because}; ${what} was ${measured}${laterWords(outage, silent)}: ${how}.`,
  }
}

/** Which figure of the result it is that stands beside the prediction; a name of its own where it has a bound of each. */
function measuredName({ boundsNs }: ProducerOutage, silent: WithoutConfirm): string {
  const longest = 'the longest time without a confirm'
  const silentUpper = silent.upper ?? Number.POSITIVE_INFINITY
  if (!boundsNs || (silent.lower >= boundsNs.lower && silentUpper >= boundsNs.upper)) return longest
  if (boundsNs.lower >= silent.lower && boundsNs.upper >= silentUpper) return "the producer's outage"
  return 'the outage, by attempts and confirms together,'
}

/** Jobs may flow again and then stop once more: the longest time without a confirm is not the failover's then. */
function laterWords({ boundsNs }: ProducerOutage, { sinceFault, lower }: WithoutConfirm): string {
  const atFaultNs = Math.max(boundsNs?.upper ?? 0, LATER_NS)
  // A short one is only the beat of the jobs.
  const later = sinceFault > atFaultNs && lower > Math.max(boundsNs?.lower ?? 0, TOLERATED_MS * 1e6)
  return later ? `, beginning ${sayMs(Math.round(sinceFault / 1e6))} after the fault` : ''
}

function outsideBy(predicted: Prediction, lowerMs: number, upperMs: number | null): number {
  if (predicted.upperMs !== null && lowerMs > predicted.upperMs + TOLERATED_MS) return lowerMs - predicted.upperMs
  if (upperMs !== null && upperMs < predicted.lowerMs - TOLERATED_MS) return upperMs - predicted.lowerMs
  return 0
}

function sayPredicted({ lowerMs, upperMs }: Prediction): string {
  if (upperMs !== null) return sayRange(lowerMs, upperMs)
  return lowerMs === 0 ? 'until the heal at the longest' : `${sayMs(lowerMs)} at least, until the heal at the longest`
}

/** `0–12 s`, `9.2–9.4 s`, `0–213 ms`, `0 ms`. */
function sayRange(lowerMs: number, upperMs: number): string {
  if (lowerMs === upperMs) return sayMs(lowerMs)
  const upper = sayMs(upperMs)
  if (lowerMs === 0) return `0–${upper}`
  const lower = sayMs(lowerMs)
  return lowerMs >= 1000 === upperMs >= 1000 ? `${lower.split(' ')[0]}–${upper}` : `${lower} to ${upper}`
}
