import { UnderstudyError } from '../../errors.ts'

/** How long stores keep a state after it was put, where nothing else is said: a day. */
export const RESULTS_KEPT_FOR_MS = 86_400_000

/**
 * A time that an option of results says; added to the time of day it still is a whole number.
 *
 * @throws UnderstudyError `invalid-option`, naming the option and the factory.
 */
export function wholeMs(of: string, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= Number.MAX_SAFE_INTEGER / 2) return value
  throw new UnderstudyError('invalid-option', `${name} of ${of} is a whole number of milliseconds from 1 on`)
}
