import type { Prediction } from '../src/drill/fault.ts'

/** What no setting bounds. */
export function untilHealed(because: string): Prediction {
  return { lowerMs: 0, upperMs: null, because }
}

/** A setting's value, as the sentence of a prediction tells it. */
export function seconds(ms: number): string {
  return `${ms / 1000} s`
}
