import type { SuiteRun } from '../../suite/suite-result.ts'
import { formatCount } from '../../checker/exact-durations.ts'
import { formatMs, unbroken } from '../durations.ts'
import { formatBounds } from '../figures.ts'
import { type Html, html } from '../../../page/html.ts'
import { sayState } from './state.ts'

/** Every run of one drill, each with the way to its own report. */
export function runTable(runs: readonly SuiteRun[], name: string): Html {
  return html`<div class="wide" role="region" aria-label="Runs of ${name}" tabindex="0"><table class="runs">
    <thead><tr><th scope="col">Run</th><th scope="col">Ended</th><th scope="col" class="number">Phase</th><th scope="col">Took over</th><th scope="col" class="number">Outage</th><th scope="col" class="number">Failover</th><th scope="col" class="number">Recovered</th><th scope="col" class="number">r*</th><th scope="col" class="number">Lost</th><th scope="col">Remarks</th></tr></thead>
    <tbody>${runs.map(row)}</tbody>
  </table></div>`
}

function row(run: SuiteRun, index: number): Html {
  const { state, phaseMs, outageMs, failoverMs, recoveryMs, retryThresholdMs, jobs, takenOverBy, reasons, signs } = run
  const ms = (value: number | null): string => (value === null ? '–' : formatMs(value))
  const lost = jobs === null ? '–' : jobs.lost === null ? 'unknown' : formatCount(jobs.lost)
  const told = [...reasons, ...(signs.length > 0 ? [signs.join(', ')] : [])]
  return html`<tr><th scope="row">${linked(run, `run ${index + 1}`)}</th><td>${sayState(state)}</td><td class="number">${ms(phaseMs)}</td><td>${takenOverBy ?? (jobs === null ? '–' : 'nobody')}</td><td class="number">${outageMs ? formatBounds(outageMs) : '–'}</td><td class="number">${ms(failoverMs)}</td><td class="number">${ms(recoveryMs)}</td><td class="number">${ms(retryThresholdMs)}</td><td class="number">${lost}</td><td class="why">${unbroken(told.join(' '))}</td></tr>`
}

// Only a run that was judged has a report. A folder that is no plain path might lead anywhere, so it is no link.
function linked({ folder, jobs }: SuiteRun, words: string): Html | string {
  const path = folder?.replaceAll('\\', '/') ?? ''
  return jobs !== null && /^\w[\w.-]*(?:\/\w[\w.-]*)*$/.test(path)
    ? html`<a href="${path}/report.html">${words}</a>`
    : words
}
