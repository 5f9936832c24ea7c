import { UnderstudyError } from '../../errors.ts'
import type { HistoryEvent } from '../history.ts'

export type EventOf<Type extends HistoryEvent['type']> = Extract<HistoryEvent, { type: Type }>

/** What a history says beside its jobs, each list in the order of time. */
export interface Timeline {
  readonly run: EventOf<'run'>
  /** The first fault: a drill injects one. */
  readonly fault: EventOf<'fault'> | undefined
  readonly proof: EventOf<'proof'> | undefined
  readonly heals: readonly EventOf<'heal'>[]
  readonly connections: readonly EventOf<'conn'>[]
  readonly probes: readonly EventOf<'probe'>[]
  readonly markers: readonly EventOf<'marker'>[]
  readonly stalls: readonly EventOf<'stall'>[]
  readonly aborted: EventOf<'abort'> | undefined
  readonly stopped: EventOf<'stopped'> | undefined
  /** The last one. */
  readonly drain: EventOf<'drain'> | undefined
  readonly lastNs: number
}

/**
 * Reads the events that are not about a job. They must be in order (see {@link inOrder}).
 *
 * @throws UnderstudyError `invalid-option` when there is no `run` line: nothing else says which
 * deliveries belong to the run.
 */
export function readTimeline(events: readonly HistoryEvent[]): Timeline {
  const of = <Type extends HistoryEvent['type']>(type: Type): EventOf<Type>[] =>
    events.filter((event): event is EventOf<Type> => event.type === type)
  const run = events.find((event) => event.type === 'run')
  if (!run) throw new UnderstudyError('invalid-option', 'the history has no run line, so it cannot be judged')
  const fault = events.find((event) => event.type === 'fault')
  return {
    run,
    fault,
    proof: events.find((event) => event.type === 'proof' && event.node === fault?.node) as EventOf<'proof'> | undefined,
    heals: of('heal'),
    connections: of('conn'),
    probes: of('probe'),
    markers: of('marker'),
    stalls: of('stall'),
    aborted: of('abort')[0],
    stopped: of('stopped')[0],
    drain: of('drain').at(-1),
    lastNs: events.at(-1)?.t ?? 0,
  }
}

const TURN: Readonly<Record<HistoryEvent['type'], number>> = {
  run: 0,
  due: 1,
  att: 2,
  res: 3,
  giveup: 4,
  dlv: 5,
  cack: 6,
  cackok: 7,
  fault: 8,
  proof: 9,
  heal: 10,
  conn: 11,
  probe: 12,
  marker: 13,
  drain: 14,
  stall: 15,
  stopped: 16,
  abort: 17,
}

/**
 * The events in the order of time. Those of one nanosecond are put in one fixed order, whatever order
 * they came in, so that the same events always give the same verdict.
 */
export function inOrder(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  // A history as it was written is already in order: a million comparisons instead of twenty million.
  if (events.every((event, index) => index === 0 || event.t > (events[index - 1]?.t ?? 0))) return events
  return [...events].sort(
    (one, other) => one.t - other.t || TURN[one.type] - TURN[other.type] || compareText(within(one), within(other)),
  )
}

function within(event: HistoryEvent): string {
  const entries = Object.entries(event).sort(([one], [other]) => compareText(one, other))
  return JSON.stringify(entries)
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
