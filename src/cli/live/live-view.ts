import type { Clock, Timer } from '../../clock.ts'
import { formatCount, sayMs } from '../../drill/checker/exact-durations.ts'
import type { HistoryEvent } from '../../drill/history.ts'
import { formatMs } from '../../drill/report/durations.ts'
import { printableLine } from '../../page/printable.ts'
import { wrap } from '../../text-width.ts'
import { wordsOf } from '../../drill/topology.ts'
import type { DrillPhase } from '../../drill/runner/runner.ts'
import { advance, conditionOf, type LiveState, liveState, type Notice } from './live-state.ts'
import { panel } from './panel.ts'
import { Redrawing } from './redrawing.ts'
import { styledLine } from './styled-line.ts'

/** The part of `process.stderr` that is used. */
export interface LiveStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

export interface LiveViewOptions {
  /** Where progress goes: standard error, as standard output is for the result. */
  readonly stream: LiveStream
  readonly clock: Clock
  /** `NO_COLOR` and `TERM` are read from it. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Known before the first event, so that they are shown from the beginning. */
  readonly brokers: readonly { readonly name: string; readonly endpoint: string }[]
}

/** What a person sees of a drill while it runs. None of these throws. */
export interface LiveView {
  onEvent(event: HistoryEvent): void
  onPhase(phase: DrillPhase): void
  /** A line of somebody else, kept out of the panel's way. */
  note(text: string): void
  /** Takes the panel away and gives the cursor back. Idempotent; what comes later is not shown. */
  close(): void
}

const FRAME_MS = 100
const PROGRESS_MS = 2_000
const NARROWEST = 40
const WIDEST = 200

/**
 * Shows a drill on `stream`: on a terminal a panel that redraws itself in place, with what matters as lines
 * above it; anywhere else those lines alone and one of progress every two seconds, without control codes.
 */
export function openLiveView(options: LiveViewOptions): LiveView {
  const { stream, clock, environment } = options
  const state = liveState(options.brokers)
  const onTerminal = stream.isTTY === true && environment['TERM'] !== 'dumb'
  const colour = onTerminal && !environment['NO_COLOR']
  const screen = onTerminal ? new Redrawing(stream) : undefined
  let latest = { ns: 0, at: clock.now() }
  let timer: Timer | undefined
  let closed = false

  // Between two events time goes on, and the outage with it.
  const nowNs = (): number => latest.ns + (clock.now() - latest.at) * 1e6
  // A pseudo-terminal that nobody gave a size has none: 0.
  const columns = (): number => Math.min(Math.max(stream.columns || 80, NARROWEST), WIDEST) - 1
  const frame = (): readonly string[] =>
    panel(state, nowNs(), { columns: columns(), rows: Math.max(1, (stream.rows || 24) - 1), colour })
  const say = (lines: readonly string[]): void => {
    if (lines.length === 0) return
    if (screen) screen.above(lines, frame())
    else stream.write(`${lines.join('\n')}\n`)
  }
  const tick = (): void => {
    if (screen) screen.draw(frame())
    else if (state.due > 0) stream.write(`${progressLine(state, nowNs())}\n`)
    timer = clock.after(screen ? FRAME_MS : PROGRESS_MS, tick)
  }

  if (screen) screen.draw(frame())
  timer = clock.after(screen ? FRAME_MS : PROGRESS_MS, tick)
  return {
    onEvent(event) {
      if (closed) return
      latest = { ns: event.t, at: clock.now() }
      say(advance(state, event).flatMap((notice) => noticeLines(notice, colour, screen ? columns() : undefined)))
    },
    onPhase(phase) {
      if (closed) return
      state.phase = phase
      const text = phaseText(phase)
      if (text !== undefined) {
        say(noticeLines({ atNs: nowNs(), tone: 'plain', text }, colour, screen ? columns() : undefined))
      }
    },
    note(text) {
      if (!closed) say([printableLine(text, 1_000)])
    },
    close() {
      if (closed) return
      closed = true
      timer?.cancel()
      screen?.end()
    },
  }
}

/** `   6.05 s  fault: kill a`; in more lines where the columns are few. */
function noticeLines(notice: Notice, colour: boolean, columns?: number): readonly string[] {
  const tones = { plain: undefined, bad: 'red', good: 'green' } as const
  const tone = tones[notice.tone]
  const stamp = `${(notice.atNs / 1e9).toFixed(2).padStart(7)} s  `
  const texts = columns === undefined ? [notice.text] : wrap(notice.text, columns - stamp.length)
  return texts.map((text, index) => {
    const lead = index === 0 ? stamp : ' '.repeat(stamp.length)
    const segments = [
      { text: lead, style: 'dim' as const },
      { text, ...(tone && { style: tone }) },
    ]
    return styledLine(segments, columns ?? Number.POSITIVE_INFINITY, colour)
  })
}

/** Where the drill stands, in one line without control codes. */
function progressLine(state: LiveState, nowNs: number): string {
  const { outage, topology } = state
  const title = ` (${wordsOf(topology).title})`
  const counts: readonly (readonly [number, string])[] = [
    [state.due, 'due'],
    [state.confirmed, 'confirmed'],
    [state.received, 'received'],
    [state.acknowledged, 'acked'],
    [state.open.size, 'in flight'],
    ...(state.failed > 0 ? [[state.failed, 'failed'] as const] : []),
  ]
  const parts = [
    counts.map(([count, what]) => `${formatCount(count)} ${what}`).join(', '),
    state.brokers
      .map(
        (broker) =>
          `${broker.name} ${conditionOf(broker, topology, state.master === broker.name)}${state.master === broker.name ? title : ''}`,
      )
      .join(', '),
    ...(outage && outage.untilNs === null ? [`no confirm for ${((nowNs - outage.fromNs) / 1e9).toFixed(1)} s`] : []),
  ]
  return printableLine(`${(nowNs / 1e9).toFixed(2).padStart(7)} s  ${parts.join('; ')}`, 500)
}

function phaseText(phase: DrillPhase): string | undefined {
  switch (phase.name) {
    case 'steady':
      return 'waiting for a steady state'
    case 'waiting':
      return `steady state; the fault comes in ${formatMs(phase.phaseMs)} (a random phase, from the seed)`
    case 'holding':
      return `the fault holds for ${formatMs(phase.holdMs)}`
    case 'recovering':
      return `waiting until jobs have flowed for ${sayMs(phase.flowingMs)}, then the heal`
    case 'watching':
      return `watching that jobs flow as before, without a break for ${sayMs(phase.windowMs)}`
    case 'draining':
      return 'draining: no new jobs, every confirmed one is waited for'
    case 'fault':
    case 'healing':
      return undefined
  }
}
