import type { Job } from '../../checker/jobs-ledger.ts'
import { formatMs } from '../durations.ts'
import { type Html, html } from '../../../page/html.ts'
import { momentLines } from './moment-labels.ts'
import type { Moment } from '../moments.ts'
import { area, curve, frame, type Point, steps, stretched, type Tick } from './plot-frame.ts'
import { type Rates, ratesOver } from './rates.ts'
import { axisTicks, position, type RunAxis, roundTicks, type Span } from './run-axis.ts'

const RATE_HEIGHT = 130
const BACKLOG_HEIGHT = 84
const ROOM_ABOVE = 1.12

/** Confirms and deliveries a second, and beneath them how many jobs were waiting. */
export function ratesPlot(jobs: readonly Job[], everyMs: number, moments: readonly Moment[], axis: RunAxis): Html {
  const spans = axis.spans.map((span) => ({ span, rates: ratesOver(jobs, span, everyMs, axis.originNs) }))
  const bins = spans.map(
    ({ span, rates }) => html`<span class="${span.name}">in steps of ${formatMs(rates.binNs / 1e6)}</span>`,
  )
  return html`<figure class="plot">
    <figcaption>Rate <span class="meaning">jobs confirmed and jobs delivered a second, ${bins}</span></figcaption>
    <div class="inset">${spans.map(({ span, rates }) => rateChart(rates, moments, axis, span))}</div>
    <ul class="legend">
      <li><svg width="22" height="10" aria-hidden="true"><path class="curve" d="M0 5h22"/></svg>confirmed to the producer</li>
      <li><svg width="22" height="10" aria-hidden="true"><path class="curve second" d="M0 5h22"/></svg>delivered to the listener</li>
    </ul>
  </figure>
  <figure class="plot">
    <figcaption>Backlog <span class="meaning">jobs that were due and not yet delivered, the most in each step</span></figcaption>
    <div class="inset">${spans.map(({ span, rates }) => backlogChart(rates, moments, axis, span))}</div>
  </figure>`
}

function rateChart(rates: Rates, moments: readonly Moment[], axis: RunAxis, span: Span): Html {
  const most = Math.max(1, ...rates.confirmed, ...rates.delivered) * ROOM_ABOVE
  return frame(
    {
      name: span.name,
      label: `Confirms and deliveries a second, ${span.label}; at most ${Math.round(most / ROOM_ABOVE)}.`,
      height: RATE_HEIGHT,
      up: upTo(most, '/s'),
      ...axisTicks(axis, span),
    },
    html`${stretched(RATE_HEIGHT, html`${curve(stepsOf(rates, rates.confirmed, most, span), RATE_HEIGHT)}${curve(stepsOf(rates, rates.delivered, most, span), RATE_HEIGHT, 'second')}`)}
    ${momentLines(moments, span, 0, RATE_HEIGHT)}`,
  )
}

function backlogChart(rates: Rates, moments: readonly Moment[], axis: RunAxis, span: Span): Html {
  const most = Math.max(1, ...rates.backlog) * ROOM_ABOVE
  return frame(
    {
      name: span.name,
      label: `Backlog, ${span.label}; at most ${Math.max(0, ...rates.backlog)} jobs.`,
      height: BACKLOG_HEIGHT,
      up: upTo(most, ''),
      ...axisTicks(axis, span),
    },
    html`${stretched(BACKLOG_HEIGHT, area(stepsOf(rates, rates.backlog, most, span), BACKLOG_HEIGHT))}
    ${momentLines(moments, span, 0, BACKLOG_HEIGHT)}`,
  )
}

function stepsOf(rates: Rates, values: Float64Array, most: number, span: Span): readonly Point[] {
  const points = Array.from(values, (value, bin): Point => {
    return [position(rates.fromNs + bin * rates.binNs, span), value / most]
  })
  const last = points.at(-1)
  return steps(last ? [...points, [position(rates.fromNs + values.length * rates.binNs, span), last[1]]] : points)
}

function upTo(most: number, unit: string): readonly Tick[] {
  return roundTicks(0, most, 3)
    .filter(Number.isInteger)
    .map((value) => ({ at: value / most, label: `${value}${unit}` }))
}
