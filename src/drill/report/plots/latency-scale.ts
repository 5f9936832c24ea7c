import { roundTicks } from './run-axis.ts'

export interface LatencyScale {
  readonly log: boolean
  /** Milliseconds. */
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  readonly labels: readonly string[]
}

const LOGARITHMIC_FROM = 20

/** A logarithmic scale where the slowest job took many times the median, else a linear one from zero. */
export function latencyScale(values: readonly number[]): LatencyScale {
  const sorted = Float64Array.from(values).sort()
  const least = sorted[0] ?? 1
  const most = sorted.at(-1) ?? 1
  const median = sorted[Math.floor(sorted.length / 2)] ?? 1
  if (most < median * LOGARITHMIC_FROM) {
    const to = Math.max(most, 0.001) * 1.15
    const ticks = roundTicks(0, to, 4)
    return { log: false, from: 0, to, ticks, labels: ticks.map(shortMs) }
  }
  const from = 10 ** Math.floor(Math.log10(Math.max(least, 0.05)))
  const to = most * 1.5
  const ticks: number[] = []
  for (let tick = from; tick <= to; tick = round(tick * 10, 6)) ticks.push(tick)
  return { log: true, from, to, ticks, labels: ticks.map(shortMs) }
}

/** Where a latency stands on the scale, from 0 to 1. */
export function heightOn(scale: LatencyScale, ms: number): number {
  const { log, from, to } = scale
  if (!log) return (ms - from) / (to - from)
  return Math.max(0, Math.log(Math.max(ms, from) / from) / Math.log(to / from))
}

function shortMs(ms: number): string {
  return ms >= 1000 ? `${round(ms / 1000, 3)} s` : `${round(ms, 3)} ms`
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
