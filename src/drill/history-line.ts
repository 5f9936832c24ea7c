import { MARKER_KINDS } from './broker-control.ts'
import { type Check, fields, listOf, number, object, orAbsent, orNull, text, wrongField } from './checks.ts'
import type { HistoryEvent } from './history.ts'

const flag: Check = (value) => typeof value === 'boolean'
const instant: Check = (value) => Number.isSafeInteger(value)
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const ordinal: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1
const period: Check = (value) => number(value) && (value as number) > 0
const texts = listOf(text)

function oneOf(...known: readonly unknown[]): Check {
  return (value) => known.includes(value)
}

const PREDICTION = fields({ lowerMs: number, upperMs: orNull(number), because: text })
const ENTRANCE = fields({ name: text, endpoint: text })

const OBJECTIVES = fields({
  rtoMs: orAbsent(period),
  rpoJobs: orAbsent(count),
  failedJobs: orAbsent(count),
  exactlyOnce: orAbsent(flag),
  windowMs: orAbsent(period),
})

const BROKER = fields({ name: text, version: text, endpoint: text })

type FieldsOf<Event> = Event extends HistoryEvent ? Record<Exclude<keyof Event, 't' | 'wall' | 'type'>, Check> : never

// One entry for each kind of event and each of its fields: the compiler holds this table to `history.ts`.
const EVENTS: { readonly [Type in HistoryEvent['type']]: FieldsOf<Required<Extract<HistoryEvent, { type: Type }>>> } = {
  run: {
    schema: oneOf(1),
    runId: text,
    lab: text,
    topology: orAbsent(oneOf('lock', 'quorum', 'home-node')),
    acksConfirmed: orAbsent(flag),
    fault: text,
    predicted: orAbsent(PREDICTION),
    seed: number,
    everyMs: period,
    phaseMs: number,
    objectives: orAbsent(OBJECTIVES),
    brokers: orAbsent((value) => Array.isArray(value) && value.every(BROKER)),
    entrances: orAbsent((value) => Array.isArray(value) && value.every(ENTRANCE)),
  },
  due: { id: text, sequence: count, dueNs: instant },
  att: { id: text, k: ordinal, endpoint: orNull(text) },
  res: { id: text, k: ordinal, outcome: oneOf('ack', 'nack', 'returned', 'refused', 'ambiguous') },
  giveup: { id: text },
  dlv: { id: text, runId: text, k: ordinal, redelivered: flag, endpoint: text },
  cack: { id: text, n: ordinal },
  cackok: { id: text, n: ordinal },
  fault: {
    name: text,
    node: text,
    endpoint: orNull(text),
    done: orAbsent(text),
    expects: orAbsent(oneOf('takeover', 'service')),
  },
  proof: { node: text, effectiveNs: instant, proof: texts },
  heal: { node: text, how: text, orderedNs: orAbsent(instant) },
  conn: {
    client: oneOf('producer', 'listener'),
    state: oneOf('connected', 'interrupted', 'attempt-failed', 'resumed', 'failed', 'closed', 'blocked', 'unblocked'),
    endpoint: orNull(text),
    reason: orNull(text),
  },
  probe: { node: text, endpoint: text, finding: oneOf('serving', 'refused', 'mute', 'reset', 'unreachable') },
  marker: {
    kind: oneOf(...MARKER_KINDS),
    node: orNull(text),
    source: text,
    toleranceMs: number,
    detail: text,
    atNs: instant,
  },
  stall: { forNs: instant },
  abort: { why: text },
  stopped: { why: text },
  drain: { ok: flag, outstanding: count },
}

/** One line of a stored history: the event, or what is wrong with the line. */
export type ParsedLine = { readonly event: HistoryEvent } | { readonly wrong: string; readonly isJson: boolean }

/** Reads one line and checks every field that the checker relies on. Fields it does not know are let pass. */
export function parseHistoryLine(line: string): ParsedLine {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { wrong: 'is not JSON', isJson: false }
  }
  const wrong = whatIsWrong(value)
  return wrong === undefined ? { event: value as HistoryEvent } : { wrong, isJson: true }
}

function whatIsWrong(value: unknown): string | undefined {
  if (!object(value)) return 'is not an event'
  const event = value as Record<string, unknown>
  const type = event.type
  if (typeof type !== 'string' || !Object.hasOwn(EVENTS, type)) {
    return typeof type === 'string' ? `holds an unknown type, ${JSON.stringify(type.slice(0, 40))}` : 'is not an event'
  }
  if (type === 'run' && event.schema !== 1) {
    return 'is not of schema 1, the one that this version reads'
  }
  const field = wrongField(event, { t: instant, wall: number, ...EVENTS[type as HistoryEvent['type']] })
  return field === undefined ? undefined : `has no proper field ${field} (${type})`
}
