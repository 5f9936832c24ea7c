import { formatOffset } from '../durations.ts'
import { type Html, html } from '../../../page/html.ts'
import type { Moment } from '../moments.ts'
import { percent } from './plot-frame.ts'
import { position, type RunAxis, type Span } from './run-axis.ts'

const ROW_HEIGHT = 18
// Beyond this a label stands to the left of its line, so that it never leaves the page.
const TURN_AT = 0.5

interface Placed {
  readonly moment: Moment
  readonly number: number
  readonly at: number
  readonly left: boolean
}

/**
 * The names of the moments, one to a row, each on the line that runs on through the plot beneath. A line begins at
 * its own row, and the rows are in such an order that it passes no name: those to the right of their line go down
 * with time, those to the left of it go up.
 */
export function momentLabels(moments: readonly Moment[], axis: RunAxis, span: Span): Html {
  const shown = placed(moments, span)
  const rows = [...shown.filter(({ left }) => left).toReversed(), ...shown.filter(({ left }) => !left)]
  const height = rows.length * ROW_HEIGHT + 4
  return html`<svg class="moment-labels ${span.name}" width="100%" height="${height}" aria-hidden="true">
    ${rows.map(({ moment, at }, row) => html`<line class="moment ${moment.kind}" x1="${percent(at)}" x2="${percent(at)}" y1="${row * ROW_HEIGHT + 3}" y2="${height}"/>`)}
    ${rows.map(({ moment, number, at, left }, row) => {
      const x = left ? -6 : 6
      const anchor = left ? 'end' : 'start'
      return html`<svg x="${percent(at)}" y="${row * ROW_HEIGHT + 13}" overflow="visible"><text class="moment-label strong halo" x="${x}" text-anchor="${anchor}">${moment.label} <tspan class="quiet">${formatOffset(moment.atNs - axis.originNs)}</tspan></text><text class="moment-number strong halo" x="${x}" text-anchor="${anchor}">${number}</text></svg>`
    })}
  </svg>`
}

/** The same as a list: for who cannot see the plot, and for a page too narrow for names in it. */
export function momentKey(moments: readonly Moment[], axis: RunAxis, span: Span): Html {
  return html`<ol class="moment-key ${span.name}">${placed(moments, span).map(({ moment, number }) => html`<li><b>${number}</b>${moment.label} <span class="meaning">${formatOffset(moment.atNs - axis.originNs)}</span></li>`)}</ol>`
}

/** The lines of the moments through a part of a plot. */
export function momentLines(moments: readonly Moment[], span: Span, top: number, bottom: number): readonly Html[] {
  return placed(moments, span).map(
    ({ moment, at }) =>
      html`<line class="moment ${moment.kind}" x1="${percent(at)}" x2="${percent(at)}" y1="${top}" y2="${bottom}"/>`,
  )
}

function placed(moments: readonly Moment[], span: Span): readonly Placed[] {
  return moments
    .map((moment) => ({ moment, at: position(moment.atNs, span) }))
    .filter(({ at }) => at >= 0 && at <= 1)
    .map(({ moment, at }, index) => ({ moment, number: index + 1, at, left: at > TURN_AT }))
}
