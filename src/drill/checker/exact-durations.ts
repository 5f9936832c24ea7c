const NS_PER_MS = 1e6

export function nsOf(ms: number): number {
  return Math.round(ms * NS_PER_MS)
}

/** Whole milliseconds, never more than it was: for a lower bound. */
export function msAtLeast(ns: number): number {
  return Math.floor(ns / NS_PER_MS)
}

/** Whole milliseconds, never less than it was: for an upper bound, and for a time that a promise rests on. */
export function msAtMost(ns: number): number {
  return Math.ceil(ns / NS_PER_MS)
}

/** The nearest whole millisecond. */
export function msNear(ns: number): number {
  return Math.round(ns / NS_PER_MS)
}

/** A duration in a sentence, to the millisecond: `213 ms`, `9.2 s`, `72.413 s`. */
export function sayMs(ms: number): string {
  if (Math.abs(ms) < 1000) return `${Math.round(ms)} ms`
  return `${Number((ms / 1000).toFixed(3))} s`
}

/** A whole number with thin groups: `12 345`. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** `1 job`, `2 jobs`, `no job`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  if (count === 0) return `no ${one}`
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
