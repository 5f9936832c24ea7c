import { formatMs } from '../durations.ts'
import { type Html, html } from '../../../page/html.ts'
import { frame, percent } from '../plots/plot-frame.ts'
import { roundTicks } from '../plots/run-axis.ts'
import type { TrialRecord } from '../../threshold/trial-record.ts'

const HEIGHT = 240

/** Each run by the moment of its fault in the brokers' slowest period, and by its threshold. */
export function phasePlot(trials: readonly TrialRecord[], slowestPeriodMs: number): Html {
  const widest = Math.max(1, slowestPeriodMs, ...trials.map(({ phaseMs }) => phaseMs))
  const most = Math.max(1, ...trials.map(({ thresholdMs }) => thresholdMs ?? 0)) * 1.1
  const label = (ms: number): string => (ms === 0 ? '0' : formatMs(ms))
  return html`<figure class="plot">
    <figcaption>Retry threshold by phase <span class="meaning">when in the brokers' slowest period, of ${formatMs(slowestPeriodMs)}, the fault came; each mark is one run</span></figcaption>
    <div class="inset">${frame(
      {
        label: `The retry threshold of each of ${trials.length} runs by the phase at which its fault came.`,
        height: HEIGHT,
        across: roundTicks(0, widest, 6).map((ms) => ({ at: ms / widest, label: label(ms) })),
        up: roundTicks(0, most, 4).map((ms) => ({ at: ms / most, label: label(ms) })),
      },
      html`${trials.map((trial) => mark(trial, widest, most))}`,
    )}</div>
    <ul class="legend">
      <li><svg width="10" height="10" aria-hidden="true"><circle class="m-ack" cx="5" cy="5" r="3.5"/></svg>measured</li>
      <li><svg width="10" height="10" aria-hidden="true"><path class="unconfirmed" d="M1 1l8 8M9 1l-8 8"/></svg>a job failed at the candidate, or the threshold was not seen (drawn at the top)</li>
    </ul>
  </figure>`
}

function mark({ key, phaseMs, thresholdMs, article }: TrialRecord, widest: number, most: number): Html {
  const y = Math.round(HEIGHT * (1 - (thresholdMs ?? most) / most))
  const bad = thresholdMs === null || article?.held === false
  const title = `${key}: phase ${formatMs(phaseMs)}, threshold ${formatMs(thresholdMs)}`
  const shape = bad ? html`<path class="unconfirmed" d="M-4-4l8 8M4-4l-8 8"/>` : html`<circle class="m-ack" r="3.5"/>`
  return html`<svg x="${percent(phaseMs / widest)}" y="${y}" overflow="visible">${shape}<title>${title}</title></svg>`
}
