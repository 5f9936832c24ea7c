import type { Clock } from '../../clock.ts'
import { plural } from '../../drill/report/durations.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { badge } from '../parts/badge.ts'
import { empty } from '../parts/empty.ts'
import { table } from '../parts/table.ts'
import { durationText, exactly } from '../parts/time.ts'
import type { ShelfEntry } from '../drills/entry.ts'
import { ROLE_NAMES } from '../overview/role-names.ts'
import { drillAddress, measured, stateBadge, titleOf } from '../drills/entry-words.ts'
import type { FailureCounts } from './failure-rate.ts'
import type { Outage } from './outages.ts'
import { failuresPlot, type Lane, linksPlot } from './plot.ts'
import { SPANS, type Span, type Window } from './span.ts'

/** What the timeline shows. */
export interface TimelineView {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  readonly span: Span
  readonly window: Window
  readonly lanes: readonly Lane[]
  /** Since when the connection is watched, in milliseconds since the epoch. */
  readonly watchedSince: number
  /** Undefined where the application keeps no failures; a text where they cannot be counted just now. */
  readonly failures: FailureCounts | string | undefined
  /** Those of the window; undefined where no folder of drills was named. */
  readonly drills: readonly ShelfEntry[] | undefined
}

// Those before are in the logs.
const MOST_ROWS = 100

/** The page; what changes by itself stands in {@link timelineParts}. */
export function timelineView(view: TimelineView): Html {
  const { basePath, span } = view
  return html`<h1>Timeline</h1>
<p class="lead">Which broker served this dashboard's connection, beside the failures that were kept${view.drills && ' and the drills that were run'}.</p>
<nav class="spans" aria-label="How far back">${SPANS.map(
    ({ name, words }) =>
      html`<a href="${basePath}/timeline?span=${name}"${name === span.name && html` aria-current="page"`}>${words}</a>`,
  )}</nav>
<div id="timeline">${timelineParts(view)}</div>`
}

export function timelineParts(view: TimelineView): Html {
  const { lanes, drills = [], span, window, watchedSince } = view
  const outages = lanes
    .flatMap(({ story }) => story.outages)
    .filter(({ until }) => (until ?? window.now) >= window.from)
    .toSorted((a, b) => b.from - a.from)
  return html`<figure class="plot"><figcaption>Brokers</figcaption>
<div class="inset">${linksPlot(lanes, drills, span, window)}</div>
${legend(drills.length > 0)}</figure>
<figure class="plot"><figcaption>Failures in each ${span.stepWords}</figcaption>${failuresPart(view)}</figure>
<p class="quiet">Times are UTC. The connection is watched since ${exactly(watchedSince)}.</p>
<section><h2>Outages and switches</h2>${outageTable(outages)}</section>
${drills.length > 0 && drillTable(view.basePath, drills)}
${typeof view.failures === 'object' && failureTable(view.failures, span)}`
}

function legend(hasDrills: boolean): Html {
  return html`<ul class="legend">
<li><svg width="18" height="12" aria-hidden="true"><rect class="serves" y="2" width="18" height="8"/></svg> a broker serves</li>
<li><svg width="18" height="16" aria-hidden="true"><svg x="9" y="8" class="mark lost"><path d="M-5-7 5 7M5-7-5 7"/></svg></svg> lost; the bar lasts until one serves again</li>
<li><svg width="12" height="16" aria-hidden="true"><svg x="6" y="8" class="mark switched"><path d="M0-8 5 0 0 8-5 0z"/></svg></svg> switched on purpose</li>
${hasDrills && html`<li><svg width="14" height="12" aria-hidden="true"><svg x="7" y="1" class="mark drilled"><path d="M-6 0H6L0 10z"/></svg></svg> a drill</li>`}
</ul>`
}

function failuresPart({ failures, span, window }: TimelineView): Html {
  if (failures === undefined)
    return empty(
      'This application keeps no failures.',
      html`<code class="nowrap">--failures</code>, or <code class="nowrap">createApp({ failures })</code> in an application, names the store that they are kept in.`,
    )
  if (typeof failures === 'string')
    return empty(`The failures cannot be counted just now: ${printableLine(failures, 300)}.`)
  return html`<div class="inset">${failuresPlot(failures, span, window)}</div>`
}

function outageTable(outages: readonly Outage[]): Html {
  if (outages.length === 0) return empty('Nothing was lost in this time.')
  const shown = outages.slice(0, MOST_ROWS)
  return html`${table({
    caption: 'Outages and switches, the latest first',
    name: 'outages',
    columns: [
      { title: 'When' },
      { title: 'Link' },
      { title: 'What' },
      { title: 'Took', kind: 'number' },
      { title: 'Brokers' },
      { title: 'Why', name: 'why' },
    ],
    rows: shown.map(({ from, until, role, lost, back, why, kind }) => [
      html`<span class="nowrap">${exactly(from)}</span>`,
      html`<span class="nowrap">${ROLE_NAMES[role]}</span>`,
      kind === 'outage' ? badge('fail', 'outage', 'bad') : badge('note', kind, 'quiet'),
      kind === 'switch' ? '' : until === undefined ? 'goes on' : durationText(until - from),
      html`<span class="nowrap">${lost ?? (kind === 'outage' && until !== undefined ? 'not known' : 'nobody before')}</span> <span class="beneath">${
        back === undefined
          ? until === undefined
            ? badge('busy', 'nobody yet', 'doubtful')
            : 'nobody'
          : html`then <span class="nowrap">${back}</span>`
      }</span>`,
      printableLine(whyWithout(why, lost), 160),
    ]),
  })}${outages.length > shown.length && html`<p class="quiet">${outages.length - shown.length} earlier ones are not listed.</p>`}`
}

/** Who was lost stands beside it. */
function whyWithout(why: string, lost: string | undefined): string {
  const beginning = `${lost} failed: `
  return why.startsWith(beginning) ? why.slice(beginning.length) : why
}

function drillTable(basePath: string, drills: readonly ShelfEntry[]): Html {
  return html`<section><h2>Drills in this time</h2>${table({
    caption: 'Drills, the newest first',
    columns: [{ title: 'Drill' }, { title: 'When' }, { title: 'Verdict' }, { title: 'Outage', kind: 'number' }],
    rows: drills
      .slice(0, MOST_ROWS)
      .map((drill) => [
        html`<a href="${drillAddress(basePath, drill.name)}">${titleOf(drill)}</a>`,
        exactly(drill.at),
        stateBadge(drill.state),
        measured(drill.outageMs),
      ]),
  })}</section>`
}

function failureTable({ counts, from, stepMs }: FailureCounts, span: Span): Html {
  const rows = counts.flatMap((count, index) => (count === 0 ? [] : [[exactly(from + index * stepMs), count]]))
  const total = counts.reduce((all, count) => all + count, 0)
  if (rows.length === 0) return html`<p class="quiet">No failure was kept in this time.</p>`
  return html`<details class="numbers" id="failure-counts"><summary>${plural(total, 'failure')}, as a table</summary>
${table({
  caption: `Failures in each ${span.stepWords} that had some, the latest first`,
  columns: [{ title: 'From' }, { title: 'Failures', kind: 'number' }],
  rows: rows.toReversed(),
})}</details>`
}
