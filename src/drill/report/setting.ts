import type { HistoryEvent } from '../history.ts'
import type { DrillResult, Objective } from '../result.ts'
import { formatMs, formatOffset, plural } from './durations.ts'
import { glyphOf } from '../../page/glyphs.ts'
import { type Html, html } from '../../page/html.ts'
import type { RunAxis } from './plots/run-axis.ts'

const MOST_MARKERS = 40

/** What was drilled and with what: brokers, fault, markers, settings, versions, the command, the files. */
export function setting(result: DrillResult, events: readonly HistoryEvent[], axis: RunAxis): Html {
  const { target, fault } = result
  return html`<div class="columns">
    <div>
      <h3>Brokers</h3>
      ${table(target.brokers.map((broker) => [broker.name, html`${broker.version}<br><code>${broker.endpoint}</code>`]))}
      <h3>Fault</h3>
      ${table([
        ['what', `${fault.name} ${fault.node}`],
        ['ordered', fault.injectedAt ?? 'never'],
        ['proven', fault.provenAt ?? 'not proven'],
        ...fault.proof.map((proof, index) => [index === 0 ? 'proof' : '', proof] as const),
        ['phase', `${formatMs(fault.phaseMs)} after the steady state, drawn from seed ${String(result.seed)}`],
      ])}
      <h3>Versions</h3>
      ${table(Object.entries(result.versions))}
    </div>
    <div>
      <h3>What was asked</h3>
      ${table(result.objectives.map((objective) => [[objective.name, objective.target].filter(Boolean).join(' '), html`${verdictOf(objective)}${meaningOf(objective)}`]))}
      <h3>Settings of the brokers</h3>
      ${table(Object.entries(target.settings).map(([name, value]) => [name, html`<code>${value}</code>`]))}
    </div>
  </div>
  ${whoServes(events, axis)}
  <h3>The same again</h3>
  <pre class="command"><code>${result.command}</code></pre>
  <p class="lead">Seed ${String(result.seed)} gives the same schedule and the same phase.${axis.hasFault && ' Every time above counts from the moment the fault took effect.'}</p>
  <h3>Files</h3>
  ${table([
    ['events', file(result.files.events)],
    ['result', result.files.result === null ? 'not written' : file(result.files.result)],
    ...result.files.logs.map((log, index) => [index === 0 ? 'logs' : '', file(log)] as const),
  ])}`
}

function whoServes(events: readonly HistoryEvent[], axis: RunAxis): Html | null {
  const markers = events.filter((event) => event.type === 'marker')
  if (markers.length === 0) return null
  return html`<h3>What the brokers say of who serves</h3>
  ${table(
    markers
      .slice(0, MOST_MARKERS)
      .map((marker) => [
        formatOffset(marker.atNs - axis.originNs),
        html`${marker.detail} <span class="meaning">${marker.kind}${marker.node !== null && `, ${marker.node}`}, from the ${marker.source}, known to within ${formatMs(marker.toleranceMs)}</span>`,
      ]),
  )}
  ${markers.length > MOST_MARKERS && html`<p class="nothing">${plural(markers.length - MOST_MARKERS, 'more line')} in the events file.</p>`}`
}

function verdictOf({ met, actual }: Objective): Html {
  const word = met === null ? 'UNKNOWN' : met ? 'PASS' : 'FAIL'
  return html`<b class="${word}">${glyphOf(met)} ${word}</b>${met !== null && ` (${actual})`}`
}

const MEANINGS: Readonly<Record<string, string>> = {
  takeover: 'another broker had to take over',
  service: 'jobs had to be confirmed again',
  RTO: 'the longest that the recovery may take',
  RPO: 'how many confirmed jobs may be lost',
  'failed jobs': 'how many jobs the producer may give up',
  unexpected: 'deliveries of jobs that this run never sent',
  'post-ack duplicates': 'copies that came after the acknowledge was confirmed',
  'one master': 'never two brokers serving at once',
  'exactly once': 'no job delivered twice',
}

function meaningOf({ name }: Objective): Html | null {
  const meaning = Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined
  return meaning === undefined ? null : html`<br><span class="meaning">${meaning}</span>`
}

// A plain name lies beside the report. Anything else might lead anywhere and is only named.
function file(path: string): Html {
  const beside = /^\w[\w.-]*(?:\/\w[\w.-]*)*$/.test(path)
  return beside ? html`<a href="${path}"><code>${path}</code></a>` : html`<code>${path}</code>`
}

function table(rows: readonly (readonly [string, Html | string])[]): Html {
  if (rows.length === 0) return html`<p class="nothing">none</p>`
  return html`<table class="facts"><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`
}
