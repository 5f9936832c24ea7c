import type { DrillResult } from '../result.ts'
import { formatMs } from './durations.ts'
import { formatBounds } from './figures.ts'
import { type Html, html } from './html.ts'
import { percent } from './plot-frame.ts'
import { roundTicks } from './run-axis.ts'

const HEIGHT = 58

/** What the brokers' own settings said of the outage beside what was measured, as one sentence. */
export function predictedInWords({ predicted, outage }: Pick<DrillResult, 'predicted' | 'outage'>): string | undefined {
  if (!predicted) return undefined
  const { lowerMs, upperMs, because } = predicted
  const expected =
    upperMs === null
      ? `from ${formatMs(lowerMs)} until the heal`
      : lowerMs === upperMs
        ? formatMs(upperMs)
        : formatBounds({ lower: lowerMs, upper: upperMs })
  const measured = outage.producerMs === null ? 'no outage measured' : `measured ${formatBounds(outage.producerMs)}`
  return `predicted ${expected} by ${because}; ${measured}${relation(predicted, outage.producerMs)}`
}

/** The two ranges over one axis. */
export function predictedPlot(result: Pick<DrillResult, 'predicted' | 'outage'>): Html | null {
  const words = predictedInWords(result)
  const { predicted, outage } = result
  if (words === undefined || !predicted) return null
  const measured = outage.producerMs
  const most =
    Math.max(predicted.upperMs ?? 0, predicted.lowerMs, measured?.upper ?? 0, 1) *
    (predicted.upperMs === null ? 1.25 : 1.1)
  const share = (ms: number): number => Math.min(1, ms / most)
  const upper = share(predicted.upperMs ?? most)
  return html`<div class="predicted">
    <h3>Predicted beside measured</h3>
    <p>${words.charAt(0).toUpperCase() + words.slice(1)}.</p>
    <div class="inset"><svg width="100%" height="${HEIGHT + 22}" role="img" aria-label="${words}">
      ${roundTicks(0, most, 5).map((ms) => html`<line class="grid" x1="${percent(share(ms))}" x2="${percent(share(ms))}" y1="0" y2="${HEIGHT}"/><text class="quiet" x="${percent(share(ms))}" y="${HEIGHT + 16}" text-anchor="${ms === 0 ? 'start' : 'middle'}">${ms === 0 ? '0' : formatMs(ms)}</text>`)}
      <rect class="expected" x="${percent(share(predicted.lowerMs))}" width="${percent(Math.max(0.003, upper - share(predicted.lowerMs)))}" y="8" height="14"/>
      ${measured && html`<rect class="bar" x="${percent(share(measured.lower))}" width="${percent(Math.max(0.003, share(measured.upper) - share(measured.lower)))}" y="34" height="14"/>`}
      <text class="quiet" x="-8" y="19" text-anchor="end">said</text><text class="quiet" x="-8" y="45" text-anchor="end">seen</text>
    </svg></div>
  </div>`
}

function relation(
  { lowerMs, upperMs }: NonNullable<DrillResult['predicted']>,
  measured: DrillResult['outage']['producerMs'],
): string {
  if (measured === null) return ''
  if (upperMs !== null && measured.lower > upperMs) return ', longer than predicted'
  return measured.upper < lowerMs ? ', shorter than predicted' : ', as predicted'
}
