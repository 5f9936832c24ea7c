import type { EventOf } from '../checker/timeline.ts'
import type { HistoryEvent } from '../history.ts'
import type { DrillResult } from '../result.ts'
import { formatMs, plural } from './durations.ts'
import type { FaultPlace, NameOf } from './stories/fate-words.ts'
import { type Html, html, trusted } from '../../page/html.ts'
import type { JobStory } from './stories/job-stories.ts'
import { type Lane, type LaneAttempt, laneLegend, lanesPlot, laneSymbols } from './plots/lanes.ts'
import { momentKey, momentLabels } from './plots/moment-labels.ts'
import type { Moment } from './moments.ts'
import { ratesPlot } from './plots/rates-plot.ts'
import type { RunAxis } from './plots/run-axis.ts'

/** What the history tells, by the checker's own readings of it. */
export interface Told {
  readonly run: EventOf<'run'>
  /** In the order of time. */
  readonly events: readonly HistoryEvent[]
  readonly fault: FaultPlace | null
  readonly axis: RunAxis
  readonly lines: readonly Moment[]
  readonly stories: readonly JobStory[]
  readonly attempts: readonly LaneAttempt[]
  /** The names of endpoints: of brokers, and of what stands before them. */
  readonly names: ReadonlyMap<string, string>
  readonly nameOf: NameOf
}

/** The run over time: latency, attempts, rates and backlog on one axis, the moments drawn through all of them. */
export function runSection(result: DrillResult, told: Told): Html {
  const { run, axis, lines, attempts, events, stories } = told
  const lanes = lanesOf(result, told)
  const jobs = stories.map((story) => story.job)
  return html`<section class="run" id="run">
    <h2>The run over time</h2>
    <p class="lead">${axis.hasFault ? 'Zero is the moment the fault took effect: when it was proven, or when a client felt it, whichever came first.' : 'Zero is the beginning of the run.'} All times are seconds from there.</p>
    ${spanChoice(axis)}
    <figure class="plot">
      <figcaption>Scheduled latency <span class="meaning">from the moment a job was due to its confirm; each mark a job, where they crowd the slowest and the fastest</span></figcaption>
      <div class="inset">${axis.spans.map((span) => momentLabels(lines, axis, span))}</div>
      <div id="latency-plot" role="img" aria-label="${latencyInWords(result)}"><noscript>This plot is drawn by the page’s own script, which is switched off. The percentiles further down say the same in figures.</noscript></div>
      <p class="readout" id="latency-readout" data-idle="Point at a job to read it, choose it to see its story."></p>
      ${axis.spans.map((span) => momentKey(lines, axis, span))}
      ${latencyLegend(told)}
    </figure>
    <figure class="plot">
      <figcaption>Attempts by ${run.entrances ? 'entrance and broker' : 'broker'} <span class="meaning">each mark one attempt to send a job; beneath, what a probe met there</span></figcaption>
      ${laneSymbols()}
      <div class="inset">${axis.spans.map((span) => lanesPlot(lanes, attempts, events, lines, axis, span))}</div>
      ${laneLegend(attempts, events)}
    </figure>
    ${ratesPlot(jobs, run.everyMs, lines, axis)}
  </section>`
}

function spanChoice(axis: RunAxis): Html | null {
  if (axis.spans.length < 2) return null
  return html`<fieldset class="spans"><legend class="unseen">Part of the run</legend>${axis.spans.map(
    (span, index) =>
      html`<label><input type="radio" name="span" id="span-${span.name}" value="${span.name}"${index === 0 && trusted(' checked')}>${span.label}</label>`,
  )}</fieldset>`
}

function latencyLegend({ stories, attempts }: Told): Html {
  const again = attempts.some((attempt) => attempt.k > 1)
  const never = stories.filter(
    ({ job }) => job.dueNs !== null && !job.attempts.some(({ outcome }) => outcome === 'ack'),
  )
  return html`<ul class="legend">
    <li><svg width="14" height="12" aria-hidden="true"><use href="#m-ack" x="1" y="0" width="12" height="12"/></svg>sent once</li>
    ${again && html`<li><svg width="14" height="12" aria-hidden="true"><circle class="resent" cx="7" cy="6" r="4"/></svg>sent more than once</li>`}
    ${never.length > 0 && html`<li><svg width="14" height="12" aria-hidden="true"><path class="unconfirmed" d="M3 2 11 10M11 2 3 10"/></svg>never confirmed, at the top edge: ${plural(never.length, 'job')}</li>`}
  </ul>`
}

function latencyInWords(result: DrillResult): string {
  if (result.latencyMs === null) return 'Scheduled latency over time: no job was confirmed.'
  const { p50, p99, max } = result.latencyMs
  return `Scheduled latency over time: median ${formatMs(p50)}, 99th percentile ${formatMs(p99)}, longest ${formatMs(max)}.`
}

function lanesOf(result: DrillResult, { run, attempts, nameOf }: Told): readonly Lane[] {
  // Where clients come in by a door of its own, that is what they tried; the brokers behind it are only probed.
  const endpoints = new Set<string | null>((run.entrances ?? []).map(({ endpoint }) => endpoint))
  for (const { endpoint } of result.target.brokers) endpoints.add(endpoint)
  const met = new Set(attempts.map((attempt) => attempt.endpoint))
  for (const endpoint of met) if (endpoint !== null) endpoints.add(endpoint)
  // Those that began without a connection come last.
  if (met.has(null)) endpoints.add(null)
  return [...endpoints].map((endpoint) => ({ endpoint, name: nameOf(endpoint) }))
}
