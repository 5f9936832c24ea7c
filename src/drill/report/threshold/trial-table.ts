import { formatMs } from '../durations.ts'
import { formatBounds } from '../figures.ts'
import { type Html, html } from '../../../page/html.ts'
import type { TrialRecord } from '../../threshold/trial-record.ts'

/** Every run of a search, in the order in which they ended. */
export function trialTable(trials: readonly TrialRecord[]): Html {
  return html`<div class="wide" role="region" aria-label="All runs" tabindex="0"><table class="trials">
    <thead><tr><th scope="col">Run</th><th scope="col" class="number">Phase</th><th scope="col">Hurt</th><th scope="col">Took over</th><th scope="col" class="number">Outage</th><th scope="col" class="number">Pause just enough</th><th scope="col">The one-retry producer's jobs</th><th scope="col" class="number">Seed</th></tr></thead>
    <tbody>${trials.map(row)}</tbody>
  </table></div>`
}

function row({ key, phaseMs, node, takenOverBy, outageMs, thresholdMs, article, seed, down }: TrialRecord): Html {
  const outage = down.length === 0 ? 'none' : outageMs ? formatBounds(outageMs) : 'not seen to its end'
  return html`<tr><th scope="row" class="mono">${key}</th><td class="number">${formatMs(phaseMs)}</td><td>${node}</td><td>${takenOverBy ?? 'nobody'}</td><td class="number">${outage}</td><td class="number">${thresholdMs === null ? 'not seen' : formatMs(thresholdMs)}</td><td>${article && fared(article)}</td><td class="number mono">${String(seed)}</td></tr>`
}

function fared({ held, failed, jobs, atMs, retried }: NonNullable<TrialRecord['article']>): Html {
  const at = `at ${formatMs(atMs)}`
  if (held) return html`held ${at}; ${String(retried)} of ${String(jobs)} needed the retry`
  return html`<b class="bad">${String(failed)} of ${String(jobs)} failed</b> ${at}`
}
