import { InvalidArgumentError } from 'commander'
import { DURATION_FORM, formatQueryDuration, parseQueryDuration } from '../../jobs/failures/query-duration.ts'

const LONGEST_MS = 10 * 365 * 86_400_000

/** Reads a duration as queries have it, in days and weeks too, as milliseconds. */
export function longDuration(leastMs: number, mostMs: number = LONGEST_MS): (text: string) => number {
  return (text) => {
    const ms = parseQueryDuration(text)
    if (ms === undefined) throw new InvalidArgumentError(`Write ${DURATION_FORM}.`)
    if (ms < leastMs || ms > mostMs)
      throw new InvalidArgumentError(
        `It must be from ${formatQueryDuration(leastMs)} to ${formatQueryDuration(mostMs)}.`,
      )
    return ms
  }
}
