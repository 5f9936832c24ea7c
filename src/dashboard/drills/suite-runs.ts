import type { SuiteDrillResult, SuiteResult, SuiteRun } from '../../drill/suite/suite-result.ts'
import { seenInRuns } from '../../drill/suite/suite-words.ts'
import { type Html, html } from '../../page/html.ts'
import { badge } from '../parts/badge.ts'
import { table } from '../parts/table.ts'
import { counted, drillAddress, measured, stateBadge } from './entry-words.ts'

// The report of the suite has all of them.
const MOST_RUNS = 50

/** Every drill of a suite with its runs, each with the way to its own report. */
export function suiteRuns(basePath: string, folder: string, { drills }: SuiteResult): Html {
  return html`<section><h2>Its drills</h2>${drills.map((drill) => drillRuns(basePath, folder, drill))}</section>`
}

function drillRuns(basePath: string, folder: string, drill: SuiteDrillResult): Html {
  const { name, runs } = drill
  const shown = runs.slice(0, MOST_RUNS)
  return html`<h3>${name}</h3><p class="quiet">${seenInRuns(drill).join(' · ')}</p>
${
  shown.length > 0 &&
  table({
    caption: `Runs of ${name}`,
    columns: [
      { title: 'Run' },
      { title: 'Verdict' },
      { title: 'Outage', kind: 'number' },
      { title: 'Retry threshold', kind: 'number' },
      { title: 'Lost', kind: 'number' },
      { title: 'Why' },
    ],
    rows: shown.map((run, index) => [
      runLink(basePath, folder, run, index + 1),
      stateOf(run),
      measured(run.outageMs?.upper ?? null),
      measured(run.retryThresholdMs),
      counted(run.jobs?.lost ?? null),
      run.reasons[0] ?? '',
    ]),
  })
}
${runs.length > shown.length && html`<p class="quiet">${runs.length - shown.length} more are in the report.</p>`}`
}

function runLink(basePath: string, folder: string, { folder: own, jobs }: SuiteRun, number: number): Html {
  if (own === null || jobs === null) return html`Run ${number}`
  return html`<a href="${drillAddress(basePath, folder, `${own}/report.html`)}">Run ${number}</a>`
}

function stateOf({ state }: SuiteRun): Html {
  switch (state) {
    case 'pass':
    case 'fail':
    case 'unknown':
      return stateBadge(state)
    case 'skipped':
    case 'interrupted':
      return badge('note', state, 'quiet')
    case 'broken':
      return badge('unknown', 'harness broke', 'doubtful')
  }
}
