import type { ProbeFinding } from '../../fault.ts'
import type { AttemptOutcome, HistoryEvent } from '../../history.ts'
import { formatOffset } from '../durations.ts'
import { type Html, html, trusted } from '../../../page/html.ts'
import type { Attempt, Job } from '../../checker/jobs-ledger.ts'
import { momentLines } from './moment-labels.ts'
import type { Moment } from '../moments.ts'
import { printableLine } from '../../../page/printable.ts'
import { ACROSS, percent, ticksBelow } from './plot-frame.ts'
import { axisTicks, position, type RunAxis, type Span } from './run-axis.ts'
import { OUTCOME_WORDS } from '../stories/story-steps.ts'

/** A broker, or what stands for one where no broker was connected. */
export interface Lane {
  readonly endpoint: string | null
  readonly name: string
}

/** An attempt together with the job it belongs to. */
export type LaneAttempt = Attempt & { readonly id: string }

export function laneAttempts(jobs: readonly Job[]): readonly LaneAttempt[] {
  return jobs.flatMap((job) => job.attempts.map((attempt) => ({ id: job.id, ...attempt })))
}

const LANE_HEIGHT = 70
const TITLE_Y = 13
// The moments are drawn from here down, so that no line crosses a broker's name.
const LINES_Y = 21
const TROUBLE_Y = 31
const DOT_Y = 44
const BAND_Y = 54
const BAND_HEIGHT = 7
const AXIS_HEIGHT = 24
// Two dots nearer than this are one dot on any screen.
const DOT_GRID = 4
const MOST_NAMED_SYMBOLS = 100

type Symbols = Exclude<AttemptOutcome, 'ack'>

/** Each attempt a mark on its broker's lane, and what the probes met there as a band beneath. */
export function lanesPlot(
  lanes: readonly Lane[],
  attempts: readonly LaneAttempt[],
  events: readonly HistoryEvent[],
  moments: readonly Moment[],
  axis: RunAxis,
  span: Span,
): Html {
  const bottom = lanes.length * LANE_HEIGHT
  const { across, anchor } = axisTicks(axis, span)
  const of = new Map<string | null, LaneAttempt[]>(lanes.map((lane) => [lane.endpoint, []]))
  for (const attempt of attempts) {
    if (attempt.startNs >= span.fromNs && attempt.startNs <= span.toNs) of.get(attempt.endpoint)?.push(attempt)
  }
  return html`<svg class="lanes ${span.name}" width="100%" height="${bottom + AXIS_HEIGHT}" role="img" aria-label="Attempts by broker, ${span.label}">
    ${lanes.map((lane, index) => {
      const top = index * LANE_HEIGHT
      const own = of.get(lane.endpoint) ?? []
      return html`<text class="strong" x="0" y="${top + TITLE_Y}">${printableLine(lane.name, 40)} <tspan class="quiet">${lane.endpoint === null || lane.endpoint === lane.name ? '' : printableLine(lane.endpoint, 60)}</tspan></text>
      ${across.map(({ at }) => html`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="${top + LINES_Y}" y2="${top + LANE_HEIGHT - 6}"/>`)}
      <line class="base" x1="0" x2="100%" y1="${top + DOT_Y}" y2="${top + DOT_Y}"/>
      ${dots(own, span, top + DOT_Y)}
      ${symbols(own, axis, span, top + TROUBLE_Y)}
      ${lane.endpoint === null ? null : band(probesOf(events, lane.endpoint), span, top + BAND_Y)}
      ${momentLines(moments, span, top + LINES_Y, top + LANE_HEIGHT - 6)}`
    })}
    ${ticksBelow(across, bottom, anchor)}
  </svg>`
}

/** Every mark that {@link lanesPlot} refers to; stands once in a page. */
export function laneSymbols(): Html {
  return trusted(`<svg class="symbols" width="0" height="0" aria-hidden="true"><defs>
<symbol id="m-ack" viewBox="-6 -6 12 12" overflow="visible"><circle class="m-ack" r="2.6"/></symbol>
<symbol id="m-ambiguous" viewBox="-6 -6 12 12" overflow="visible"><path class="m-ambiguous" d="M0-5.4 5.4 0 0 5.4-5.4 0z"/></symbol>
<symbol id="m-refused" viewBox="-6 -6 12 12" overflow="visible"><path class="m-refused" d="M-3.4-3.4 3.4 3.4M3.4-3.4-3.4 3.4"/></symbol>
<symbol id="m-nack" viewBox="-6 -6 12 12" overflow="visible"><path class="m-nack" d="M-4-4h8v8h-8z"/></symbol>
<symbol id="m-returned" viewBox="-6 -6 12 12" overflow="visible"><path class="m-returned" d="M0-5 5 4H-5z"/></symbol>
<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0v5"/></pattern>
<pattern id="sparse" width="8" height="8" patternUnits="userSpaceOnUse"><path class="sparse" d="M0 4h4"/></pattern>
</defs></svg>`)
}

/** The marks and bands that occur, with their meaning and how often. */
export function laneLegend(attempts: readonly LaneAttempt[], events: readonly HistoryEvent[]): Html {
  const counts = new Map<AttemptOutcome, number>()
  for (const { outcome } of attempts) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const found = new Set(events.flatMap((event) => (event.type === 'probe' ? [event.finding] : [])))
  const outcomes = (Object.keys(OUTCOME_WORDS) as AttemptOutcome[]).filter((outcome) => counts.has(outcome))
  const findings = (Object.keys(FINDING_WORDS) as ProbeFinding[]).filter((finding) => found.has(finding))
  return html`<ul class="legend">
    ${outcomes.map(
      (outcome) =>
        html`<li><svg width="14" height="12" aria-hidden="true"><use href="#m-${outcome}" x="1" y="0" width="12" height="12"/></svg>${OUTCOME_WORDS[outcome]} (${counts.get(outcome)})</li>`,
    )}
    ${findings.map(
      (finding) =>
        html`<li><svg width="22" height="10" aria-hidden="true">${bandRect(finding, '0', '22', 1, 8)}</svg>${FINDING_WORDS[finding]}</li>`,
    )}
  </ul>`
}

const FINDING_WORDS: Readonly<Record<ProbeFinding, string>> = {
  serving: 'probe: serving',
  refused: 'probe: refused',
  mute: 'probe: mute (accepts, never answers)',
  reset: 'probe: reset',
  unreachable: 'probe: unreachable',
}

function dots(attempts: readonly LaneAttempt[], span: Span, y: number): Html {
  const columns = new Set<number>()
  for (const { outcome, startNs } of attempts) {
    if (outcome === 'ack') columns.add(Math.round((position(startNs, span) * ACROSS) / DOT_GRID) * DOT_GRID)
  }
  if (columns.size === 0) return html``
  const path = [...columns].map((x) => `M${x} 4h0`).join('')
  return trusted(
    `<svg x="0" y="${y - 4}" width="100%" height="8" viewBox="0 0 ${ACROSS} 8" preserveAspectRatio="none" overflow="visible"><path class="dots" vector-effect="non-scaling-stroke" d="${path}"/></svg>`,
  )
}

function symbols(attempts: readonly LaneAttempt[], axis: RunAxis, span: Span, y: number): readonly Html[] {
  const seen = new Set<string>()
  return attempts.flatMap(({ id, k, startNs, outcome }) => {
    if (outcome === 'ack') return []
    const at = position(startNs, span)
    const key = `${outcome} ${Math.round((at * ACROSS) / (DOT_GRID * 4))}`
    if (seen.has(key)) return []
    seen.add(key)
    const mark: Symbols = outcome
    const title = `${printableLine(id, 60)}, attempt ${k}, ${formatOffset(startNs - axis.originNs)}: ${OUTCOME_WORDS[mark]}`
    return [
      html`<svg x="${percent(at)}" y="${y}" overflow="visible"><use href="#m-${mark}" x="-6" y="-6" width="12" height="12">${seen.size <= MOST_NAMED_SYMBOLS && html`<title>${title}</title>`}</use></svg>`,
    ]
  })
}

interface Probe {
  readonly atNs: number
  readonly finding: ProbeFinding
}

function probesOf(events: readonly HistoryEvent[], endpoint: string): readonly Probe[] {
  return events.flatMap((event) =>
    event.type === 'probe' && event.endpoint === endpoint ? [{ atNs: event.t, finding: event.finding }] : [],
  )
}

/**
 * Neighbouring probes with the same finding are one stretch, from the first to the last of them. What was
 * between two findings nobody saw, so it stays empty.
 */
function band(probes: readonly Probe[], span: Span, y: number): readonly Html[] {
  const stretches: { readonly finding: ProbeFinding; readonly fromNs: number; toNs: number }[] = []
  for (const { finding, atNs } of probes) {
    const open = stretches.at(-1)
    if (open?.finding === finding) open.toNs = atNs
    else stretches.push({ finding, fromNs: atNs, toNs: atNs })
  }
  return stretches.flatMap(({ finding, fromNs, toNs }) => {
    const from = Math.max(position(fromNs, span), 0)
    const to = Math.min(position(toNs, span), 1)
    // A single answer has no length, and shows by its outline.
    return to < from ? [] : [bandRect(finding, percent(from), percent(Math.max(to - from, 0.0005)), y, BAND_HEIGHT)]
  })
}

function bandRect(finding: ProbeFinding, x: string, width: string, y: number, height: number): Html {
  return html`<rect class="probe-${finding}" x="${x}" y="${y}" width="${width}" height="${height}"/>`
}
