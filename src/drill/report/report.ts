import { type FaultTime, faultTime } from '../checker/fault-time.ts'
import type { HistoryEvent } from '../history.ts'
import { jobsLedger } from '../checker/jobs-ledger.ts'
import type { DrillResult } from '../result.ts'
import { inOrder, readTimeline } from '../checker/timeline.ts'
import { answer, notes } from './answer.ts'
import { fateTable } from './fate-table.ts'
import type { FaultPlace, NameOf } from './fate-words.ts'
import { dataIsland, html } from './html.ts'
import { jobStories } from './job-stories.ts'
import { laneAttempts } from './lanes.ts'
import { latencyData } from './latency-data.ts'
import { LATENCY_SCRIPT, plotLibrary } from './latency-plot.ts'
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
  const body = html`${answer(result)}
    <main id="content">
    ${notes(result)}
    ${runSection(result, told)}
    <h2>The failover, part by part</h2>
    ${waterfall(result)}
    <h2>The fate of the jobs</h2>
    ${fateTable(told.stories, told.fault, told.axis, told.nameOf)}
    <h2>How it was run</h2>
    ${setting(result, told.events, told.axis)}
    </main>
    ${dataIsland('latency-data', told.latency.data)}`
  const library = plotLibrary()
  const title = `${result.verdict}: ${result.fault.name} ${result.fault.node}, ${result.target.lab}`
  return page(title, body, { libraryStyle: library.style, scripts: [library.script, LATENCY_SCRIPT] })
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
