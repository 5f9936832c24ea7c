import { msAtLeast, msAtMost, sayMs } from '../exact-durations.ts'
import type { Prediction } from '../../fault.ts'
import type { ProducerOutage } from '../outage.ts'
import type { WithoutConfirm } from './without-confirm.ts'

// What lies outside by less is nobody's outage, and may be the drill's own delay: the bound that `recovery` has too.
const TOLERATED_MS = 100

/** What the settings say beside what was measured. */
export interface Compared {
  /** Milliseconds by which what was measured lies outside: above 0 longer, below 0 shorter, 0 within. */
  readonly offMs: number
  /** `Predicted …; measured …: within.` */
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
  return {
    offMs,
    sentence: `Predicted ${sayPredicted(predicted)}, as ${predicted.because}; measured ${measured}: ${how}.`,
  }
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
