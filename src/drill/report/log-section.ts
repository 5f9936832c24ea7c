import type { HistoryEvent } from '../history.ts'
import type { DrillResult } from '../result.ts'
import { formatOffset, plural } from './durations.ts'
import { type Html, html, trusted } from '../../page/html.ts'
import { type BrokerLog, logExcerpt, type LogLine } from './logs.ts'
import { printable } from '../../page/printable.ts'
import type { RunAxis } from './plots/run-axis.ts'

const LEAD_MS = 3_000
const TAIL_MS = 2_000
// Where nothing recovered, this much of what followed is told.
const MOST_AFTER_MS = 60_000
const MOST_OPEN = 12

/** What the brokers wrote down from a few seconds before the fault to the recovery, each file by itself. */
export function logSection(
  logs: readonly BrokerLog[],
  result: DrillResult,
  events: readonly HistoryEvent[],
  axis: RunAxis,
): Html | null {
  const fault = events.find((event) => event.type === 'fault')
  const [first] = events
  if (logs.length === 0 || !fault || !first) return null
  // One process is one clock: its wall time at zero.
  const zeroWall = fault.wall + (axis.originNs - fault.t) / 1e6
  const untilWall = zeroWall + Math.min(MOST_AFTER_MS, lastedMs(result, events, axis)) + TAIL_MS
  const excerpts = logs.map(({ file, text }) => ({ file, lines: logExcerpt(text, fault.wall - LEAD_MS, untilWall) }))
  return html`<section id="logs">
    <h2>What the brokers wrote down</h2>
    <p class="lead">From three seconds before the fault to two after the recovery or the heal, by the brokers’ own clocks, on the axis of the plots. The red line is the fault; warnings and errors stand out.</p>
    ${excerpts.map(({ file, lines }) => excerpt(file, lines, zeroWall, isOf(file, result.takenOverBy ?? result.fault.node)))}
  </section>`
}

function lastedMs(result: DrillResult, events: readonly HistoryEvent[], axis: RunAxis): number {
  const heal = events.find((event) => event.type === 'heal')
  const healedMs = heal ? (heal.t - axis.originNs) / 1e6 : 0
  return Math.max(healedMs, result.recoveryMs ?? 0, result.outage.producerMs?.upper ?? 0, result.failoverMs ?? 0)
}

// `brokers/b.log` is that of b.
function isOf(file: string, node: string): boolean {
  return file.split('/').at(-1)?.split('.')[0] === node
}

function excerpt(file: string, lines: readonly LogLine[], zeroWall: number, telling: boolean): Html {
  const name = /^\w[\w.-]*(?:\/\w[\w.-]*)*$/.test(file) ? html`<a href="${file}">${file}</a>` : html`${file}`
  if (lines.length === 0) return html`<p class="nothing log">${name} holds nothing of that time.</p>`
  const firstAfter = lines.findIndex(({ wall }) => wall >= zeroWall)
  return html`<details class="log"${(telling || lines.length <= MOST_OPEN) && trusted(' open')}>
    <summary>${file} <span class="meaning">${plural(lines.length, 'line')}</span></summary>
    <ol class="lines mono" tabindex="0" aria-label="Lines of ${file}">${lines.map((line, index) => {
      const classes = [index === firstAfter && index > 0 ? 'after-fault' : '', line.loud ? 'loud' : ''].filter(Boolean)
      return html`<li${classes.length > 0 && trusted(` class="${classes.join(' ')}"`)}><time>${formatOffset((line.wall - zeroWall) * 1e6)}</time><span>${printable(line.text)}</span></li>`
    })}</ol>
    <p class="meaning">${name}</p>
  </details>`
}
