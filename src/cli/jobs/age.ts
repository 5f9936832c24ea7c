const STEPS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** How long ago, in the largest unit that fills at least one: `3d`, `40m`, `2s`, `0s`. */
export function age(at: number, now: number): string {
  const ms = Math.max(0, now - at)
  for (const [unit, length] of STEPS) if (ms >= length) return `${Math.floor(ms / length)}${unit}`
  return '0s'
}

/** A time for people, to the second: `2026-03-01 12:00:00Z`. */
export function timeText(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? 'unknown' : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`
}
