import type { Clock } from '../../clock.ts'
import type { DrillResult } from '../../drill/result.ts'
import type { SuiteResult } from '../../drill/suite/suite-result.ts'
import type { Search } from '../../drill/threshold/search-file.ts'
import { findingsBesideHeadline, headline } from '../../drill/report/headline.ts'
import { formatMs, unbroken } from '../../drill/report/durations.ts'
import { type Html, html } from '../../page/html.ts'
import { printableLine } from '../../page/printable.ts'
import { facts } from '../parts/facts.ts'
import { exactlyAgo, ago } from '../parts/time.ts'
import type { ShelfEntry } from './entry.ts'
import { counted, drillAddress, measured, stateBadge, titleOf } from './entry-words.ts'
import { HISTORY_FILE, REPORT_FILE, RESULT_FILE } from './read-entry.ts'
import { searchFacts } from './search-facts.ts'
import { suiteRuns } from './suite-runs.ts'

/** What there is of one folder, in whole where it has a result. */
export interface DrillView {
  readonly basePath: string
  readonly clock: Pick<Clock, 'wallTime'>
  readonly entry: ShelfEntry
  readonly result: DrillResult | undefined
  readonly suite: SuiteResult | undefined
  readonly search: Search | undefined
  /** The files of its folder that can be had. */
  readonly files: readonly string[]
  /** The one before it with the same lab and fault; undefined where there is none. */
  readonly before: ShelfEntry | undefined
}

export function drillView(view: DrillView): Html {
  return html`<p class="trail"><a href="${view.basePath}/drills">All drills</a></p>
<h1>${titleOf(view.entry)}</h1>
<div id="drill">${drillParts(view)}</div>`
}

/** What changes until it has come to its verdict. */
export function drillParts(view: DrillView): Html {
  const { basePath, clock, entry, result, suite, search } = view
  return html`<p class="verdict-line">${stateBadge(entry.state)} <span class="quiet">${exactlyAgo(clock, entry.at)}</span></p>
<p class="lead">${unbroken(result ? headline(result) : entry.says)}</p>
${entry.hasReport && html`<p><a class="button strong" href="${drillAddress(basePath, entry.name, REPORT_FILE)}">Open the report</a></p>`}
${result && told(result)}
${result && figures(result)}
${suite && suiteRuns(basePath, entry.name, suite)}
${search && searchFacts(search, entry.hasReport)}
${(result ?? suite ?? (entry.hasReport ? search : undefined)) && compareLinks(view)}
${filesSection(view)}
${again(result?.command ?? suite?.command ?? search?.command)}`
}

function told(result: DrillResult): Html {
  const lines = [...result.reasons, ...findingsBesideHeadline(result)]
  if (lines.length === 0) return html``
  return html`<section><h2>What was seen</h2><ul class="told">${lines.map((line) => html`<li>${unbroken(line)}</li>`)}</ul></section>`
}

function figures(result: DrillResult): Html {
  const { jobs, outage, latencyMs, target, fault } = result
  const { redelivery, resend, broker, postAck } = jobs.duplicated
  return html`<section><h2>What was measured</h2>
${facts([
  ['Brokers', target.brokers.map(({ name, version }) => `${name} (${version})`).join(', ')],
  ['Fault', fault.injectedAt === null ? 'nothing was injected' : `${fault.node} was ${fault.done}`],
  [
    'Outage of the producer',
    outage.producerMs === null
      ? measured(null)
      : `${formatMs(outage.producerMs.lower)} to ${formatMs(outage.producerMs.upper)}`,
  ],
  ['Outage of the consumer', measured(outage.consumerMs)],
  ['Failover', measured(result.failoverMs)],
  ['Recovery', measured(result.recoveryMs)],
  ['Retry threshold', measured(result.retryThresholdMs)],
  [
    'Confirm latency',
    latencyMs === null
      ? measured(null)
      : `median ${formatMs(latencyMs.p50)}, p99 ${formatMs(latencyMs.p99)}, longest ${formatMs(latencyMs.max)}`,
  ],
  ['Jobs', `${jobs.attempted} attempted, ${jobs.acknowledged} confirmed, ${jobs.failed} failed`],
  ['Lost', counted(jobs.lost)],
  [
    'Duplicated',
    `${redelivery} redelivered, ${resend} sent again, ${broker} by the broker, ${postAck} after their acknowledge`,
  ],
])}</section>`
}

function compareLinks({ basePath, clock, entry, before }: DrillView): Html {
  if (!before) return html``
  const address = `${basePath}/compare?with=${encodeURIComponent(before.name)}&with=${encodeURIComponent(entry.name)}`
  return html`<p><a href="${address}">Compare it with the one before</a> <span class="quiet">(the same lab and fault, ${ago(clock, before.at)}: ${before.state})</span></p>`
}

const FILE_WORDS: Readonly<Record<string, string>> = {
  [REPORT_FILE]: 'the report as a page of its own',
  [RESULT_FILE]: 'the result, for programs',
  [HISTORY_FILE]: 'every event of the drill, a line of JSON each',
  'junit.xml': 'the verdict, for a build server',
  'threshold.json': 'the search with all its trials, for programs',
}

function filesSection({ basePath, entry, files }: DrillView): Html {
  if (files.length === 0) return html``
  return html`<section><h2>Files</h2><ul class="files">${files.map(
    (file) =>
      html`<li><a href="${drillAddress(basePath, entry.name, file)}">${printableLine(file, 120)}</a> <span class="quiet">${FILE_WORDS[file] ?? "a broker's own log"}</span></li>`,
  )}</ul></section>`
}

function again(command: string | undefined): Html {
  if (command === undefined || command === '') return html``
  return html`<section><h2>The same again</h2><pre class="box"><code>${command}</code></pre></section>`
}
