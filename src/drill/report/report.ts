import { type FaultTime, faultTime } from '../checker/fault-time.ts'
import type { HistoryEvent } from '../history.ts'
import { jobsLedger } from '../checker/jobs-ledger.ts'
import { summaryLine } from '../checker/objectives.ts'
import type { DrillResult } from '../result.ts'
import { inOrder, readTimeline } from '../checker/timeline.ts'
import { unbroken } from './durations.ts'
import { fateTable } from './fate-table.ts'
import type { FaultPlace, NameOf } from './fate-words.ts'
import { figures } from './figures.ts'
import { headline } from './headline.ts'
import { dataIsland, type Html, html } from './html.ts'
import { jobStories } from './job-stories.ts'
import { laneAttempts } from './lanes.ts'
import { latencyData } from './latency-data.ts'
import { moments } from './moments.ts'
import { page } from './page.ts'
import { runAxis } from './run-axis.ts'
import { runSection, type Told } from './run-section.ts'
import { setting } from './setting.ts'
import { waterfall } from './waterfall.ts'

/**
 * The report of a drill as one page that needs no network: style, scripts and data stand in it, and its
 * content security policy allows exactly those. Whatever came from the run is escaped.
 *
 * @param events the history the result was computed from, in any order.
 * @throws UnderstudyError `invalid-option` when the history has no `run` line.
 */
export function renderReport(result: DrillResult, events: readonly HistoryEvent[]): string {
  const told = tell(result, inOrder(events))
  const body = html`${head(result)}
    ${figures(result)}
    ${runSection(result, told)}
    <h2>The failover, part by part</h2>
    ${waterfall(result)}
    <h2>The fate of the jobs</h2>
    ${fateTable(told.stories, told.fault, told.axis, told.nameOf)}
    <h2>How it was run</h2>
    ${setting(result, told.events, told.axis)}
    ${dataIsland('latency-data', told.latency.data)}`
  return page(`${result.verdict}: ${result.fault.name} ${result.fault.node}, ${result.target.lab}`, body)
}

function tell(result: DrillResult, events: readonly HistoryEvent[]): Told {
  const timeline = readTimeline(events)
  const ledger = jobsLedger(events, timeline.run.runId)
  const fault = faultTime(timeline, ledger)
  const nodes = new Map(result.target.brokers.map((broker) => [broker.endpoint, broker.name]))
  const nameOf: NameOf = (endpoint) => (endpoint === null ? 'no broker' : (nodes.get(endpoint) ?? endpoint))
  const axis = runAxis(events, result, fault)
  const lines = moments(events, result, axis, nameOf)
  const stories = jobStories(ledger, events, timeline.run.runId)
  const jobs = stories.map((story) => story.job)
  const latency = latencyData(jobs, axis, lines, nameOf)
  return { events, fault: placeOf(result, fault), axis, lines, stories, attempts: laneAttempts(jobs), latency, nameOf }
}

function placeOf(result: DrillResult, fault: FaultTime | undefined): FaultPlace | null {
  return fault === undefined ? null : { atNs: fault.effectiveNs, endpoint: fault.endpoint, done: result.fault.done }
}

function head(result: DrillResult): Html {
  const { injectedAt } = result.fault
  const when = injectedAt === null ? null : ` · ${injectedAt.slice(0, 19).replace('T', ' ')} UTC`
  return html`<header>
    <p class="verdict ${result.verdict}"><span class="word">${result.verdict.toUpperCase()}</span>
<span>${summaryLine(result)}</span>
    </p>
    <h1>${unbroken(headline(result))}</h1>
    <p class="meta">Failover drill · ${result.target.lab} · ${result.fault.name} ${result.fault.node}${when} · run ${result.runId}</p>
    ${notes('Why this is not a pass', result.reasons, 'bad')}
    ${notes('Worth knowing', result.findings, '')}
  </header>`
}

function notes(title: string, lines: readonly string[], kind: string): Html | null {
  if (lines.length === 0) return null
  return html`<section class="told ${kind}"><h2>${title}</h2><ul>${lines.map((line) => html`<li>${unbroken(line)}</li>`)}</ul></section>`
}
