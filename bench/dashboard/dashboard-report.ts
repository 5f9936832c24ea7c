import { seededRandom } from '../../src/clock.ts'
import type { Claim } from '../claim.ts'
import { type DrillRun, type Figures, isWatched } from './rounds.ts'
import { median, middleMean } from '../percentile.ts'

/** One figure of all drills: the mean of their middle. Ratios are to the drills that nobody looked at. */
export interface Compared {
  readonly name: string
  readonly unit: string
  readonly alone: number | undefined
  readonly watched: number | undefined
  readonly ratio: number | undefined
  /** Where the ratio lies with 95 %, by resampling; undefined with fewer than eight rounds. */
  readonly interval: Interval | undefined
  /** The same between drills that nobody looked at, both times: what the machine does by itself. */
  readonly noise: number | undefined
  readonly noiseInterval: Interval | undefined
  /** Whether it has to stay as it is; what else is told explains it. */
  readonly isJudged: boolean
}

interface Interval {
  readonly lower: number
  readonly upper: number
}

interface Figure {
  readonly key: keyof Figures
  readonly name: string
  readonly unit: string
  /** Whether the wait for the standby's next look is a part of it. */
  readonly hasLockWait?: true
  /** Parts of other figures: they are told, and the whole is judged. */
  readonly isPart?: true
}

const FIGURES: readonly Figure[] = [
  { key: 'confirmedPerSecond', name: 'confirmed jobs', unit: '/s' },
  { key: 'latencyP50Ms', name: 'confirm latency, median', unit: 'ms' },
  { key: 'latencyP99Ms', name: 'confirm latency, p99', unit: 'ms' },
  { key: 'outageMs', name: 'outage of the producer', unit: 'ms', hasLockWait: true },
  { key: 'failoverMs', name: 'failover', unit: 'ms', hasLockWait: true },
  { key: 'retryThresholdMs', name: 'retry threshold', unit: 'ms', hasLockWait: true },
  { key: 'takeoverMs', name: "the standby's share of it", unit: 'ms', isPart: true },
  { key: 'clientShareMs', name: "the client's share of it", unit: 'ms', isPart: true },
  { key: 'lockWaitMs', name: 'the wait for the lock', unit: 'ms', isPart: true },
]

const ALLOWED = 0.05
const RESAMPLED = 2000
// At each end. One drill that the machine held up must not decide, and the median of few is too coarse.
const TRIMMED = 0.2
// The percentile bootstrap of fewer promises more than it keeps.
const FEWEST_ROUNDS = 8

/**
 * Sets the drills side by side. Outage, failover and retry threshold are compared at an equal wait for the lock: the
 * median of all drills takes the place of each drill's own wait, which is a draw of up to `lockPollMs` by when the kill
 * fell. So a change is a share of the figure as it is, and no lottery decides. What those who look may add to the wait
 * itself, a timer that is late by a millisecond or two, stands in the row of that wait, which no number of drills that
 * anybody has time for can judge.
 */
export function compareRuns(runs: readonly DrillRun[]): readonly Compared[] {
  const rounds = [...Map.groupBy(runs, ({ round }) => round).values()]
  const usualWaitMs = median(runs.flatMap(({ figures }) => figures.lockWaitMs ?? [])) ?? 0
  return FIGURES.map(({ key, name, unit, hasLockWait = false, isPart = false }) => {
    const read = ({ figures }: DrillRun): number | undefined => {
      const value = figures[key] ?? undefined
      if (!hasLockWait || value === undefined) return value
      return figures.lockWaitMs === null ? undefined : value - figures.lockWaitMs + usualWaitMs
    }
    const of = (some: readonly DrillRun[], wanted: (run: DrillRun) => boolean): number | undefined =>
      middleMean(
        some.flatMap((run) => (wanted(run) ? (read(run) ?? []) : [])),
        TRIMMED,
      )
    const looked = (some: readonly DrillRun[]): number | undefined =>
      ratioOf(
        of(some, ({ arm }) => isWatched(arm)),
        of(some, ({ arm }) => !isWatched(arm)),
      )
    const byItself = (some: readonly DrillRun[]): number | undefined =>
      ratioOf(
        of(some, ({ arm }) => arm === 'alone again'),
        of(some, ({ arm }) => arm === 'alone'),
      )
    return {
      name: hasLockWait && usualWaitMs > 0 ? `${name}, at equal wait for the lock` : name,
      unit,
      alone: of(runs, ({ arm }) => !isWatched(arm)),
      watched: of(runs, ({ arm }) => isWatched(arm)),
      ratio: looked(runs),
      interval: intervalOf(rounds, looked),
      noise: byItself(runs),
      noiseInterval: intervalOf(rounds, byItself),
      isJudged: !isPart,
    }
  })
}

/** It is judged where the interval lies on one side of the bound: too few drills say nothing either way. */
export function dashboardClaims(runs: readonly DrillRun[], streams: number): readonly Claim[] {
  const seen = runs.flatMap(({ watched }) => watched ?? [])
  const judged = compareRuns(runs).filter(({ isJudged }) => isJudged)
  return [
    ...judged.map(({ name, ratio, interval, noise, noiseInterval }): Claim => {
      const within = interval && Math.max(1 - interval.lower, interval.upper - 1) < ALLOWED
      const beyond = interval && (interval.lower - 1 > ALLOWED || 1 - interval.upper > ALLOWED)
      const found = `${percentText(ratio)}${intervalText(interval)}`
      return {
        text: `${streams} who look change it by less than ${ALLOWED * 100} %: ${name}`,
        holds: within ? true : beyond ? false : undefined,
        found: `${found}; two that nobody looked at: ${percentText(noise)}${intervalText(noiseInterval)}`,
      }
    }),
    {
      text: 'every event stream stayed open and was told of something',
      holds: seen.length > 0 && seen.every(({ open, fragments }) => open === streams && fragments >= streams),
      found: openText(seen),
    },
    {
      text: 'no drill lost a job',
      holds: runs.every(({ lost }) => lost === 0),
      found: `${runs.filter(({ lost }) => lost !== 0).length} of ${runs.length} drills did, or could not tell`,
    },
  ]
}

export function dashboardText(runs: readonly DrillRun[]): string {
  const rows = compareRuns(runs).map(({ name, unit, alone, watched, ratio, interval, noise }) => [
    name,
    valueText(alone, unit),
    valueText(watched, unit),
    percentText(ratio),
    interval === undefined ? '' : `${percentText(interval.lower)} to ${percentText(interval.upper)}`,
    percentText(noise),
  ])
  const head = ['mean of the drills in the middle', 'alone', 'watched', 'change', '95 %', 'by itself']
  const widths = [56, 11, 11, 11, 21, 11]
  return [head, ...rows]
    .map((cells) =>
      cells
        .map((cell, index) => padded(cell, index, widths[index] ?? 0))
        .join('')
        .trimEnd(),
    )
    .join('\n')
}

function padded(cell: string, index: number, width: number): string {
  return index === 0 ? cell.padEnd(width) : cell.padStart(width)
}

/** The percentile bootstrap over rounds: what a round's drills have in common must not count as evidence. */
function intervalOf(
  rounds: readonly (readonly DrillRun[])[],
  estimate: (runs: readonly DrillRun[]) => number | undefined,
): Interval | undefined {
  if (rounds.length < FEWEST_ROUNDS) return undefined
  const random = seededRandom(1)
  const drawn = (): readonly DrillRun[] => rounds.flatMap(() => rounds[Math.floor(random() * rounds.length)] ?? [])
  const ratios = Array.from({ length: RESAMPLED }, () => estimate(drawn()) ?? Number.NaN)
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

function intervalText(interval: Interval | undefined): string {
  return interval === undefined ? '' : `, 95 %: ${percentText(interval.lower)} to ${percentText(interval.upper)}`
}

function openText(seen: readonly { readonly open: number; readonly fragments: number }[]): string {
  const [open, fragments] = [seen.map((one) => one.open), seen.map((one) => one.fragments)]
  if (seen.length === 0) return 'nobody looked'
  return `${Math.min(...open)} open at least, ${Math.min(...fragments)} parts at least, in ${seen.length} drills`
}

function percentText(ratio: number | undefined): string {
  if (ratio === undefined) return 'not seen'
  const change = (ratio - 1) * 100
  return `${change < 0 ? '' : '+'}${change.toFixed(1)} %`
}
