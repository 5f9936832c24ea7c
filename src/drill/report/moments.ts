import type { HistoryEvent } from '../history.ts'
import type { DrillResult } from '../result.ts'
import { isGain, wordsOf } from '../topology.ts'
import type { NameOf } from './stories/fate-words.ts'
import { printableLine } from '../../page/printable.ts'
import type { RunAxis } from './plots/run-axis.ts'

/** Something that happened at one instant and is drawn as a line through the plots. */
export interface Moment {
  readonly kind: 'fault' | 'proof' | 'lock' | 'reconnect' | 'confirm' | 'heal' | 'abort'
  readonly atNs: number
  readonly label: string
}

// A flapping lock could fill the page; the first few tell the story and the events file has the rest.
const MOST_OF_A_KIND = 3

/** The instants worth a line, in order: fault, proof, lock, reconnection, first confirm, heal. */
export function moments(
  events: readonly HistoryEvent[],
  result: DrillResult,
  axis: RunAxis,
  nameOf: NameOf,
): readonly Moment[] {
  const orderedNs = events.find((event) => event.type === 'fault')?.t
  const found: Moment[] = lockMoments(events, orderedNs)
  for (const event of events) {
    const moment = momentOf(event, orderedNs, nameOf)
    if (moment && found.filter((other) => other.kind === moment.kind).length < MOST_OF_A_KIND) found.push(moment)
  }
  if (result.failoverMs !== null && axis.hasFault) {
    found.push({ kind: 'confirm', atNs: axis.originNs + result.failoverMs * 1e6, label: 'first confirm' })
  }
  return found.sort((one, other) => one.atNs - other.atNs)
}

/** Several sources tell of one change of the lock or of the leader: of those the finest is drawn. */
function lockMoments(events: readonly HistoryEvent[], orderedNs: number | undefined): Moment[] {
  const changes: Extract<HistoryEvent, { type: 'marker' }>[] = []
  const { movedTo } = wordsOf(events.find((event) => event.type === 'run')?.topology)
  // What came before the fault is the steady state and its first holder.
  for (const event of events) {
    if (event.type !== 'marker' || !isGain(event.kind) || event.t < (orderedNs ?? Infinity)) continue
    const last = changes.at(-1)
    if (last?.node !== event.node) changes.push(event)
    else if (event.toleranceMs < last.toleranceMs) changes[changes.length - 1] = event
  }
  return changes
    .slice(0, MOST_OF_A_KIND)
    .map((event) => moment('lock', event.atNs, `${movedTo} ${event.node ?? 'another'}`))
}

function momentOf(event: HistoryEvent, orderedNs: number | undefined, name: NameOf): Moment | undefined {
  if (event.type === 'fault') return moment('fault', event.t, `${event.name} ${event.node}`)
  if (event.type === 'proof') return moment('proof', event.effectiveNs, 'proven')
  if (event.type === 'abort') return moment('abort', event.t, 'aborted')
  if (event.type === 'heal') return moment('heal', event.t, `${event.node} healed`)
  const back = event.type === 'conn' && event.client === 'producer' && event.t >= (orderedNs ?? Infinity)
  if (back && (event.state === 'resumed' || event.state === 'connected')) {
    return moment('reconnect', event.t, `producer on ${name(event.endpoint)}`)
  }
  return undefined
}

function moment(kind: Moment['kind'], atNs: number, label: string): Moment {
  return { kind, atNs, label: printableLine(label, 24) }
}
