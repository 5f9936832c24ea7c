import { formatCount, sayMs } from '../../drill/checker/exact-durations.ts'
import type { DrillPhase } from '../../drill/runner/runner.ts'
import { formatMs, plural } from '../../drill/report/durations.ts'
import { printableLine } from '../../page/printable.ts'
import { textWidth } from '../../text-width.ts'
import { sparkline } from './latency-trace.ts'
import { conditionOf, type LiveBroker, type LiveState, recoveryOf } from './live-state.ts'
import { type Segment, type Style, styledLine } from './styled-line.ts'

export interface PanelSize {
  readonly columns: number
  /** Lines that there is room for. */
  readonly rows: number
  readonly colour: boolean
}

const LABEL_WIDTH = 10
// Below this the labels give their room to what they label.
const LABELLED = 60
const MOST_BROKERS = 4
const SPARKLINE_NARROWEST = 8
// Below this the age of the last figures would be all that is left of the line.
const WIDE = 72

/**
 * The running drill as a few lines, none wider than `columns`: jobs, listener, who serves, the outage as
 * it counts up and how it ended, the latency of the last seconds.
 */
export function panel(state: LiveState, nowNs: number, size: PanelSize): readonly string[] {
  const labelled = size.columns >= LABELLED
  const room = labelled ? size.columns - LABEL_WIDTH : size.columns
  const lines: readonly (readonly [string, readonly Segment[]])[] = [
    ['jobs', jobsLine(state)],
    ['listener', listenerLine(state)],
    ...brokerLines(state).map((line, index) => [index === 0 ? 'brokers' : '', line] as const),
    ['service', outageLine(state, nowNs)],
    ['latency', latencyLine(state, nowNs, room)],
  ]
  const lead = (label: string): readonly Segment[] =>
    labelled ? [{ text: label.padEnd(LABEL_WIDTH), style: 'dim' }] : []
  const body = lines.map(([label, line]) => lead(label).concat(line))
  // An empty line sets it apart from what stays above, where there is room.
  const top =
    size.rows > body.length + 1 ? [[], heading(state, nowNs, size.columns)] : [heading(state, nowNs, size.columns)]
  return [...top, ...body].slice(0, Math.max(1, size.rows)).map((line) => styledLine(line, size.columns, size.colour))
}

function heading(state: LiveState, nowNs: number, columns: number): readonly Segment[] {
  const title = printableLine(state.title)
  const phase = state.phase === null ? '' : ` · ${phaseWords(state.phase, state)}`
  const clock = `${(nowNs / 1e9).toFixed(1)} s`
  const gap = columns - textWidth(title) - textWidth(phase) - clock.length
  return [
    { text: title, style: 'bold' },
    { text: phase, style: 'dim' },
    ...(gap > 1 && columns >= WIDE ? [{ text: ' '.repeat(gap) + clock, style: 'dim' as const }] : []),
  ]
}

function phaseWords(phase: DrillPhase, { outage, backOn }: LiveState): string {
  switch (phase.name) {
    case 'steady':
      return 'waiting for a steady state'
    case 'waiting':
      return 'steady; the fault comes at its random phase'
    case 'fault':
      return 'injecting the fault'
    case 'holding':
      return `the fault holds for ${sayMs(phase.holdMs)}`
    case 'healing':
      return 'healing'
    case 'recovering':
      return `${sayMs(phase.flowingMs)} of flowing jobs, then the heal`
    case 'watching': {
      const span = sayMs(phase.windowMs)
      if (outage?.untilNs === null) return 'healed; waiting until jobs flow again'
      if (!backOn || backOn.how === 'passes jobs on again') return `jobs flow; watching them for ${span}`
      return `${printableLine(backOn.name, 20)} serves; watching it for ${span}`
    }
    case 'draining':
      return 'draining'
  }
}

function jobsLine(state: LiveState): readonly Segment[] {
  return [
    { text: `${formatCount(state.due)} due  ${formatCount(state.confirmed)} confirmed  ` },
    { text: `${formatCount(state.open.size)} in flight`, ...(state.open.size > 1 && { style: 'yellow' as const }) },
    ...(state.failed > 0 ? [{ text: `  ${formatCount(state.failed)} failed`, style: 'red' as const }] : []),
  ]
}

function listenerLine(state: LiveState): readonly Segment[] {
  const again = state.duplicates > 0 ? ` (${plural(state.duplicates, 'duplicate')})` : ''
  return [{ text: `${formatCount(state.received)} received${again}  ${formatCount(state.acknowledged)} acked` }]
}

function brokerLines(state: LiveState): readonly (readonly Segment[])[] {
  const shown = state.brokers.slice(0, MOST_BROKERS)
  const widest = Math.max(0, ...shown.map((broker) => textWidth(printableLine(broker.name, 20))))
  const lines = shown.map((broker): readonly Segment[] => {
    const name = printableLine(broker.name, 20)
    return [
      { text: state.master === broker.name ? '★ ' : '  ', style: 'yellow' },
      { text: name + ' '.repeat(widest - textWidth(name) + 2), style: 'bold' },
      { text: conditionOf(broker, state.topology, state.master === broker.name).padEnd(14), ...styleOf(broker) },
      { text: ` ${printableLine(broker.endpoint)}`, style: 'dim' },
    ]
  })
  const more = state.brokers.length - shown.length
  return more > 0 ? [...lines, [{ text: `  and ${more} more`, style: 'dim' }]] : lines
}

function styleOf(broker: LiveBroker): { readonly style?: Style } {
  if (broker.hurt !== null || broker.finding === 'mute') return { style: 'red' }
  return broker.finding === 'serving' ? { style: 'green' } : { style: 'dim' }
}

function outageLine(state: LiveState, nowNs: number): readonly Segment[] {
  const { outage } = state
  if (outage && outage.untilNs === null) {
    const seconds = Math.max(0, (nowNs - outage.fromNs) / 1e9).toFixed(1)
    return [{ text: ` NO CONFIRM FOR ${seconds} s `, style: 'alarm' }]
  }
  const recovery = recoveryOf(state)
  if (recovery !== null) return [{ text: printableLine(recovery), style: 'relief' }]
  return [{ text: state.confirmed > 0 ? 'jobs are being confirmed' : 'no job confirmed yet' }]
}

function latencyLine(state: LiveState, nowNs: number, columns: number): readonly Segment[] {
  const worst = state.latency.worstMs === 0 ? '' : `  worst ${formatMs(state.latency.worstMs)}`
  const room = columns - worst.length
  if (room < SPARKLINE_NARROWEST) return [{ text: worst.trim() }]
  return [{ text: sparkline(state.latency, nowNs, room) }, { text: worst, style: 'dim' }]
}
