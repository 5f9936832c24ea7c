import { formatCount } from '../checker/exact-durations.ts'

/** A duration for a person: `0.4 ms`, `241 ms`, `9.21 s`, `31.5 s`, `2 min 5 s`. Null is `not observed`. */
export function formatMs(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return 'not observed'
  const size = Math.abs(ms)
  if (size < 9.95) return `${trimZero(ms.toFixed(1))} ms`
  if (size < 999.5) return `${Math.round(ms)} ms`
  return formatSeconds(ms)
}

/** The same in seconds whatever the size, for what is told in seconds: `0.24 s`, `12.4 s`, `2 min 5 s`. */
export function formatSeconds(ms: number): string {
  const size = Math.abs(ms)
  if (size < 9_995) return `${(ms / 1000).toFixed(2)} s`
  if (size < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(size / 1000)
  const minutes = Math.floor(seconds / 60)
  const rest = seconds % 60
  return `${ms < 0 ? '−' : ''}${minutes} min${rest === 0 ? '' : ` ${rest} s`}`
}

/** An instant on the axis of a drill, where zero is the fault: `+0.241 s`, `−1.203 s`. */
export function formatOffset(ns: number): string {
  const seconds = (Math.abs(ns) / 1e9).toFixed(3)
  if (Number(seconds) === 0) return '0.000 s'
  return `${ns < 0 ? '−' : '+'}${seconds} s`
}

/** Keeps every number on one line with its unit. */
export function unbroken(text: string): string {
  return text.replaceAll(/(?<=\d) (?=(?:ms|s|min|jobs?)\b|%)/g, '\u00a0')
}

/** `1 job`, `2 jobs`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

export function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text
}
