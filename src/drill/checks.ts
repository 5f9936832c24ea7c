/** Whether a value that was read from a file is of the kind that it should be. */
export type Check = (value: unknown) => boolean

export const text: Check = (value) => typeof value === 'string'
export const number: Check = (value) => typeof value === 'number' && Number.isFinite(value)
export const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

export function orNull(check: Check): Check {
  return (value) => value === null || check(value)
}

export function orAbsent(check: Check): Check {
  return (value) => value === undefined || check(value)
}

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every((item) => check(item))
}

export function fields(checks: Readonly<Record<string, Check>>): Check {
  return (value) => wrongField(value, checks) === undefined
}

export const BOUNDS: Check = fields({ lower: number, upper: number })

/** The first field that is not as it should be; undefined when all are. */
export function wrongField(value: unknown, checks: Readonly<Record<string, Check>>): string | undefined {
  if (!object(value)) return Object.keys(checks)[0]
  const held = value as Record<string, unknown>
  return Object.keys(checks).find((name) => !checks[name]?.(held[name]))
}
