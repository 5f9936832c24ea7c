import { confirmOf, type Job } from '../checker/jobs-ledger.ts'
import type { Moment } from './moments.ts'
import { type RunAxis, roundTicks, tickLabel } from './run-axis.ts'

/** What the page's script draws scheduled latency from. Seconds are relative to the fault. */
export interface LatencyData {
  readonly spans: readonly {
    readonly name: string
    readonly from: number
    readonly to: number
    readonly ticks: readonly number[]
    readonly labels: readonly string[]
  }[]
  readonly y: {
    readonly log: boolean
    readonly from: number
    readonly to: number
    readonly ticks: readonly number[]
    readonly labels: readonly string[]
  }
  readonly jobs: {
    readonly due: readonly number[]
    readonly latencyMs: readonly number[]
    readonly id: readonly string[]
    readonly attempts: readonly number[]
    /** Index into `endpoints` of the broker that confirmed; an empty name where the attempt began without one. */
    readonly by: readonly number[]
  }
  readonly endpoints: readonly string[]
  /** When jobs fell due that were never confirmed, in seconds. */
  readonly unconfirmed: readonly number[]
  readonly moments: readonly { readonly kind: string; readonly at: number }[]
}

/** How many jobs had a latency, and how many of them are drawn. */
export interface LatencySample {
  readonly data: LatencyData
  readonly confirmed: number
  readonly drawn: number
}

interface Point {
  readonly dueS: number
  readonly ms: number
  readonly id: string
  readonly attempts: number
  readonly endpoint: string
}

const MOST_POINTS = 20_000
// Below this a confirm is as good as immediate, and a logarithm has no zero.
const SHORTEST_MS = 0.05
const LOGARITHMIC_FROM = 20

export function latencyData(
  jobs: readonly Job[],
  axis: RunAxis,
  moments: readonly Moment[],
  nameOf: (endpoint: string | null) => string,
): LatencySample {
  const points: Point[] = []
  const unconfirmed: number[] = []
  for (const job of jobs) {
    if (job.dueNs === null) continue
    const dueS = seconds(job.dueNs - axis.originNs)
    const confirm = confirmOf(job)
    if (!confirm) {
      unconfirmed.push(dueS)
      continue
    }
    points.push({
      dueS,
      ms: Math.max(SHORTEST_MS, round((confirm.endNs - job.dueNs) / 1e6, 2)),
      id: job.id,
      attempts: job.attempts.length,
      endpoint: confirm.endpoint === null ? '' : nameOf(confirm.endpoint),
    })
  }
  const drawn = thin(points, MOST_POINTS)
  const endpoints = [...new Set(drawn.map((point) => point.endpoint))]
  const indexOf = new Map(endpoints.map((endpoint, index) => [endpoint, index]))
  return {
    confirmed: points.length,
    drawn: drawn.length,
    data: {
      spans: axis.spans.map((span) => {
        const from = seconds(span.fromNs - axis.originNs)
        const to = seconds(span.toNs - axis.originNs)
        const ticks = roundTicks(from, to, 6)
        return { name: span.name, from, to, ticks, labels: ticks.map(tickLabel) }
      }),
      y: latencyScale(points.map((point) => point.ms)),
      jobs: {
        due: drawn.map((point) => point.dueS),
        latencyMs: drawn.map((point) => point.ms),
        id: drawn.map((point) => point.id),
        attempts: drawn.map((point) => point.attempts),
        by: drawn.map((point) => indexOf.get(point.endpoint) ?? 0),
      },
      endpoints,
      unconfirmed: unconfirmed.slice(0, MOST_POINTS),
      moments: moments.map((moment) => ({ kind: moment.kind, at: seconds(moment.atNs - axis.originNs) })),
    },
  }
}

/**
 * At most `most` points: of every run of neighbours the slowest and the fastest, so that no peak and no
 * floor is thinned away.
 */
export function thin<P extends { readonly ms: number }>(points: readonly P[], most: number): readonly P[] {
  if (points.length <= most) return points
  const size = Math.ceil(points.length / Math.floor(most / 2))
  const kept: P[] = []
  for (let start = 0; start < points.length; start += size) {
    let slowest = start
    let fastest = start
    for (let index = start; index < Math.min(start + size, points.length); index += 1) {
      if (msAt(points, index) > msAt(points, slowest)) slowest = index
      if (msAt(points, index) < msAt(points, fastest)) fastest = index
    }
    for (const index of new Set([Math.min(slowest, fastest), Math.max(slowest, fastest)])) {
      const point = points[index]
      if (point) kept.push(point)
    }
  }
  return kept
}

function msAt(points: readonly { readonly ms: number }[], index: number): number {
  return points[index]?.ms ?? 0
}

/** A logarithmic scale where the slowest job took many times the median, else a linear one from zero. */
export function latencyScale(values: readonly number[]): LatencyData['y'] {
  const sorted = [...values].sort((one, other) => one - other)
  const least = sorted[0] ?? 1
  const most = sorted.at(-1) ?? 1
  const median = sorted[Math.floor(sorted.length / 2)] ?? 1
  if (most < median * LOGARITHMIC_FROM) {
    const ticks = roundTicks(0, most * 1.15, 4)
    return { log: false, from: 0, to: most * 1.15, ticks, labels: ticks.map(shortMs) }
  }
  const from = 10 ** Math.floor(Math.log10(least))
  const to = most * 1.5
  const ticks: number[] = []
  for (let tick = from; tick <= to; tick = round(tick * 10, 6)) ticks.push(tick)
  return { log: true, from, to, ticks, labels: ticks.map(shortMs) }
}

function shortMs(ms: number): string {
  return ms >= 1000 ? `${round(ms / 1000, 3)} s` : `${round(ms, 3)} ms`
}

function seconds(ns: number): number {
  return round(ns / 1e9, 4)
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
