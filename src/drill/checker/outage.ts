import type { FaultTime } from './fault-time.ts'
import { type Attempt, confirmOf, type Job, type Ledger, wasServed } from './jobs-ledger.ts'
import type { Timeline } from './timeline.ts'

/** A stretch in which every attempt failed. */
export interface Spell {
  readonly firstFailureNs: number
  readonly lastFailureNs: number
  /** The beginning of the first good attempt afterwards; null when none came. */
  readonly backNs: number | null
}

export interface ProducerOutage {
  /** One for each time that the service went away; empty when no attempt failed after the fault. */
  readonly spells: readonly Spell[]
  /** Between these lies how long the service was away, from the first spell to the last. */
  readonly boundsNs: { readonly lower: number; readonly upper: number } | null
}

/**
 * How long jobs could not be sent, by the attempts that were made. It lies between the first and the last
 * beginning that failed, and the good beginnings on either side. Both bounds are told, as the truth lies
 * between two probes.
 */
export function producerOutage(ledger: Ledger, fault: FaultTime): ProducerOutage {
  const spells = spellsOf(ledger.attempts, fault)
  const [first] = spells
  const last = spells.at(-1)
  if (!first || !last || last.backNs === null) return { spells, boundsNs: null }
  const lastGoodNs = ledger.attempts.findLast((one) => one.startNs < first.firstFailureNs && wasServed(one))?.startNs
  // An attempt that was under way as the fault struck began while the service was still there.
  const downFrom = Math.max(first.firstFailureNs, fault.effectiveNs)
  return {
    spells,
    boundsNs: {
      lower: Math.max(0, last.lastFailureNs - downFrom),
      upper: last.backNs - (lastGoodNs ?? fault.effectiveNs),
    },
  }
}

function spellsOf(attempts: readonly Attempt[], fault: FaultTime): readonly Spell[] {
  const spells: Spell[] = []
  let open: { firstFailureNs: number; lastFailureNs: number } | undefined
  for (const attempt of attempts) {
    const { startNs } = attempt
    if (failedAfter(attempt, fault)) {
      open ??= { firstFailureNs: startNs, lastFailureNs: startNs }
      open.lastFailureNs = startNs
    } else if (open && startNs > open.lastFailureNs && startNs >= fault.effectiveNs && wasServed(attempt)) {
      spells.push({ ...open, backNs: startNs })
      open = undefined
    }
  }
  if (open) spells.push({ ...open, backNs: null })
  return spells
}

/** Whether the attempt failed, and did so because of what came after the fault's command. */
function failedAfter(attempt: Attempt, fault: FaultTime): boolean {
  if (wasServed(attempt)) return false
  const failedNs = attempt.endpoint === null ? attempt.startNs : (attempt.endNs ?? Number.POSITIVE_INFINITY)
  return failedNs >= fault.orderedNs
}

/**
 * From the last delivery before the fault to the first one of a job that was both attempted and
 * acknowledged after it. Copies that the brokers already held do not end it, nor do confirms that were
 * on their way as the fault struck. Null where one of the two was not seen.
 */
export function consumerOutageNs(jobs: readonly Job[], fault: FaultTime): number | null {
  let lastBefore = Number.NEGATIVE_INFINITY
  let firstAfter = Number.POSITIVE_INFINITY
  for (const job of jobs) {
    for (const { atNs } of job.deliveries) {
      if (atNs <= fault.effectiveNs) lastBefore = Math.max(lastBefore, atNs)
    }
    const first = job.deliveries[0]
    const confirm = confirmOf(job)
    if (!first || !confirm || first.atNs <= fault.effectiveNs || confirm.startNs < fault.effectiveNs) continue
    firstAfter = Math.min(firstAfter, first.atNs)
  }
  const outage = firstAfter - lastBefore
  return Number.isFinite(outage) ? outage : null
}

/** From the fault to the first that the brokers showed of it: a marker seen after the command. */
export function clusterDetectionNs(timeline: Timeline, fault: FaultTime): number | null {
  const instants = timeline.markers.filter((marker) => marker.t >= fault.orderedNs).map((marker) => marker.atNs)
  if (instants.length === 0) return null
  return Math.max(0, instants.reduce((least, instant) => Math.min(least, instant)) - fault.effectiveNs)
}
