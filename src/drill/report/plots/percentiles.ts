import { formatCount } from '../../checker/exact-durations.ts'
import { scheduledLatencyNs } from '../../checker/latency.ts'
import { confirmOf, type Job } from '../../checker/jobs-ledger.ts'
import { formatMs } from '../durations.ts'
import { type Html, html } from '../../../page/html.ts'
import { heightOn, latencyScale } from './latency-scale.ts'
import { curve, frame, type Point, stretched, type Tick } from './plot-frame.ts'
import type { RunAxis } from './run-axis.ts'

const SHARES: readonly (readonly [share: number, name: string])[] = [
  [0.5, 'p50'],
  [0.9, 'p90'],
  [0.99, 'p99'],
  [0.999, 'p99.9'],
  [1, 'longest'],
]
const HEIGHT = 230
const POINTS = 240

/** Scheduled latency by percentile: the figures, and the whole curve, before the fault and over the whole run. */
export function percentileSection(jobs: readonly Job[], axis: RunAxis): Html | null {
  const all = ascending(jobs)
  if (all.length === 0) return null
  const confirmedBefore = (job: Job): boolean => (confirmOf(job)?.endNs ?? Infinity) < axis.originNs
  const before = axis.hasFault ? ascending(jobs.filter(confirmedBefore)) : new Float64Array()
  const after = axis.hasFault ? ascending(jobs.filter((job) => !confirmedBefore(job))) : new Float64Array()
  const columns = [
    ...(before.length > 0 ? [['before the fault', before] as const] : []),
    ...(after.length > 0 ? [['after it', after] as const] : []),
    ['in the whole run', all] as const,
  ]
  return html`<section id="latency">
    <h2>How late jobs were confirmed</h2>
    <p class="lead">Scheduled latency: from the moment a job was due to its confirm, so that a producer that was held up cannot hide an outage. A percentile is the smallest latency that so many jobs do not exceed.</p>
    <table class="facts percentiles">
      <thead><tr><th scope="col">Confirmed</th>${columns.map(([name]) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
      <tbody><tr><th scope="row">jobs</th>${columns.map(([, values]) => html`<td class="number">${formatCount(values.length)}</td>`)}</tr>
      ${SHARES.map(([share, name]) => html`<tr><th scope="row">${name}</th>${columns.map(([, values]) => html`<td class="number">${formatMs(percentile(values, share))}</td>`)}</tr>`)}</tbody>
    </table>
    ${percentilePlot(all, before)}
  </section>`
}

function percentilePlot(all: Float64Array, before: Float64Array): Html {
  const scale = latencyScale([...all])
  // As many nines as the run has jobs for: one more would only repeat the longest.
  const nines = Math.max(1, Math.floor(Math.log10(all.length)))
  const across: Tick[] = [{ at: 0, label: '0' }]
  for (let nine = 1; nine <= nines; nine++) across.push({ at: nine / nines, label: ninesLabel(nine) })
  const half = Math.log10(2) / nines
  if (nines < 4) across.splice(1, 0, { at: half, label: 'p50' })
  const pointsOf = (values: Float64Array): readonly Point[] =>
    Array.from({ length: values.length === 0 ? 0 : POINTS + 1 }, (_, index): Point => {
      const x = index / POINTS
      return [x, heightOn(scale, percentile(values, 1 - 10 ** (-x * nines)))]
    })
  return html`<figure class="plot">
    <figcaption>Latency by percentile <span class="meaning">each step to the right is a tenth of the jobs before it, ${scale.log ? 'logarithmic scale' : 'linear scale'}</span></figcaption>
    <div class="inset">${frame(
      {
        label: `Scheduled latency by percentile: median ${formatMs(percentile(all, 0.5))}, 99th percentile ${formatMs(percentile(all, 0.99))}, longest ${formatMs(percentile(all, 1))}.`,
        height: HEIGHT,
        across,
        up: scale.ticks.map((tick, index) => ({ at: heightOn(scale, tick), label: scale.labels[index] ?? '' })),
        anchor: 0,
      },
      stretched(HEIGHT, html`${curve(pointsOf(before), HEIGHT, 'second')}${curve(pointsOf(all), HEIGHT)}`),
    )}</div>
    <ul class="legend">
      <li><svg width="22" height="10" aria-hidden="true"><path class="curve" d="M0 5h22"/></svg>the whole run</li>
      ${before.length > 0 && html`<li><svg width="22" height="10" aria-hidden="true"><path class="curve second" d="M0 5h22"/></svg>confirmed before the fault</li>`}
    </ul>
  </figure>`
}

function ascending(jobs: readonly Job[]): Float64Array {
  return Float64Array.from(jobs.flatMap((job) => scheduledLatencyNs(job) ?? []))
    .map((ns) => ns / 1e6)
    .sort()
}

/** The smallest value that at least this share of the ascending values does not exceed; NaN of none. */
export function percentile(values: Float64Array, share: number): number {
  // A tiny bit less, so that the error of a product never asks for one rank more.
  const rank = Math.max(1, Math.ceil(share * values.length - 1e-9))
  return values[rank - 1] ?? Number.NaN
}

function ninesLabel(nines: number): string {
  return nines === 1 ? 'p90' : `p${'9'.repeat(2)}${nines > 2 ? `.${'9'.repeat(nines - 2)}` : ''}`
}
