import { formatOffset } from './durations.ts'
import { type Html, html } from './html.ts'
import { percent } from './lanes.ts'
import type { Moment } from './moments.ts'
import { position, type RunAxis, type Span } from './run-axis.ts'

const ROW_HEIGHT = 17
// Beyond this a label stands to the left of its line, so that it never leaves a narrow page.
const TURN_AT = 0.5

/** The names of the moments, one to a row, each on the line that runs on through the plot beneath. */
export function momentLabels(moments: readonly Moment[], axis: RunAxis, span: Span): Html {
  const shown = moments.filter((moment) => {
    const at = position(moment.atNs, span)
    return at >= 0 && at <= 1
  })
  const height = shown.length * ROW_HEIGHT + 4
  const placed = shown.map((moment, row) => ({ moment, at: position(moment.atNs, span), y: row * ROW_HEIGHT + 12 }))
  // Every line first: a label that crosses the line of another then stands over it.
  return html`<svg class="moment-labels ${span.name}" width="100%" height="${height}" aria-hidden="true">
    ${placed.map(
      ({ moment, at, y }) =>
        html`<line class="moment ${moment.kind}" x1="${percent(at)}" x2="${percent(at)}" y1="${y - 8}" y2="${height}"/>`,
    )}
    ${placed.map(({ moment, at, y }) => {
      const left = at > TURN_AT
      return html`<svg x="${percent(at)}" y="${y}" overflow="visible"><text class="moment-label" x="${left ? -6 : 6}" text-anchor="${left ? 'end' : 'start'}">${moment.label}
        <tspan class="moment-time">${formatOffset(moment.atNs - axis.originNs)}</tspan></text></svg>`
    })}
  </svg>`
}
