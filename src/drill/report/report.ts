import { type FaultTime, faultTime } from '../checker/fault-time.ts'
import { jobsLedger } from '../checker/jobs-ledger.ts'
import { inOrder, readTimeline } from '../checker/timeline.ts'
import type { HistoryEvent } from '../history.ts'
import type { DrillResult } from '../result.ts'
import { answer, contents, notes } from './answer.ts'
import { fateSection } from './stories/fate-section.ts'
import type { FaultPlace, NameOf } from './stories/fate-words.ts'
import { html } from '../../page/html.ts'
import { jobStories } from './stories/job-stories.ts'
import { laneAttempts } from './plots/lanes.ts'
import { logSection } from './log-section.ts'
import type { BrokerLog } from './logs.ts'
import { moments } from './moments.ts'
import { page } from './page.ts'
import { pageData } from './script/page-data.ts'
import { reportScript } from './script/page-script.ts'
import { percentileSection } from './plots/percentiles.ts'
import { predictedPlot } from './predicted.ts'
import { runAxis } from './plots/run-axis.ts'
import { runSection, type Told } from './run-section.ts'
import { plotLibrary } from './script/latency-script.ts'
import { setting } from './setting.ts'
import { waterfall } from './plots/waterfall.ts'

export interface ReportOptions {
  /** The brokers' own logs, of which the lines around the fault are shown. Defaults to none. */
  readonly logs?: readonly BrokerLog[]
}

/**
 * The report of a drill as one page that needs no network: style, scripts and data stand in it, and its
 * content security policy allows exactly those. Whatever came from the run is escaped.
 *
 * @param events the history the result was computed from, in any order.
 * @throws UnderstudyError `invalid-option` when the history has no `run` line.
 */
export function renderReport(
  result: DrillResult,
  events: readonly HistoryEvent[],
  options: ReportOptions = {},
): string {
  const told = tell(result, inOrder(events))
  const logs = logSection(options.logs ?? [], result, told.events, told.axis)
  const latency = percentileSection(
    told.stories.map(({ job }) => job),
    told.axis,
  )
  const parts = [
    ['run', 'The run'],
    ['failover', 'The failover'],
    ...(latency ? [['latency', 'Latency'] as const] : []),
    ['jobs', 'Every job'],
    ...(logs ? [['logs', 'Logs'] as const] : []),
    ['setting', 'How it was run'],
  ] as const
  const body = html`${answer(result)}
    ${contents(parts)}
    <main id="content">
    ${notes(result)}
    ${runSection(result, told)}
    <section id="failover"><h2>The failover, part by part</h2>
    ${waterfall(result)}
    ${predictedPlot(result)}</section>
    ${latency}
    ${fateSection(told.stories, told.fault, told.axis, told.nameOf)}
    ${logs}
    <section id="setting"><h2>How it was run</h2>
    ${setting(result, told.events, told.axis)}</section>
    </main>
    ${pageData(told)}`
  const library = plotLibrary()
  const title = `${result.verdict}: ${result.fault.name} ${result.fault.node}, ${result.target.lab}`
  return page(title, body, { libraryStyle: library.style, scripts: [library.script, reportScript()] })
}

function tell(result: DrillResult, events: readonly HistoryEvent[]): Told {
  const timeline = readTimeline(events)
  const { run } = timeline
  const ledger = jobsLedger(events, run.runId)
  const fault = faultTime(timeline, ledger)
  const places = [...(run.entrances ?? []), ...result.target.brokers]
  const names = new Map(places.map(({ endpoint, name }) => [endpoint, name]))
  const nameOf: NameOf = (endpoint) => (endpoint === null ? 'no broker' : (names.get(endpoint) ?? endpoint))
  const axis = runAxis(events, result, fault)
  const lines = moments(events, result, axis, nameOf)
  const stories = jobStories(ledger, events, run.runId)
  const attempts = laneAttempts(stories.map((story) => story.job))
  return { run, events, fault: placeOf(result, fault), axis, lines, stories, attempts, names, nameOf }
}

function placeOf(result: DrillResult, fault: FaultTime | undefined): FaultPlace | null {
  return fault === undefined ? null : { atNs: fault.effectiveNs, endpoint: fault.endpoint, done: result.fault.done }
}
