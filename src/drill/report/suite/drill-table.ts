import type { SuiteDrillResult } from '../../suite/suite-result.ts'
import { sayPrediction } from '../../suite/suite-words.ts'
import { formatMs, unbroken } from '../durations.ts'
import { type Html, html } from '../../../page/html.ts'
import { percent } from '../plots/plot-frame.ts'
import { roundTicks } from '../plots/run-axis.ts'
import { sayState } from './state.ts'

const HEIGHT = 24

/** Every drill of a suite in a row: how its runs ended, and their outages on one axis, over what was predicted. */
export function drillTable(drills: readonly SuiteDrillResult[]): Html {
  const outages = drills.flatMap(({ runs }) => runs.map((run) => run.outageMs?.upper ?? 0))
  const most = Math.max(...outages, 0)
  return html`<div class="wide" role="region" aria-label="All drills" tabindex="0"><table class="drills">
    <thead><tr><th scope="col">Drill</th><th scope="col">Runs</th>${most > 0 && html`<th scope="col" class="strip">Producer outage W of each run</th>`}<th scope="col" class="number">Median</th><th scope="col" class="number">Longest</th><th scope="col" class="number">Predicted</th><th scope="col" class="number">r* up to</th></tr></thead>
    <tbody>${drills.map((drill, index) => row(drill, index, most * 1.04))}${most > 0 && axisRow(most * 1.04)}</tbody>
  </table></div>
  ${most > 0 && html`<ul class="legend"><li><svg width="10" height="10" aria-hidden="true"><circle class="m-ack" cx="5" cy="5" r="3.2"/></svg>a run, by the upper bound of its outage</li>${drills.some(({ predicted }) => predicted) && html`<li><svg width="22" height="12" aria-hidden="true"><rect class="band" width="22" height="12"/></svg>where the brokers' own settings put it</li>`}</ul>`}`
}

/** The id of a drill's own section. */
export function anchorOf(index: number): string {
  return `drill-${index + 1}`
}

function row(drill: SuiteDrillResult, index: number, most: number): Html {
  const { name, outageMs, predicted, retryThresholdMs } = drill
  return html`<tr><th scope="row"><a href="#${anchorOf(index)}">${name}</a></th><td>${tally(drill)}</td>
    ${most > 0 && html`<td class="strip">${strip(drill, most)}</td>`}
    <td class="number" data-name="Median">${outageMs ? formatMs(outageMs.upper.median) : '–'}</td><td class="number" data-name="Longest">${outageMs ? formatMs(outageMs.upper.max) : '–'}</td>
    <td class="number" data-name="Predicted">${predicted ? unbroken(sayPrediction(predicted)) : '–'}</td><td class="number" data-name="r* up to">${retryThresholdMs ? formatMs(retryThresholdMs.max) : '–'}</td></tr>`
}

function tally({ state, counts, runs, repeat }: SuiteDrillResult): Html {
  if (runs.length === 0) return html`<span class="meaning">not run</span>`
  return html`${sayState(state)}<br><span class="meaning">${counts[state] === runs.length && runs.length >= repeat ? `all ${runs.length}` : `${counts[state]} of ${Math.max(repeat, runs.length)}`}</span>`
}

function strip({ runs, predicted, outageMs }: SuiteDrillResult, most: number): Html {
  const share = (ms: number): number => Math.min(1, ms / most)
  const spread = outageMs
    ? `Outages of ${outageMs.upper.n} runs: shortest ${formatMs(outageMs.upper.min)}, longest ${formatMs(outageMs.upper.max)}.`
    : 'No outage was measured.'
  const to = predicted ? share(predicted.upperMs ?? most) : 0
  const from = predicted ? share(predicted.lowerMs) : 0
  return html`<svg width="100%" height="${HEIGHT}" role="img" aria-label="${spread}">
    ${predicted && html`<rect class="band" x="${percent(from)}" width="${percent(Math.max(0.003, to - from))}" y="0" height="${HEIGHT}"/>`}
    <line class="rail" x1="0" x2="100%" y1="${HEIGHT / 2}" y2="${HEIGHT / 2}"/>
    ${runs.map((run, index) => run.outageMs && html`<svg x="${percent(share(run.outageMs.upper))}" y="${HEIGHT / 2}" overflow="visible"><circle class="m-ack" r="3.2"/><title>run ${index + 1}: ${formatMs(run.outageMs.upper)}</title></svg>`)}
  </svg>`
}

function axisRow(most: number): Html {
  return html`<tr class="axis" aria-hidden="true"><th></th><td></td><td class="strip"><svg width="100%" height="18">${roundTicks(0, most, 4).map((ms) => html`<text class="quiet" x="${percent(ms / most)}" y="12" text-anchor="${ms === 0 ? 'start' : ms / most > 0.95 ? 'end' : 'middle'}">${ms === 0 ? '0' : formatMs(ms)}</text>`)}</svg></td><td></td><td></td><td></td><td></td></tr>`
}
