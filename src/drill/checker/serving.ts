import type { FaultTime } from './fault-time.ts'
import type { ProbeFinding } from '../fault.ts'
import type { EventOf, Timeline } from './timeline.ts'
import { oneServes } from '../topology.ts'

/** Two nodes that both served at the same time. */
export interface DualMaster {
  readonly nodes: readonly [string, string]
  readonly fromNs: number
  readonly untilNs: number
}

interface Reign {
  readonly node: string
  readonly fromNs: number
  untilNs: number
}

/**
 * The longest time that two nodes both served where only one may. A node served from one probe to the next when both found
 * it serving; a single answer proves an instant only. Undefined when there never were two.
 */
export function dualMaster(timeline: Timeline): DualMaster | undefined {
  if (!oneServes(timeline.run.topology)) return undefined
  let longest: DualMaster | undefined
  // Of each node, the reign that reaches furthest among those that began already.
  const begun = new Map<string, Reign>()
  for (const reign of reignsOf(timeline.probes)) {
    for (const other of begun.values()) {
      const untilNs = Math.min(reign.untilNs, other.untilNs)
      if (other.node === reign.node || untilNs < reign.fromNs) continue
      if (longest && untilNs - reign.fromNs <= longest.untilNs - longest.fromNs) continue
      longest = { nodes: pair(other.node, reign.node), fromNs: reign.fromNs, untilNs }
    }
    begun.set(reign.node, reign)
  }
  return longest
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

/** How the hurt node answered until it was healed or served again. */
export interface FaultedAnswer {
  readonly finding: Exclude<ProbeFinding, 'serving'>
  /** From the fault to the last such answer. */
  readonly forNs: number
}

/** The answer that the probes met most often; undefined when none came in that time. */
export function faultedAnswer(timeline: Timeline, fault: FaultTime): FaultedAnswer | undefined {
  const healedNs = timeline.heals.find((heal) => heal.node === fault.node)?.t ?? Number.POSITIVE_INFINITY
  const met = new Map<FaultedAnswer['finding'], { count: number; forNs: number }>()
  for (const { node, finding, t } of timeline.probes) {
    if (node !== fault.node || t < fault.effectiveNs || t > healedNs) continue
    if (finding === 'serving') {
      // An answer that was already on its way says nothing; one after a silence says that it is over.
      if (met.size > 0) break
      continue
    }
    met.set(finding, { count: (met.get(finding)?.count ?? 0) + 1, forNs: t - fault.effectiveNs })
  }
  let most: (FaultedAnswer & { readonly count: number }) | undefined
  for (const [finding, answer] of met) {
    if (answer.count > (most?.count ?? 0)) most = { finding, ...answer }
  }
  return most
}
