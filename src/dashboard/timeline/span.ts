/** How far back a timeline goes. */
export interface Span {
  /** As the address says it. */
  readonly name: '1h' | '6h' | '24h'
  readonly words: string
  /** One bar of failures, in milliseconds. */
  readonly stepMs: number
  readonly stepWords: string
  /** Between the labels of the axis, in milliseconds. */
  readonly tickMs: number
}

/** Every span has as many bars. */
export const STEPS = 60
const MINUTE_MS = 60_000

const HOUR: Span = {
  name: '1h',
  words: 'the last hour',
  stepMs: MINUTE_MS,
  stepWords: 'minute',
  tickMs: 10 * MINUTE_MS,
}

export const SPANS: readonly Span[] = [
  HOUR,
  { name: '6h', words: 'six hours', stepMs: 6 * MINUTE_MS, stepWords: '6 minutes', tickMs: 60 * MINUTE_MS },
  { name: '24h', words: 'a day', stepMs: 24 * MINUTE_MS, stepWords: '24 minutes', tickMs: 240 * MINUTE_MS },
]

export function spanOf(name: string | undefined): Span {
  return SPANS.find((span) => span.name === name) ?? HOUR
}

/** What a timeline shows, in milliseconds since the epoch. Its bounds are whole multiples of a bar. */
export interface Window {
  readonly from: number
  readonly until: number
  readonly now: number
}

export function windowOf({ stepMs }: Span, now: number): Window {
  const until = (Math.floor(now / stepMs) + 1) * stepMs
  return { from: until - STEPS * stepMs, until, now }
}

/** A place in the window from 0 to 1, cut at its ends. */
export function placeOf({ from, until }: Window, at: number): number {
  return Math.min(1, Math.max(0, (at - from) / (until - from)))
}

/** `19:40`, in UTC. */
export function clockText(at: number): string {
  return new Date(at).toISOString().slice(11, 16)
}
