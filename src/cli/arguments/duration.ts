import { InvalidArgumentError, Option } from 'commander'
import { DURATION_FORM, formatQueryDuration, parseQueryDuration } from '../../jobs/failures/query/duration.ts'

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
const LONGEST_MS = 24 * 3_600_000
const LONGEST_IN_DAYS_MS = 10 * 365 * 86_400_000

/** Reads `50ms`, `1.5s`, `10m` or `1h` as milliseconds, from `leastMs` to `mostMs`, which defaults to a day. */
export function duration(leastMs: number, mostMs: number = LONGEST_MS): (text: string) => number {
  return (text) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
    const ms = Number(number) * UNITS[unit as keyof typeof UNITS]
    if (Number.isNaN(ms)) throw new InvalidArgumentError('Write a number with its unit: 50ms, 1.5s, 10m.')
    if (ms < leastMs || ms > mostMs) {
      throw new InvalidArgumentError(`It must be from ${writeDuration(leastMs)} to ${writeDuration(mostMs)}.`)
    }
    return ms
  }
}

/** The same as queries have it, in days and weeks too, up to ten years. */
export function longDuration(leastMs: number, mostMs: number = LONGEST_IN_DAYS_MS): (text: string) => number {
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

/** An option whose default the help writes as it is to be written: with its unit. */
export function durationOption(
  flags: string,
  description: string,
  parse: (text: string) => number,
  ms: number,
): Option {
  return new Option(flags, description).argParser(parse).default(ms, writeDuration(ms))
}

/** What {@link duration} reads as exactly this: `50ms`, `1.5s`, `90s`, `1h`, `1500.25ms`. */
export function writeDuration(ms: number): string {
  for (const unit of ['h', 'm'] as const) if (ms > 0 && ms % UNITS[unit] === 0) return `${ms / UNITS[unit]}${unit}`
  return Number.isInteger(ms) && ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`
}

/** `50 ms`, `1.5 s`: to the millisecond, for a person to read. */
export function formatDuration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(3))} s`
}
