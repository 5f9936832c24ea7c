import type { HistoryEvent } from '../history.ts'
import type { DrillResult } from '../result.ts'
import { formatMs, plural } from './durations.ts'
import type { FaultPlace, NameOf } from './fate-words.ts'
import { type Html, html, trusted } from './html.ts'
import type { JobStory } from './job-stories.ts'
import { type Lane, type LaneAttempt, laneLegend, lanesPlot, laneSymbols } from './lanes.ts'
import type { LatencySample } from './latency-data.ts'
import { momentLabels } from './moment-labels.ts'
import type { Moment } from './moments.ts'
import type { RunAxis } from './run-axis.ts'

/** What the history tells, by the checker's own readings of it. */
export interface Told {
  readonly events: readonly HistoryEvent[]
  readonly fault: FaultPlace | null
  readonly axis: RunAxis
  readonly lines: readonly Moment[]
  readonly stories: readonly JobStory[]
  readonly attempts: readonly LaneAttempt[]
  readonly latency: LatencySample
  readonly nameOf: NameOf
}

/** The run over time: scheduled latency and attempts by broker on one axis, the moments drawn through both. */
export function runSection(result: DrillResult, told: Told): Html {
  const { axis, lines, latency, attempts, events } = told
  const lanes = lanesOf(result, told)
  const scale = latency.data.y.log ? 'logarithmic scale' : 'linear scale'
  return html`<section class="run">
    <h2>The run over time</h2>
    <p class="lead">${axis.hasFault ? 'Zero is the moment the fault took effect: when it was proven, or when a client felt it, whichever came first.' : 'Zero is the beginning of the run.'} All times are seconds from there.</p>
    ${spanChoice(axis)}
    <figure class="plot">
      <figcaption class="caption">Scheduled latency <span class="meaning">from the moment a job was due to its confirm, ${scale}${latency.drawn < latency.confirmed && `; ${plural(latency.confirmed, 'job')} thinned to ${latency.drawn} points, the slowest and the fastest of neighbours`}</span></figcaption>
      <div class="inset">${axis.spans.map((span) => momentLabels(lines, axis, span))}</div>
      <div id="latency-plot" role="img" aria-label="${latencyInWords(result)}"><noscript>This plot is drawn by the page’s own script, which is switched off.</noscript></div>
      <p class="readout" id="latency-readout" data-idle="Point at the plot to read a job."></p>
      ${latencyLegend(told)}
    </figure>
    <figure class="plot">
      <figcaption class="caption">Attempts by broker <span class="meaning">each mark one attempt to send a job; beneath, what a probe met there</span></figcaption>
      ${laneSymbols()}
      <div class="inset">${axis.spans.map((span) => lanesPlot(lanes, attempts, events, lines, axis, span))}</div>
      ${laneLegend(attempts, events)}
    </figure>
  </section>`
}

function spanChoice(axis: RunAxis): Html | null {
  if (axis.spans.length < 2) return null
  return html`<fieldset class="spans"><legend>Show</legend>${axis.spans.map(
    (span, index) =>
      html`<label><input type="radio" name="span" id="span-${span.name}" value="${span.name}"${index === 0 && trusted(' checked')}> ${span.label}</label>`,
  )}</fieldset>`
}

function latencyLegend({ latency, attempts }: Told): Html {
  const again = attempts.some((attempt) => attempt.k > 1)
  return html`<ul class="legend">
    <li><svg width="14" height="12" aria-hidden="true"><use href="#m-ack" x="1" y="0" width="12" height="12"/></svg>sent once</li>
    ${again && html`<li><svg width="14" height="12" aria-hidden="true"><circle class="resent" cx="7" cy="6" r="4"/></svg>sent more than once</li>`}
    ${latency.data.unconfirmed.length > 0 && html`<li><svg width="14" height="12" aria-hidden="true"><path class="unconfirmed" d="M3 2 11 10M11 2 3 10"/></svg>never confirmed, at the top edge (${latency.data.unconfirmed.length})</li>`}
  </ul>`
}

function latencyInWords(result: DrillResult): string {
  if (result.latencyMs === null) return 'Scheduled latency over time: no job was confirmed.'
  const { p50, p99, max } = result.latencyMs
  return `Scheduled latency over time: median ${formatMs(p50)}, 99th percentile ${formatMs(p99)}, longest ${formatMs(max)}.`
}

function lanesOf(result: DrillResult, { attempts, nameOf }: Told): readonly Lane[] {
  const endpoints = new Set<string | null>(result.target.brokers.map((broker) => broker.endpoint))
  const met = new Set(attempts.map((attempt) => attempt.endpoint))
  for (const endpoint of met) if (endpoint !== null) endpoints.add(endpoint)
  // Those that began without a connection come last.
  if (met.has(null)) endpoints.add(null)
  return [...endpoints].map((endpoint) => ({ endpoint, name: nameOf(endpoint) }))
}
