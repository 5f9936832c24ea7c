import type { FaultTime } from './fault-time.ts'
import type { ProbeFinding } from '../fault.ts'
import { nodeAt } from './target.ts'
import type { EventOf, Timeline } from './timeline.ts'
import { oneServes, wordsOf } from '../topology.ts'

/** How the hurt node answered until it was healed, served again, or only stood by. */
export interface FaultedAnswer {
  readonly node: string
  readonly finding: Exclude<ProbeFinding, 'serving'>
  /** For how long it still served after the fault; 0 when it did not. */
  readonly servedForNs: number
  /** From the fault, or from the last time that it served, to the last such answer. */
  readonly forNs: number
  /** Whether it refuses only as another broker has its place by now. */
  readonly standsBy: boolean
}

/**
 * The answer that the probes met most often at the broker that was hurt, or, when that was no broker, at the one
 * that had served before; undefined when none came in that time.
 *
 * Where one broker serves, one that served on at first and refuses once another has its place only stands by: that is
 * no answer to the fault.
 */
export function faultedAnswer(timeline: Timeline, fault: FaultTime): FaultedAnswer | undefined {
  const asked = fault.endpoint === null ? servedBefore(timeline, fault) : fault.node
  if (asked === null) return undefined
  const { served, silent } = answersOf(timeline, fault, asked)
  // A single answer was already on its way as the fault struck.
  const lastServedNs = served.length > 1 ? (served.at(-1)?.t ?? fault.effectiveNs) : fault.effectiveNs
  const first = silent[0]?.t ?? 0
  const replacedNs = served.length > 1 ? takenOverNs(timeline, fault, asked) : Number.POSITIVE_INFINITY
  const met = new Map<FaultedAnswer['finding'], { count: number; lastNs: number }>()
  for (const { finding, t } of silent) {
    if (finding === 'serving' || t > Math.max(first, replacedNs)) continue
    met.set(finding, { count: (met.get(finding)?.count ?? 0) + 1, lastNs: t })
  }
  const [most] = [...met].toSorted(([, one], [, other]) => other.count - one.count)
  if (!most) return undefined
  const [finding, { lastNs }] = most
  return {
    node: asked,
    finding,
    servedForNs: lastServedNs - fault.effectiveNs,
    forNs: lastNs - lastServedNs,
    standsBy: finding === 'refused' && replacedNs <= first,
  }
}

/** The probes of that node until it was healed: those that it still served, and the others up to one that it served again. */
function answersOf(
  { probes, heals }: Timeline,
  fault: FaultTime,
  asked: string,
): { readonly served: readonly EventOf<'probe'>[]; readonly silent: readonly EventOf<'probe'>[] } {
  const healedNs = heals.find((heal) => heal.node === fault.node)?.t ?? Number.POSITIVE_INFINITY
  const answers = probes.filter(({ node, t }) => node === asked && t >= fault.effectiveNs && t <= healedNs)
  const begin = answers.findIndex(({ finding }) => finding !== 'serving')
  if (begin < 0) return { served: answers, silent: [] }
  const rest = answers.slice(begin)
  const end = rest.findIndex(({ finding }) => finding === 'serving')
  return { served: answers.slice(0, begin), silent: end < 0 ? rest : rest.slice(0, end) }
}

/** When another broker had its place, where one alone serves; `Infinity` when that was not seen. */
function takenOverNs({ run, markers, probes }: Timeline, fault: FaultTime, asked: string): number {
  if (!oneServes(run.topology)) return Number.POSITIVE_INFINITY
  const { gained } = wordsOf(run.topology)
  const gains = markers.filter(({ kind, node, t }) => kind === gained && node !== asked && t >= fault.orderedNs)
  const serving = probes.find(({ node, finding, t }) => node !== asked && finding === 'serving' && t >= fault.orderedNs)
  return [...gains.map(({ atNs }) => atNs), serving?.t ?? Number.POSITIVE_INFINITY].reduce((least, atNs) =>
    Math.min(least, atNs),
  )
}

function servedBefore(timeline: Timeline, { servedBy, leftNode }: FaultTime): string | null {
  return (servedBy === null ? null : nodeAt(timeline, servedBy)) ?? leftNode
}
