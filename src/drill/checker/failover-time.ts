import { msNear, nsOf } from './exact-durations.ts'
import { expectedAfter, type FaultTime } from './fault-time.ts'
import { isConfirmed, type Ledger } from './jobs-ledger.ts'
import type { FailoverPart } from '../result.ts'
import { isEntrance, nameAt, nodeAt } from './target.ts'
import type { EventOf, Timeline } from './timeline.ts'
import { oneServes, wordsOf } from '../topology.ts'

/** How another node came to serve. */
export interface Failover {
  /**
   * Who took over: the node that confirmed, or the queue's new leader where every node serves. Null when the
   * confirm came through an entrance and nothing else told who stood behind it.
   */
  readonly node: string | null
  /** The node, or the entrance, that the confirm came through. */
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
 * Where clients come through an entrance, such as a load balancer, who took over is told by the brokers' own markers,
 * or by the probes; the entrance itself never takes over.
 *
 * Undefined when nobody took over, or nobody could, or the fault did not hit the node that served.
 *
 * The parts are the steps on the way to that confirm. A step that was over before the one before it has
 * no time of its own (a lock that changed hands before the client noticed costs the client nothing).
 */
export function failoverTime(timeline: Timeline, ledger: Ledger, fault: FaultTime): Failover | undefined {
  const { topology } = timeline.run
  // Who is cut off at an entrance finds the same brokers behind it.
  if (!fault.hitTheServingNode || topology === 'home-node' || isEntrance(timeline, fault.endpoint)) return undefined
  return topology === 'quorum' ? throughElection(timeline, ledger, fault) : throughLock(timeline, ledger, fault)
}

function throughLock(timeline: Timeline, ledger: Ledger, fault: FaultTime): Failover | undefined {
  const taken = gainsElsewhere(timeline, fault)[0]
  const replaced = fault.servedBy !== null && isEntrance(timeline, fault.servedBy)
  // Behind an entrance the same broker may have confirmed, unless another one had the lock by then.
  if (replaced && !taken && expectedAfter(timeline) === 'service') return undefined
  const confirm = firstConfirmElsewhere(timeline, ledger, fault, replaced ? taken?.earliestNs : undefined)
  if (!confirm) return undefined
  const node = nodeAt(timeline, confirm.endpoint) ?? taken?.node ?? servingElsewhere(timeline, fault, confirm)
  const steps: readonly Step[] = [
    ['detect', fault.noticedNs],
    ['lock', node === null ? null : lockTakenNs(timeline, fault, node)],
    ['promote', firstServingNs(timeline, fault, node, confirm.endpoint)],
    ['reconnect', reconnectedNs(timeline, fault, confirm)],
    ['confirm', confirm.endNs],
  ]
  return { node, through: nameAt(timeline, confirm.endpoint), ...inParts(steps, fault, confirm) }
}

function throughElection(timeline: Timeline, ledger: Ledger, fault: FaultTime): Failover | undefined {
  const confirm = firstConfirmElsewhere(timeline, ledger, fault)
  if (!confirm) return undefined
  const elections = gainsElsewhere(timeline, fault)
  const elected = elections.findLast(({ atNs }) => atNs <= confirm.endNs)
  const later = elected ? undefined : elections[0]
  // A paused leader that went on in time is still the leader, whichever node passes its confirms on.
  if (!elected && expectedAfter(timeline) === 'service') return undefined
  const steps: readonly Step[] = [
    ['detect', fault.noticedNs],
    ['reconnect', reconnectedNs(timeline, fault, confirm)],
    ...(later ? [] : [['elect', elected?.atNs ?? null] as const]),
    ['confirm', confirm.endNs],
  ]
  const node = elected?.node ?? nodeAt(timeline, confirm.endpoint) ?? later?.node ?? null
  const failover = { node, through: nameAt(timeline, confirm.endpoint), ...inParts(steps, fault, confirm) }
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

/** The first confirm, of an attempt that began after the fault, that came from elsewhere than the broker it hit. */
function firstConfirmElsewhere(
  timeline: Timeline,
  ledger: Ledger,
  fault: FaultTime,
  notBeforeNs = Number.NEGATIVE_INFINITY,
): Confirm | undefined {
  const { leftEndpoint } = fault
  // Any node passes on what the queue's leader confirms.
  const anywhere = isEntrance(timeline, leftEndpoint) || (fault.endpoint === null && !oneServes(timeline.run.topology))
  // What the client sent through another node all along shows nothing before the fault took effect.
  const fromNs = fault.servedBy === leftEndpoint && !anywhere ? fault.orderedNs : fault.effectiveNs
  let first: Confirm | undefined
  for (const attempt of ledger.attempts) {
    const { endpoint, startNs } = attempt
    if (startNs < fromNs || endpoint === null || !isConfirmed(attempt) || attempt.endNs < notBeforeNs) continue
    if (endpoint === leftEndpoint && !anywhere) continue
    if (attempt.endNs < (first?.endNs ?? Number.POSITIVE_INFINITY)) first = { endpoint, endNs: attempt.endNs }
  }
  return first
}

interface Gain {
  readonly node: string
  readonly atNs: number
  /** As early as the source may mean. */
  readonly earliestNs: number
}

/** The markers by which another node came to serve, in order. */
function gainsElsewhere({ run, markers }: Timeline, fault: FaultTime): readonly Gain[] {
  const { gained } = wordsOf(run.topology)
  return markers
    .flatMap(({ kind, node, t, atNs, toleranceMs }) =>
      kind === gained && node !== null && node !== fault.leftNode && t >= fault.orderedNs
        ? [{ node, atNs, earliestNs: atNs - nsOf(toleranceMs) }]
        : [],
    )
    .toSorted((one, other) => one.atNs - other.atNs)
}

/** Of the sources that saw that node take the lock, the finest one is believed. */
function lockTakenNs(timeline: Timeline, fault: FaultTime, node: string): number | null {
  const seen = timeline.markers.filter(
    (marker) => marker.kind === 'lock-acquired' && marker.node === node && marker.t >= fault.orderedNs,
  )
  const finest = seen.toSorted((one, other) => one.toleranceMs - other.toleranceMs || one.atNs - other.atNs)[0]
  return finest?.atNs ?? null
}

/** The other broker that a probe found serving before that confirm. */
function servingElsewhere({ probes }: Timeline, fault: FaultTime, confirm: Confirm): string | null {
  return firstServing(probes, fault, ({ node, t }) => node !== fault.leftNode && t <= confirm.endNs)?.node ?? null
}

function firstServingNs(timeline: Timeline, fault: FaultTime, name: string | null, endpoint: string): number | null {
  const probe = firstServing(timeline.probes, fault, ({ node }) => node === name)
  // An entrance may answer while the broker behind it is still the old one.
  const client = isEntrance(timeline, endpoint)
    ? null
    : (connectedTo(timeline, fault, endpoint, ['producer', 'listener'])[0]?.t ?? null)
  if (!probe) return client
  return client === null ? probe.t : Math.min(probe.t, client)
}

function firstServing(
  probes: readonly EventOf<'probe'>[],
  fault: FaultTime,
  wanted: (probe: EventOf<'probe'>) => boolean,
): EventOf<'probe'> | undefined {
  return probes.find((probe) => probe.finding === 'serving' && probe.t >= fault.orderedNs && wanted(probe))
}

/** When the producer had the connection that the confirm came over. */
function reconnectedNs(timeline: Timeline, fault: FaultTime, confirm: Confirm): number | null {
  const lost = timeline.connections.some(
    ({ client, state, t }) =>
      client === 'producer' &&
      (state === 'interrupted' || state === 'failed') &&
      t >= fault.orderedNs &&
      t <= confirm.endNs,
  )
  // A client that was connected there all the while has nothing to do.
  if (fault.servedBy === confirm.endpoint && !lost) return fault.effectiveNs
  const connected = connectedTo(timeline, fault, confirm.endpoint, ['producer'])
  return (connected.findLast(({ t }) => t <= confirm.endNs) ?? connected[0])?.t ?? null
}

function connectedTo(
  timeline: Timeline,
  fault: FaultTime,
  endpoint: string,
  clients: readonly ('producer' | 'listener')[],
): readonly EventOf<'conn'>[] {
  return timeline.connections.filter(
    ({ client, state, endpoint: to, t }) =>
      clients.includes(client) &&
      (state === 'connected' || state === 'resumed') &&
      to === endpoint &&
      t >= fault.orderedNs,
  )
}
