/** What a query may measure an age in, in milliseconds each. The largest first. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
])

/** What to tell who wrote something else. */
export const DURATION_FORM = 'a duration such as 90s, 15m, 2h, 1d or 1w'

/** The milliseconds of a duration such as `2h` or `1.5d`; undefined where it is none. */
export function parseQueryDuration(text: string): number | undefined {
  const [, digits, name] = /^(\d{1,12}(?:\.\d{1,6})?)(ms|[smhdw])$/.exec(text) ?? []
  const unit = name === undefined ? undefined : UNITS.get(name)
  if (digits === undefined || unit === undefined) return undefined
  const ms = Number(digits) * unit
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : undefined
}

/** A duration in the largest unit that says it exactly. */
export function formatQueryDuration(ms: number): string {
  for (const [name, unit] of UNITS) if (ms > 0 && ms % unit === 0) return `${ms / unit}${name}`
  return `${ms}ms`
}
