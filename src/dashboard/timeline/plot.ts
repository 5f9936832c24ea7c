import { frame, percent, type Tick } from '../../drill/report/plots/plot-frame.ts'
import type { LinkRole } from '../../failover/status.ts'
import { type Html, html } from '../../page/html.ts'
import type { ShelfEntry } from '../drills/entry.ts'
import type { FailureCounts } from './failure-rate.ts'
import type { LinkStory, Outage, Service } from './outages.ts'
import { clockText, placeOf, type Span, type Window } from './span.ts'

/** A link and its story. */
export interface Lane {
  readonly role: LinkRole
  /** Such as `Sends`. */
  readonly name: string
  readonly story: LinkStory
}

const LANE_HEIGHT = 46
const DRILLS_HEIGHT = 26
const RATE_HEIGHT = 120
// What is drawn is bounded; the table has the rest.
const MOST_DRAWN = 500

/** Who served each link, and when nobody did; drills as marks over all of it. */
export function linksPlot(lanes: readonly Lane[], drills: readonly ShelfEntry[], span: Span, window: Window): Html {
  const top = drills.length === 0 ? 0 : DRILLS_HEIGHT
  const height = top + lanes.length * LANE_HEIGHT
  const drawn = html`${drills.slice(0, MOST_DRAWN).map((drill) => drillMark(drill, height, window))}
${lanes.map((lane, index) => laneOf(lane, top + index * LANE_HEIGHT, window))}`
  const label = `Who served each link in ${span.words}, and when nobody did. The table of outages says the same.`
  return frame({ name: 'links', label, height, across: ticks(span, window), up: [] }, drawn)
}

function laneOf({ name, story }: Lane, y: number, window: Window): Html {
  const { services, outages } = story
  const serving = services.find(({ until }) => until === undefined)
  const isAway = outages.some(({ until }) => until === undefined)
  const state = isAway ? 'no broker' : serving?.endpoint
  return html`<text class="lane" x="0" y="${y + 15}">${name}${state !== undefined && html`<tspan class="quiet" dx="8">${state}</tspan>`}</text>
<line class="rail" x1="0" x2="100%" y1="${y + 30}" y2="${y + 30}"/>
${within(services, window).map((service) => bar('serves', service, y + 25, 10, window))}
${within(outages, window)
  .filter(({ kind }) => kind !== 'start')
  .map((outage) => outageMark(outage, y, window))}`
}

/** A bar for its extent, and a mark that is seen however short it was. */
function outageMark(outage: Outage, y: number, window: Window): Html {
  const x = percent(placeOf(window, outage.from))
  if (outage.kind === 'switch')
    return html`<svg x="${x}" y="${y + 30}" class="mark switched"><path d="M0-8 5 0 0 8-5 0z"/></svg>`
  return html`${bar('outage', outage, y + 21, 18, window)}<svg x="${x}" y="${y + 30}" class="mark lost"><path class="around" d="M-5-7 5 7M5-7-5 7"/><path d="M-5-7 5 7M5-7-5 7"/></svg>`
}

function bar(
  name: string,
  { from, until }: Pick<Service, 'from' | 'until'>,
  y: number,
  height: number,
  window: Window,
): Html {
  const start = placeOf(window, from)
  const width = percent(Math.max(0, placeOf(window, until ?? window.now) - start))
  return html`<rect class="${name}" x="${percent(start)}" width="${width}" y="${y}" height="${height}"/>`
}

function drillMark({ at }: ShelfEntry, height: number, window: Window): Html {
  const x = percent(placeOf(window, at))
  return html`<line class="drill" x1="${x}" x2="${x}" y1="14" y2="${height}"/><svg x="${x}" y="4" class="mark drilled"><path d="M-6 0H6L0 10z"/></svg>`
}

/** Failures by time, a bar for each span of time. */
export function failuresPlot({ counts, from, stepMs }: FailureCounts, span: Span, window: Window): Html {
  const most = scaleOf(counts)
  const width = percent((0.86 * stepMs) / (window.until - window.from))
  const bars = counts.map((count, index) => {
    if (count === 0) return html``
    const height = Math.max(2, (RATE_HEIGHT * count) / most)
    const x = percent(placeOf(window, from + (index + 0.07) * stepMs))
    return html`<rect class="failed" x="${x}" width="${width}" y="${RATE_HEIGHT - height}" height="${height}"/>`
  })
  const label = `Failures in each ${span.stepWords} of ${span.words}. The table of failures says the same.`
  const up: readonly Tick[] =
    most < 2 ? [{ at: 1, label: String(most) }] : [0.5, 1].map((at) => ({ at, label: String(most * at) }))
  return frame({ name: 'failures', label, height: RATE_HEIGHT, across: ticks(span, window), up }, html`${bars}`)
}

/** The top of the axis: an even number that is easy to halve. */
function scaleOf(counts: readonly number[]): number {
  const most = Math.max(1, ...counts)
  const size = 10 ** Math.floor(Math.log10(most))
  const round = [1, 2, 4, 6, 8, 10].find((times) => times * size >= most) ?? 10
  return round * size
}

function ticks({ tickMs }: Span, { from, until }: Window): readonly Tick[] {
  const first = Math.ceil(from / tickMs) * tickMs
  const count = Math.floor((until - first) / tickMs) + 1
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * tickMs
    return { at: (at - from) / (until - from), label: clockText(at) }
  })
}

function within<Part extends Pick<Service, 'from' | 'until'>>(parts: readonly Part[], window: Window): readonly Part[] {
  return parts
    .filter(({ from, until }) => from < window.until && (until ?? window.now) >= window.from)
    .slice(-MOST_DRAWN)
}
