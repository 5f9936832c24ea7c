import type { DrillResult } from '../result.ts'
import { formatMs } from './durations.ts'
import { type Html, html } from '../../page/html.ts'
import { percent } from './plots/plot-frame.ts'
import { roundTicks } from './plots/run-axis.ts'

type Measured = Pick<DrillResult, 'predicted' | 'outage' | 'findings'>

const HEIGHT = 56

/** What the brokers' own settings said of the outage beside what was measured, over one axis. */
export function predictedPlot({ predicted, outage, findings }: Measured): Html | null {
  if (!predicted) return null
  // The checker says it in the findings; where it could not compare, only one side stands here.
  const compared = findings.find((finding) => finding.startsWith('Predicted '))
  const words = compared ?? `Predicted ${rangeInWords(predicted)}, as ${predicted.because}; nothing was measured.`
  const seen = measuredRange(outage)
  const ends = [predicted.upperMs, predicted.lowerMs, seen?.upper, seen?.lower].map((ms) => ms ?? 0)
  const most = Math.max(1, ...ends) * (predicted.upperMs === null || seen?.upper === null ? 1.3 : 1.08)
  const share = (ms: number | null): number => Math.min(1, (ms ?? most) / most)
  const bar = (name: string, y: number, lower: number, upper: number | null): Html => {
    const from = share(lower)
    return html`<rect class="${name}" x="${percent(from)}" width="${percent(Math.max(0.003, share(upper) - from))}" y="${y}" height="14"/>`
  }
  return html`<div class="predicted">
    <h3>Predicted beside measured</h3>
    <p>${words}</p>
    <div class="inset"><svg width="100%" height="${HEIGHT + 24}" role="img" aria-label="${words}">
      ${roundTicks(0, most, 5).map((ms) => html`<line class="grid" x1="${percent(share(ms))}" x2="${percent(share(ms))}" y1="0" y2="${HEIGHT}"/><text class="quiet" x="${percent(share(ms))}" y="${HEIGHT + 17}" text-anchor="${ms === 0 ? 'start' : 'middle'}">${ms === 0 ? '0' : formatMs(ms)}</text>`)}
      ${bar('expected', 8, predicted.lowerMs, predicted.upperMs)}
      ${seen && bar('bar', 34, seen.lower, seen.upper)}
    </svg></div>
    <ul class="legend">
      <li><svg width="22" height="12" aria-hidden="true"><rect class="expected" x="0.5" y="0.5" width="21" height="11"/></svg>predicted from the settings</li>
      ${seen && html`<li><svg width="22" height="12" aria-hidden="true"><rect class="bar" width="22" height="12"/></svg>measured, from its lower to its upper bound</li>`}
    </ul>
  </div>`
}

// The longer of the two: jobs that hang have not failed, and did not flow either.
function measuredRange({ producerMs, withoutConfirmMs }: DrillResult['outage']): {
  readonly lower: number
  readonly upper: number | null
} | null {
  if (!withoutConfirmMs) return producerMs
  const { lower, upper } = withoutConfirmMs
  if (!producerMs) return { lower, upper }
  return { lower: Math.max(lower, producerMs.lower), upper: upper === null ? null : Math.max(upper, producerMs.upper) }
}

function rangeInWords({ lowerMs, upperMs }: NonNullable<DrillResult['predicted']>): string {
  if (upperMs === null) return `${formatMs(lowerMs)} or longer, until the heal`
  return lowerMs === upperMs ? formatMs(upperMs) : `${formatMs(lowerMs)} to ${formatMs(upperMs)}`
}
