import { doneToIt } from './fault-time.ts'
import { countOf, msAtLeast, msAtMost, msNear, sayMs } from './exact-durations.ts'
import { findingsOf } from './findings/findings.ts'
import type { HistoryEvent, Objectives } from '../history.ts'
import { scheduledLatencyNs, summarizeLatency } from './latency.ts'
import { judgeObjectives } from './objectives.ts'
import { type Observations, observe } from './observations.ts'
import { clusterDetectionNs, consumerOutageNs } from './outage.ts'
import type { Judgement } from '../result.ts'
import { retryThresholdNs } from './retry-replay.ts'
import { signsOf } from './findings/signs.ts'
import { sayTarget } from './target.ts'

export interface JudgeOptions {
  /** What is asked, over what the history itself says was asked. */
  readonly objectives?: Objectives
  /** The line in which the stored history was cut off (see `readHistory`), to be told. */
  readonly cutLine?: number
}

/**
 * Judges a drill by its history and nothing else. The order of the events does not matter, and the same
 * events always give the same judgement. `docs/drills.md` defines every word of it.
 *
 * The verdict is `fail` when an objective was violated, `unknown` when the history cannot say, else `pass`.
 *
 * @throws UnderstudyError `invalid-option` when the history has no `run` line.
 */
export function judge(events: readonly HistoryEvent[], options: JudgeOptions = {}): Judgement {
  const seen = observe(events, options.objectives ?? {})
  const objectives = judgeObjectives(seen)
  const violated = objectives.filter((objective) => objective.met === false)
  const unknown = [...missing(seen), ...objectives.filter((objective) => objective.met === null)]
  const reasons = [...violated, ...unknown].flatMap(({ reason }) => reason ?? [])
  return {
    verdict: violated.length > 0 ? 'fail' : unknown.length > 0 ? 'unknown' : 'pass',
    reasons,
    findings: findingsOf(seen, options.cutLine),
    signs: signsOf(seen),
    objectives: objectives.map(({ name, target, actual, met }) => ({ name, target, actual, met })),
    ...whatWasRun(seen),
    jobs: seen.fates.counts,
    ...measured(seen),
  }
}

/** What a drill needs to say anything at all, and this one lacks. */
function missing({ timeline, fates, notSteady, stalledNs }: Observations): readonly { reason: string }[] {
  const { fault, proof, drain, stopped, aborted } = timeline
  const reasons: string[] = []
  if (fates.counts.attempted === 0) reasons.push('No job was sent.')
  if (stopped) reasons.push(`${stopped.why}.`)
  if (aborted) reasons.push(`The drill was aborted after the fault: ${aborted.why}.`)
  if (!fault) reasons.push('No fault was injected, so nothing was rehearsed.')
  else {
    if (notSteady !== undefined) reasons.push(`There was no steady state before the fault: ${notSteady}.`)
    if (!proof) reasons.push(`Nothing proves that the fault took effect on ${sayTarget(timeline)}.`)
  }
  if (stalledNs > 0) {
    const stood = sayMs(msNear(stalledNs))
    reasons.push(`The drill itself stood still for ${stood} after the fault: what it measured is partly its own delay.`)
  }
  if (!drain?.ok) {
    const why = drain ? 'The drain failed' : 'The history ends before the drain'
    const open = fates.undelivered.length
    const left = open === 0 ? '' : ` with ${countOf(open, 'confirmed job')} not delivered`
    reasons.push(`${why}${left}: whether anything is lost is not known.`)
  }
  return reasons.map((reason) => ({ reason }))
}

function whatWasRun({
  timeline,
  fault: faultTime,
}: Observations): Pick<Judgement, 'runId' | 'lab' | 'brokers' | 'seed' | 'fault' | 'predicted' | 'markers'> {
  const { run, fault, proof } = timeline
  const wallAt = (from: { t: number; wall: number }, ns: number): string =>
    new Date(from.wall + (ns - from.t) / 1e6).toISOString()
  // The same zero as that of every other duration.
  const zeroNs = faultTime?.effectiveNs
  return {
    runId: run.runId,
    lab: run.lab,
    brokers: run.brokers ?? [],
    seed: run.seed,
    fault: {
      name: run.fault,
      node: fault?.node ?? '',
      done: fault ? doneToIt(fault) : '',
      injectedAt: fault ? wallAt(fault, fault.t) : null,
      provenAt: proof ? wallAt(proof, proof.effectiveNs) : null,
      proof: proof?.proof ?? [],
      phaseMs: run.phaseMs,
    },
    predicted: run.predicted ?? null,
    markers: timeline.markers.map((marker) => ({
      kind: marker.kind,
      node: marker.node,
      source: marker.source,
      at: wallAt(marker, marker.atNs),
      afterFaultMs: zeroNs === undefined ? null : msNear(marker.atNs - zeroNs),
      detail: marker.detail,
    })),
  }
}

function measured(
  seen: Observations,
): Pick<
  Judgement,
  | 'outage'
  | 'dualMaster'
  | 'detectionMs'
  | 'clusterDetectionMs'
  | 'takenOverBy'
  | 'failoverMs'
  | 'failoverParts'
  | 'recoveryMs'
  | 'recoveryPointMs'
  | 'retryThresholdMs'
  | 'latencyMs'
> {
  const { fault, ledger, timeline, outage, failover, recovery, dual, withoutConfirm: silent } = seen
  const zeroNs = fault?.effectiveNs ?? 0
  const bounds = outage?.boundsNs
  const consumer = fault && consumerOutageNs(ledger.jobs, fault)
  const cluster = fault && clusterDetectionNs(timeline, fault)
  const noticed = fault && fault.noticedNs !== null ? fault.noticedNs - fault.effectiveNs : undefined
  const threshold = outage && retryThresholdNs(ledger.jobs, outage.spells)
  return {
    outage: {
      producerMs: bounds ? { lower: msAtLeast(bounds.lower), upper: msAtMost(bounds.upper) } : null,
      consumerMs: orNull(consumer, msNear),
      withoutConfirmMs: silent
        ? { lower: msAtLeast(silent.lower), upper: silent.upper === null ? null : msAtMost(silent.upper) }
        : null,
    },
    dualMaster: dual
      ? { nodes: dual.nodes, fromMs: msNear(dual.fromNs - zeroNs), untilMs: msNear(dual.untilNs - zeroNs) }
      : null,
    detectionMs: orNull(noticed, msNear),
    clusterDetectionMs: orNull(cluster, msNear),
    takenOverBy: failover?.node ?? null,
    failoverMs: failover?.totalMs ?? null,
    failoverParts: failover?.parts ?? [],
    recoveryMs: orNull(recovery?.recoveredNs, msAtMost),
    recoveryPointMs: orNull(seen.recoveryPointNs, msNear),
    retryThresholdMs: orNull(threshold, msAtMost),
    latencyMs: summarizeLatency(ledger.jobs.flatMap((job) => scheduledLatencyNs(job) ?? [])),
  }
}

function orNull(ns: number | null | undefined, inMs: (ns: number) => number): number | null {
  return ns === null || ns === undefined ? null : inMs(ns)
}
