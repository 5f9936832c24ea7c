import { seededRandom } from '../../src/clock.ts'
import type { Claim } from '../claim.ts'
import type { Arm, DrillRun, Figures } from './rounds.ts'
import { median } from '../percentile.ts'

/** One figure of all drills, in the middle. Ratios are to the drills that nobody looked at. */
export interface Compared {
  readonly name: string
  readonly unit: string
  readonly alone: number | undefined
  readonly watched: number | undefined
  readonly ratio: number | undefined
  /** Where the ratio lies with 95 %, by resampling; undefined with fewer than three drills of a kind. */
  readonly interval: { readonly lower: number; readonly upper: number } | undefined
  /** The same between drills that nobody looked at, both times: what the machine does by itself. */
  readonly noise: number | undefined
}

const FIGURES: readonly { readonly key: keyof Figures; readonly name: string; readonly unit: string }[] = [
  { key: 'confirmedPerSecond', name: 'confirmed jobs', unit: '/s' },
  { key: 'latencyP50Ms', name: 'confirm latency, median', unit: 'ms' },
  { key: 'latencyP99Ms', name: 'confirm latency, p99', unit: 'ms' },
  { key: 'outageMs', name: 'outage of the producer', unit: 'ms' },
  { key: 'failoverMs', name: 'failover', unit: 'ms' },
  { key: 'clientShareMs', name: "the client's share of it", unit: 'ms' },
  { key: 'retryThresholdMs', name: 'retry threshold', unit: 'ms' },
]

const ALLOWED = 0.05

export function compareRuns(runs: readonly DrillRun[]): readonly Compared[] {
  return FIGURES.map(({ key, name, unit }) => {
    const of = (...arms: readonly Arm[]): readonly number[] =>
      runs.flatMap((run) => (arms.includes(run.arm) ? (run.figures[key] ?? []) : []))
    const [alone, watched] = [of('alone', 'alone again'), of('watched')]
    return {
      name,
      unit,
      alone: median(alone),
      watched: median(watched),
      ratio: ratioOf(median(watched), median(alone)),
      interval: intervalOf(watched, alone),
      noise: ratioOf(median(of('alone again')), median(of('alone'))),
    }
  })
}

/** It is judged where the interval lies on one side of the bound: too few drills say nothing either way. */
export function dashboardClaims(runs: readonly DrillRun[], streams: number): readonly Claim[] {
  const seen = runs.flatMap(({ watched }) => watched ?? [])
  return [
    ...compareRuns(runs).map(({ name, ratio, interval, noise }): Claim => {
      const within = interval && Math.max(1 - interval.lower, interval.upper - 1) < ALLOWED
      const beyond = interval && (interval.lower - 1 > ALLOWED || 1 - interval.upper > ALLOWED)
      const sure = interval ? `, 95 %: ${percentText(interval.lower)} to ${percentText(interval.upper)}` : ''
      return {
        text: `${streams} who look change it by less than ${ALLOWED * 100} %: ${name}`,
        holds: within ? true : beyond ? false : undefined,
        found: `${percentText(ratio)}${sure}; two that nobody looked at: ${percentText(noise)}`,
      }
    }),
    {
      text: 'every event stream stayed open and was told of something',
      holds: seen.length > 0 && seen.every(({ open, fragments }) => open === streams && fragments >= streams),
      found: seen.map(({ open, fragments }) => `${open} open, ${fragments} parts`).join('; '),
    },
    {
      text: 'no drill lost a job',
      holds: runs.every(({ lost }) => lost === 0),
      found: runs.map(({ lost }) => lost ?? '?').join(' '),
    },
  ]
}

export function dashboardText(runs: readonly DrillRun[]): string {
  const rows = compareRuns(runs).map(({ name, unit, alone, watched, ratio, noise }) =>
    [name, valueText(alone, unit), valueText(watched, unit), percentText(ratio), percentText(noise)].map(
      (cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(12)),
    ),
  )
  const head = ['median of the drills', 'alone', 'watched', 'change', 'by itself'].map((cell, index) =>
    index === 0 ? cell.padEnd(26) : cell.padStart(12),
  )
  return [head, ...rows].map((cells) => cells.join('').trimEnd()).join('\n')
}

const RESAMPLED = 4000
const FEWEST = 3

/** The percentile bootstrap: the ratio of medians over drills drawn again from those that there were. */
function intervalOf(one: readonly number[], other: readonly number[]): Compared['interval'] {
  if (one.length < FEWEST || other.length < FEWEST) return undefined
  const random = seededRandom(1)
  const drawn = (values: readonly number[]): number | undefined =>
    median(values.map(() => values[Math.floor(random() * values.length)] ?? 0))
  const ratios = Array.from({ length: RESAMPLED }, () => ratioOf(drawn(one), drawn(other)) ?? Number.NaN)
  if (ratios.some((ratio) => Number.isNaN(ratio))) return undefined
  const sorted = ratios.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 1
  return { lower: at(0.025), upper: at(0.975) }
}

function ratioOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined || other === 0 ? undefined : one / other
}

function valueText(value: number | undefined, unit: string): string {
  return value === undefined ? 'not seen' : `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ${unit}`
}

function percentText(ratio: number | undefined): string {
  if (ratio === undefined) return 'not seen'
  const change = (ratio - 1) * 100
  return `${change < 0 ? '' : '+'}${change.toFixed(1)} %`
}
