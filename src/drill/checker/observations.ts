import { type Blocked, longestBlocked } from './findings/blocked.ts'
import { type ClientAnswers, clientAnswers } from './findings/client-answers.ts'
import { type DualMaster, dualMaster } from './findings/dual-master.ts'
import { type Failover, failoverTime } from './failover-time.ts'
import { type Fates, fatesOf } from './fates.ts'
import { type FaultTime, faultTime } from './fault-time.ts'
import type { HistoryEvent, Objectives } from '../history.ts'
import { confirmOf, jobsLedger, type Ledger } from './jobs-ledger.ts'
import { type Compared, compareWithPrediction } from './findings/off-prediction.ts'
import { type ProducerOutage, producerOutage } from './outage.ts'
import { type Recovery, recovery } from './recovery.ts'
import { type FaultedAnswer, faultedAnswer } from './serving.ts'
import { missingSteadyState } from './steady-state.ts'
import { type StuckConsumer, stuckConsumer } from './findings/stuck-consumer.ts'
import { inOrder, readTimeline, type Timeline } from './timeline.ts'
import { homeAway, type Unroutable, unroutable } from './findings/unroutable.ts'
import { type WithoutConfirm, withoutConfirm } from './findings/without-confirm.ts'

/** What can be read out of a history, before anybody judges it. Undefined is what was not observed. */
export interface Observations {
  readonly objectives: Objectives & Required<Pick<Objectives, 'rpoJobs' | 'failedJobs' | 'windowMs'>>
  readonly timeline: Timeline
  readonly ledger: Ledger
  readonly fates: Fates
  readonly fault: FaultTime | undefined
  /** Why there was no steady state before the fault; undefined also when no fault was injected. */
  readonly notSteady: string | undefined
  /** The longest time that the drill's own process stood still between the fault and the drain. */
  readonly stalledNs: number
  readonly outage: ProducerOutage | undefined
  readonly failover: Failover | undefined
  readonly recovery: Recovery | undefined
  readonly dual: DualMaster | undefined
  readonly faulted: FaultedAnswer | undefined
  readonly clients: ClientAnswers | undefined
  readonly blocked: Blocked | undefined
  readonly stuck: StuckConsumer | undefined
  readonly unroutable: Unroutable
  readonly withoutConfirm: WithoutConfirm | undefined
  /** The outage beside what the brokers' settings had said of it; undefined where they say nothing. */
  readonly compared: Compared | undefined
  /** How long before the fault the oldest lost job was confirmed; null when nothing is known to be lost. */
  readonly recoveryPointNs: number | null
}

const DEFAULT_WINDOW_MS = 10_000

/** @throws UnderstudyError `invalid-option` when the history has no `run` line. */
export function observe(history: readonly HistoryEvent[], asked: Objectives): Observations {
  const events = inOrder(history)
  const timeline = readTimeline(events)
  const ledger = jobsLedger(events, timeline.run.runId)
  const fault = faultTime(timeline, ledger)
  const fates = fatesOf(ledger, timeline.drain?.ok ?? false)
  const {
    rpoJobs = 0,
    failedJobs = 0,
    windowMs = DEFAULT_WINDOW_MS,
    ...others
  } = { ...timeline.run.objectives, ...asked }
  const away = homeAway(timeline, fault)
  const outage = fault && producerOutage(ledger, fault)
  const silent = fault && withoutConfirm(ledger, fault)
  const { predicted } = timeline.run
  return {
    objectives: { ...others, rpoJobs, failedJobs, windowMs },
    timeline,
    ledger,
    fates,
    fault,
    notSteady: timeline.fault && missingSteadyState(ledger, timeline.fault.t),
    stalledNs: longestStall(timeline),
    outage,
    failover: fault && failoverTime(timeline, ledger, fault),
    recovery: fault && recovery(ledger, fault, timeline.run.everyMs, windowMs),
    dual: dualMaster(timeline, fault),
    faulted: fault && faultedAnswer(timeline, fault),
    clients: fault && clientAnswers(timeline, fault),
    blocked: longestBlocked(timeline),
    stuck: fault && stuckConsumer(timeline, ledger, fault, away),
    unroutable: unroutable(ledger, fates.undelivered, away, fates.counts.lost !== null),
    withoutConfirm: silent,
    compared: predicted && outage && silent && compareWithPrediction(predicted, outage, silent),
    recoveryPointNs: recoveryPoint(fates, fault),
  }
}

function longestStall({ fault, drain, stalls }: Timeline): number {
  if (!fault) return 0
  const untilNs = drain?.t ?? Number.POSITIVE_INFINITY
  return stalls
    .filter(({ t, forNs }) => t >= fault.t && t - forNs <= untilNs)
    .reduce((longest, { forNs }) => Math.max(longest, forNs), 0)
}

function recoveryPoint(fates: Fates, fault: FaultTime | undefined): number | null {
  if (!fault || !fates.counts.lost) return null
  const oldestNs = fates.undelivered
    .map((job) => confirmOf(job)?.endNs ?? Number.POSITIVE_INFINITY)
    .reduce((least, confirmedNs) => Math.min(least, confirmedNs), Number.POSITIVE_INFINITY)
  return Math.max(0, fault.effectiveNs - oldestNs)
}
