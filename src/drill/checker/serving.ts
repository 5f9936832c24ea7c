import type { FaultTime } from './fault-time.ts'
import type { ProbeFinding } from '../fault.ts'
import { nodeAt } from './target.ts'
import type { Timeline } from './timeline.ts'

/** How the hurt node answered until it was healed or served again. */
export interface FaultedAnswer {
  readonly node: string
  readonly finding: Exclude<ProbeFinding, 'serving'>
  /** From the fault to the last such answer. */
  readonly forNs: number
}

/**
 * The answer that the probes met most often at the broker that was hurt, or, when that was no broker, at the one
 * that had served before; undefined when none came in that time.
 */
export function faultedAnswer(timeline: Timeline, fault: FaultTime): FaultedAnswer | undefined {
  const asked = fault.endpoint === null ? servedBefore(timeline, fault) : fault.node
  const healedNs = timeline.heals.find((heal) => heal.node === fault.node)?.t ?? Number.POSITIVE_INFINITY
  const met = new Map<FaultedAnswer['finding'], { count: number; forNs: number }>()
  for (const { node, finding, t } of timeline.probes) {
    if (node !== asked || t < fault.effectiveNs || t > healedNs) continue
    if (finding === 'serving') {
      // An answer that was already on its way says nothing; one after a silence says that it is over.
      if (met.size > 0) break
      continue
    }
    met.set(finding, { count: (met.get(finding)?.count ?? 0) + 1, forNs: t - fault.effectiveNs })
  }
  let most: (FaultedAnswer & { readonly count: number }) | undefined
  for (const [finding, answer] of met) {
    if (asked !== null && answer.count > (most?.count ?? 0)) most = { node: asked, finding, ...answer }
  }
  return most
}

function servedBefore(timeline: Timeline, { servedBy, leftNode }: FaultTime): string | null {
  return (servedBy === null ? null : nodeAt(timeline, servedBy)) ?? leftNode
}
