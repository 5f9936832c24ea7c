import { msNear } from './durations.ts'
import { expectedAfter, type FaultTime } from './fault-time.ts'
import { isConfirmed, type Ledger } from './jobs-ledger.ts'
import type { FailoverPart } from '../result.ts'
import type { Timeline } from './timeline.ts'

/** How another node came to serve. */
export interface Failover {
  /** Who took over: the node that confirmed, or the queue's new leader where every node serves. */
  readonly node: string
  /** The node that the confirm came through. */
  readonly through: string
  readonly totalMs: number
  /** Whole milliseconds; together exactly `totalMs`. */
  readonly parts: readonly FailoverPart[]
  /** Parts whose end was not seen; their time is in the part after them. */
  readonly unseen: readonly FailoverPart['name'][]
  /**
   * The leader that was elected when jobs already flowed again: a broker that is asked to stop drops its clients
   * first and leads until it is gone.
   */
  readonly electedLater?: { readonly node: string; readonly afterMs: number }
}

/** The end of one part; null when it was not seen. */
type Step = readonly [FailoverPart['name'], number | null]

interface Confirm {
  readonly endpoint: string
  readonly endNs: number
}

/**
 * The time from the fault to the first confirm through another node, and its parts:
 *
 * - `detect` ends when a client first knew;
 * - `lock` when another node had the lock;
 * - `promote` when that node first answered a whole handshake, a probe's or a client's;
 * - `reconnect` when the producer was connected to it;
 * - `confirm` when it confirmed its first job.
 *
 * Where every node serves there is neither a lock nor a promotion: after `reconnect` comes `elect`, which ends
 * when another node had become the queue's leader.
 *
 * Undefined when nobody took over, or nobody could, or the fault did not hit the node that served.
 *
 * The parts are the steps on the way to that confirm. A step that was over before the one before it has
 * no time of its own (a lock that changed hands before the client noticed costs the client nothing).
 */
export function failoverTime(timeline: Timeline, ledger: Ledger, fault: FaultTime): Failover | undefined {
  const { topology } = timeline.run
  if (!fault.hitTheServingNode || topology === 'home-node') return undefined
  const confirm = firstConfirmElsewhere(ledger, fault)
  if (!confirm) return undefined
  return topology === 'quorum' ? throughElection(timeline, fault, confirm) : throughLock(timeline, fault, confirm)
}

function throughLock(timeline: Timeline, fault: FaultTime, confirm: Confirm): Failover {
  const node = nodeAt(timeline, confirm.endpoint)
  const steps: readonly Step[] = [
    ['detect', fault.noticedNs],
    ['lock', lockTakenNs(timeline, fault, node)],
    ['promote', firstServingNs(timeline, fault, confirm.endpoint)],
    ['reconnect', firstConnectedNs(timeline, fault, confirm.endpoint, ['producer'])],
    ['confirm', confirm.endNs],
  ]
  return { node, through: node, ...inParts(steps, fault, confirm) }
}

function throughElection(timeline: Timeline, fault: FaultTime, confirm: Confirm): Failover | undefined {
  const elections = electionsElsewhere(timeline, fault)
  const elected = elections.findLast(({ atNs }) => atNs <= confirm.endNs)
  const later = elected ? undefined : elections[0]
  // A paused leader that went on in time is still the leader, whichever node passes its confirms on.
  if (!elected && expectedAfter(timeline) === 'service') return undefined
  const through = nodeAt(timeline, confirm.endpoint)
  const stayed = fault.servedBy === confirm.endpoint
  const steps: readonly Step[] = [
    ['detect', fault.noticedNs],
    // A client that was connected to another node all the while has nothing to do here.
    ['reconnect', stayed ? fault.effectiveNs : firstConnectedNs(timeline, fault, confirm.endpoint, ['producer'])],
    ...(later ? [] : [['elect', elected?.atNs ?? null] as const]),
    ['confirm', confirm.endNs],
  ]
  const failover = { node: elected?.node ?? through, through, ...inParts(steps, fault, confirm) }
  if (!later) return failover
  return { ...failover, electedLater: { node: later.node, afterMs: msNear(later.atNs - fault.effectiveNs) } }
}

function inParts(
  steps: readonly Step[],
  fault: FaultTime,
  confirm: Confirm,
): Pick<Failover, 'totalMs' | 'parts' | 'unseen'> {
  const parts: FailoverPart[] = []
  const unseen: FailoverPart['name'][] = []
  let reached = fault.effectiveNs
  for (const [name, endNs] of steps) {
    if (endNs === null) {
      unseen.push(name)
      continue
    }
    const end = Math.min(Math.max(endNs, reached), confirm.endNs)
    // Both ends are rounded, not the part: rounded parts would not add up to the rounded whole.
    parts.push({ name, ms: msNear(end - fault.effectiveNs) - msNear(reached - fault.effectiveNs) })
    reached = end
  }
  return { totalMs: msNear(confirm.endNs - fault.effectiveNs), parts, unseen }
}

function firstConfirmElsewhere(ledger: Ledger, fault: FaultTime): Confirm | undefined {
  // What the client sent through another node all along shows nothing before the fault took effect.
  const fromNs = fault.servedBy === fault.endpoint ? fault.orderedNs : fault.effectiveNs
  let first: Confirm | undefined
  for (const attempt of ledger.attempts) {
    const { endpoint, startNs } = attempt
    if (startNs < fromNs || endpoint === null || endpoint === fault.endpoint || !isConfirmed(attempt)) continue
    if (attempt.endNs < (first?.endNs ?? Number.POSITIVE_INFINITY)) first = { endpoint, endNs: attempt.endNs }
  }
  return first
}

/** Those that made another node the leader, in order. */
function electionsElsewhere(
  timeline: Timeline,
  fault: FaultTime,
): readonly { readonly node: string; readonly atNs: number }[] {
  return timeline.markers
    .flatMap(({ kind, node, t, atNs }) =>
      kind === 'leader-elected' && node !== null && node !== fault.node && t >= fault.orderedNs ? [{ node, atNs }] : [],
    )
    .toSorted((one, other) => one.atNs - other.atNs)
}

function nodeAt(timeline: Timeline, endpoint: string): string {
  const named = timeline.run.brokers?.find((broker) => broker.endpoint === endpoint)?.name
  return named ?? timeline.probes.find((probe) => probe.endpoint === endpoint)?.node ?? endpoint
}

/** Of the sources that saw that node take the lock, the finest one is believed. */
function lockTakenNs(timeline: Timeline, fault: FaultTime, node: string): number | null {
  const seen = timeline.markers.filter(
    (marker) => marker.kind === 'lock-acquired' && marker.node === node && marker.t >= fault.orderedNs,
  )
  const finest = seen.toSorted((one, other) => one.toleranceMs - other.toleranceMs || one.atNs - other.atNs)[0]
  return finest?.atNs ?? null
}

function firstServingNs(timeline: Timeline, fault: FaultTime, endpoint: string): number | null {
  const probe = timeline.probes.find(
    (one) => one.endpoint === endpoint && one.finding === 'serving' && one.t >= fault.orderedNs,
  )
  const client = firstConnectedNs(timeline, fault, endpoint, ['producer', 'listener'])
  if (!probe) return client
  return client === null ? probe.t : Math.min(probe.t, client)
}

function firstConnectedNs(
  timeline: Timeline,
  fault: FaultTime,
  endpoint: string,
  clients: readonly ('producer' | 'listener')[],
): number | null {
  const event = timeline.connections.find(
    ({ client, state, endpoint: to, t }) =>
      clients.includes(client) &&
      (state === 'connected' || state === 'resumed') &&
      to === endpoint &&
      t >= fault.orderedNs,
  )
  return event?.t ?? null
}
