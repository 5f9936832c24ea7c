import { nsOf } from '../exact-durations.ts'
import { doneToIt, type FaultTime } from '../fault-time.ts'
import { confirmOf, type Job, type Ledger } from '../jobs-ledger.ts'
import type { Timeline } from '../timeline.ts'

/** A time in which nothing could be put into the queue, its end not included. */
export interface Away {
  readonly fromNs: number
  readonly untilNs: number
}

/**
 * When the home node of the queue was away: by each pair of markers, `queue-down` to `queue-up`, as wide as their
 * sources may mean it, and from the fault's command to its heal where it hurt that node. Empty elsewhere than
 * with a `home-node`.
 */
export function homeAway(timeline: Timeline, fault: FaultTime | undefined): readonly Away[] {
  const { run, markers, heals } = timeline
  if (run.topology !== 'home-node') return []
  const away: Away[] = []
  let downNs: number | undefined
  for (const { kind, atNs, toleranceMs } of markers.toSorted((one, other) => one.atNs - other.atNs)) {
    if (kind === 'queue-down') downNs ??= atNs - nsOf(toleranceMs)
    else if (kind === 'queue-up' && downNs !== undefined) {
      away.push({ fromNs: downNs, untilNs: atNs + nsOf(toleranceMs) })
      downNs = undefined
    }
  }
  if (downNs !== undefined) away.push({ fromNs: downNs, untilNs: Number.POSITIVE_INFINITY })
  if (fault && hurtsHome(timeline, fault)) {
    const healed = heals.find(({ node }) => node === fault.node)
    away.push({ fromNs: fault.orderedNs, untilNs: healed?.t ?? Number.POSITIVE_INFINITY })
  }
  return away
}

/** Whether the fault hit the node that the queue is at home on, as far as anybody told. */
export function hurtsHome({ run, fault }: Timeline, { endpoint, node, holder }: FaultTime): boolean {
  if (run.topology !== 'home-node' || !fault || endpoint === null) return false
  // Whoever is cut off from its clients only is still there for the other nodes.
  if (!['killed', 'stopped', 'paused'].includes(doneToIt(fault))) return false
  return holder === null || holder === node
}

export function isAway(away: readonly Away[], atNs: number): boolean {
  return away.some(({ fromNs, untilNs }) => atNs >= fromNs && atNs < untilNs)
}

/** What could not be put into a queue. */
export interface Unroutable {
  /** Jobs that were confirmed while the queue's home was away and had not arrived by the end. */
  readonly undelivered: number
  /** The same once the drain succeeded, so that they never will; 0 when it failed. */
  readonly acknowledged: number
  /** Attempts that came back (`basic.return`). */
  readonly returned: number
}

export function unroutable(
  ledger: Ledger,
  undelivered: readonly Job[],
  away: readonly Away[],
  drained: boolean,
): Unroutable {
  const swallowed = undelivered.filter((job) => {
    const confirm = confirmOf(job)
    return confirm !== undefined && isAway(away, confirm.endNs)
  })
  return {
    undelivered: swallowed.length,
    acknowledged: drained ? swallowed.length : 0,
    returned: ledger.attempts.reduce((count, { outcome }) => count + (outcome === 'returned' ? 1 : 0), 0),
  }
}
