import { nsOf } from '../exact-durations.ts'
import type { FaultTime } from '../fault-time.ts'
import type { EventOf, Timeline } from '../timeline.ts'
import { oneServes } from '../../topology.ts'

/** Two nodes of which only one may serve, and both did. */
export interface DualMaster {
  readonly nodes: readonly [string, string]
  readonly fromNs: number
  readonly untilNs: number
  /** The one that had the lock without having been asked yet, or without an answer; undefined when both answered. */
  readonly holder: string | undefined
}

interface Reign {
  readonly node: string
  readonly fromNs: number
  untilNs: number
}

/**
 * The longest time that two nodes were masters where only one may be. Undefined when there never were two.
 *
 * - Two nodes both served: a node served from one probe to the next when both found it serving; a single answer
 *   proves an instant only.
 * - One got the lock and another one, which had not got it back since, still served: it answered twice after that,
 *   since the first answer may have been under way. It counts from the marker, by the latest that its source may
 *   mean, and until the lock went on or the answers ended.
 */
export function dualMaster(timeline: Timeline, fault: FaultTime | undefined): DualMaster | undefined {
  const found = longestDual(timeline)
  if (!found || !fault || found.fromNs < fault.orderedNs) return found
  // Times count from when the fault took effect, which its proof may have told a little later than it did.
  return { ...found, fromNs: Math.min(Math.max(found.fromNs, fault.effectiveNs), found.untilNs) }
}

function longestDual(timeline: Timeline): DualMaster | undefined {
  if (!oneServes(timeline.run.topology)) return undefined
  const reigns = reignsOf(timeline.probes)
  const all = [...bothServed(reigns), ...heldAndServed(timeline, reigns)]
  let longest: DualMaster | undefined
  for (const one of all) {
    if (!longest || one.untilNs - one.fromNs > longest.untilNs - longest.fromNs) longest = one
  }
  return longest
}

function bothServed(reigns: readonly Reign[]): readonly DualMaster[] {
  const found: DualMaster[] = []
  // Of each node, the reign that began last: it reaches furthest among those that began already.
  const begun = new Map<string, Reign>()
  for (const reign of reigns) {
    for (const other of begun.values()) {
      const untilNs = Math.min(reign.untilNs, other.untilNs)
      if (other.node === reign.node || untilNs < reign.fromNs) continue
      found.push({ nodes: pair(other.node, reign.node), fromNs: reign.fromNs, untilNs, holder: undefined })
    }
    begun.set(reign.node, reign)
  }
  return found
}

function heldAndServed(timeline: Timeline, reigns: readonly Reign[]): readonly DualMaster[] {
  const { markers, probes } = timeline
  return markers.flatMap((marker) => {
    const { node: holder, kind } = marker
    if (kind !== 'lock-acquired' || holder === null) return []
    const fromNs = marker.atNs + nsOf(marker.toleranceMs)
    return reigns.flatMap((reign): readonly DualMaster[] => {
      if (reign.node === holder || reign.fromNs > fromNs || reign.untilNs <= fromNs) return []
      const untilNs = Math.min(reign.untilNs, lockMovedOn(timeline, marker, reign.node))
      const answers = probes.filter(({ node, t }) => node === reign.node && t > fromNs && t <= untilNs)
      if (answers.length < 2) return []
      return [{ nodes: pair(holder, reign.node), fromNs, untilNs, holder }]
    })
  })
}

/** When the holder of that marker lost the lock again, or the other one got it back. */
function lockMovedOn({ markers }: Timeline, gained: EventOf<'marker'>, other: string): number {
  const next = markers
    .filter(
      ({ kind, node, atNs }) =>
        atNs > gained.atNs &&
        ((kind === 'lock-released' && node === gained.node) || (kind === 'lock-acquired' && node === other)),
    )
    .map(({ atNs, toleranceMs }) => atNs - nsOf(toleranceMs))
  return next.reduce((least, atNs) => Math.min(least, atNs), Number.POSITIVE_INFINITY)
}

function pair(one: string, other: string): [string, string] {
  return one < other ? [one, other] : [other, one]
}

function reignsOf(probes: readonly EventOf<'probe'>[]): readonly Reign[] {
  const reigns: Reign[] = []
  const open = new Map<string, Reign>()
  for (const { node, finding, t } of probes) {
    const reign = open.get(node)
    if (finding !== 'serving') open.delete(node)
    else if (reign) reign.untilNs = t
    else {
      const begun = { node, fromNs: t, untilNs: t }
      open.set(node, begun)
      reigns.push(begun)
    }
  }
  return reigns
}
