import { countOf, formatCount, msAtLeast, msAtMost, msNear, sayMs } from './exact-durations.ts'
import { expectedAfter, whatHappened } from './fault-time.ts'
import { isConfirmed } from './jobs-ledger.ts'
import type { Observations } from './observations.ts'
import type { DrillResult, Objective } from '../result.ts'
import { oneServes } from '../topology.ts'

/** An objective, and the sentence for when it is violated or cannot be told. */
export interface JudgedObjective extends Objective {
  readonly reason: string | null
}

/** Everything that the drill was asked, each with its answer. */
export function judgeObjectives(seen: Observations): readonly JudgedObjective[] {
  const { rtoMs, exactlyOnce } = seen.objectives
  return [
    service(seen),
    ...(rtoMs === undefined ? [] : [recoveryTime(seen, rtoMs)]),
    recoveryPoint(seen),
    failedJobs(seen),
    unexpected(seen),
    ...(seen.timeline.run.acksConfirmed === false ? [] : [postAck(seen)]),
    ...(oneServes(seen.timeline.run.topology) ? [oneMaster(seen)] : []),
    ...(exactlyOnce ? [onlyOnce(seen)] : []),
  ]
}

/**
 * A broker that is gone must be replaced; after any other fault, and where nobody can replace it, jobs must
 * be confirmed again.
 */
function service(seen: Observations): JudgedObjective {
  const { fault, failover, timeline, ledger } = seen
  if (!fault || seen.notSteady) return unknowable('service', '')
  const done = `after ${whatHappened(timeline)}`
  const watched = sayMs(msNear(timeline.lastNs - fault.effectiveNs))
  if (expectedAfter(timeline) === 'takeover' && fault.hitTheServingNode) {
    if (failover) return met('takeover', '', `${failover.node ?? 'another'} after ${sayMs(failover.totalMs)}`)
    if (!timeline.drain) return unknowable('takeover', '')
    return violated('takeover', '', 'nobody', `Nobody took over in the ${watched} ${done}.`)
  }
  const confirms = ledger.attempts.flatMap((attempt) =>
    isConfirmed(attempt) && attempt.startNs >= fault.effectiveNs ? [attempt.endNs] : [],
  )
  if (confirms.length > 0) {
    const firstNs = confirms.reduce((least, endNs) => Math.min(least, endNs))
    return met('service', '', `first confirm after ${sayMs(msNear(firstNs - fault.effectiveNs))}`)
  }
  // Whoever interrupted the drill did not wait for it.
  if (!timeline.drain) return unknowable('service', '')
  return violated('service', '', 'no confirm', `No job was confirmed in the ${watched} ${done}.`)
}

function recoveryTime({ recovery, objectives, notSteady, stalledNs }: Observations, rtoMs: number): JudgedObjective {
  const target = sayMs(rtoMs)
  if (!recovery || notSteady || stalledNs > 0) return unknowable('RTO', target)
  const { recoveredNs, atLeastNs, watchedNs } = recovery
  if (recoveredNs !== null) {
    const actual = sayMs(msAtMost(recoveredNs))
    if (msAtMost(recoveredNs) <= rtoMs) return met('RTO', target, actual)
    return violated('RTO', target, actual, `The recovery took ${actual}, and the RTO is ${target}.`)
  }
  const least = sayMs(msAtLeast(atLeastNs))
  if (msAtLeast(atLeastNs) > rtoMs) {
    return violated('RTO', target, `over ${least}`, `The recovery took at least ${least}, and the RTO is ${target}.`)
  }
  const reason =
    `Whether the RTO of ${target} was met is not known: the service was back in bounds after ${least}, but that was ` +
    `watched for ${sayMs(msAtLeast(watchedNs))} only, less than the window of ${sayMs(objectives.windowMs)}.`
  return { ...unknowable('RTO', target), reason }
}

function recoveryPoint({ fates, objectives, recoveryPointNs }: Observations): JudgedObjective {
  const target = String(objectives.rpoJobs)
  const { lost, acknowledged } = fates.counts
  if (lost === null) return unknowable('RPO', target)
  if (lost <= objectives.rpoJobs) return met('RPO', target, String(lost))
  const oldest = recoveryPointNs === null ? '' : `, the oldest ${sayAge(recoveryPointNs)}`
  const age = recoveryPointNs === null ? '' : `; the oldest had been confirmed ${sayAge(recoveryPointNs)}`
  const reason = `${formatCount(lost)} of ${countOf(acknowledged, 'confirmed job')} ${were(lost)} never delivered${age}.`
  return violated('RPO', target, `${formatCount(lost)}${oldest}`, reason)
}

function failedJobs({ fates, objectives, timeline }: Observations): JudgedObjective {
  const target = String(objectives.failedJobs)
  const { failed, attempted } = fates.counts
  if (failed <= objectives.failedJobs) return met('failed jobs', target, String(failed))
  // An interrupted drill gives up what waits, which is no failure of the brokers.
  if (!timeline.drain) return unknowable('failed jobs', target)
  const reason = `${formatCount(failed)} of ${countOf(attempted, 'job')} failed: no broker confirmed them within the client's retry threshold.`
  return violated('failed jobs', target, String(failed), reason)
}

function sayAge(ns: number): string {
  return ns === 0 ? 'after the fault' : `${sayMs(msNear(ns))} before the fault`
}

function unexpected({ fates }: Observations): JudgedObjective {
  const count = fates.counts.unexpected
  if (count === 0) return met('unexpected', '0', '0')
  const reason = `${countOf(count, 'delivered job')} ${were(count)} never sent by this run.`
  return violated('unexpected', '0', String(count), reason)
}

function postAck({ fates }: Observations): JudgedObjective {
  const count = fates.counts.duplicated.postAck
  const name = 'post-ack duplicates'
  if (count === 0) return met(name, '0', '0')
  return violated(
    name,
    '0',
    String(count),
    `${countOf(count, 'job')} came again after the acknowledge had been confirmed.`,
  )
}

function oneMaster({ dual, fault }: Observations): JudgedObjective {
  if (!dual) return met('one master', '', 'at any time')
  const { nodes, holder, fromNs, untilNs } = dual
  const other = nodes.find((node) => node !== holder) ?? ''
  const both =
    holder === undefined
      ? `${nodes[0]} and ${nodes[1]} both served`
      : `${holder} had the lock while ${other} still served`
  const span = untilNs - fromNs
  const when = span === 0 ? ' at one instant' : ` for ${sayMs(msNear(span))}`
  const since = fault ? `, ${sayTimes(fromNs - fault.effectiveNs, untilNs - fault.effectiveNs)}` : ''
  return violated('one master', '', both + when, `${both}${when}${since}: two masters at once (dual-master).`)
}

function sayTimes(fromNs: number, untilNs: number): string {
  const from = sayMs(Math.abs(msNear(fromNs)))
  if (fromNs < 0) return `from ${from} before the fault on`
  return fromNs === untilNs ? `${from} after the fault` : `from ${from} to ${sayMs(msNear(untilNs))} after the fault`
}

function onlyOnce({ fates }: Observations): JudgedObjective {
  const { redelivery, resend, broker, postAck: after } = fates.counts.duplicated
  const count = redelivery + resend + broker + after
  if (count === 0) return met('exactly once', '', '0 duplicates')
  const reason = `${countOf(count, 'duplicate')} ${were(count)} delivered, and exactly once was asked for.`
  return violated('exactly once', '', countOf(count, 'duplicate'), reason)
}

function met(name: string, target: string, actual: string): JudgedObjective {
  return { name, target, actual, met: true, reason: null }
}

function violated(name: string, target: string, actual: string, reason: string): JudgedObjective {
  return { name, target, actual, met: false, reason }
}

function unknowable(name: string, target: string): JudgedObjective {
  return { name, target, actual: 'unknown', met: null, reason: null }
}

function were(count: number): string {
  return count === 1 ? 'was' : 'were'
}

/**
 * A drill in one line, such as
 * `RTO 5 s: FAIL (actual 9.2 s) · RPO 0: PASS · nothing lost of 412 confirmed jobs`. Besides the two
 * it names only objectives that were not met.
 */
export function summaryLine(result: Pick<DrillResult, 'objectives' | 'jobs'>): string {
  const lines = result.objectives
    .filter(({ name, met }) => name === 'RTO' || name === 'RPO' || met === false)
    .map(objectiveLine)
  return [...lines, lossLine(result.jobs)].join(' · ')
}

/** `RPO 0: PASS`, and the actual value where it was not. */
function objectiveLine({ name, target, actual, met }: Objective): string {
  const asked = [name, target].filter(Boolean).join(' ')
  if (met === null) return `${asked}: UNKNOWN`
  // A figure needs the word; a clause such as `b had the lock while a still served` says it all.
  return met ? `${asked}: PASS` : `${asked}: FAIL (${/^\d/.test(actual) ? 'actual ' : ''}${actual})`
}

function lossLine({ lost, acknowledged }: DrillResult['jobs']): string {
  const jobs = countOf(acknowledged, 'confirmed job')
  if (acknowledged === 0) return 'no job was confirmed'
  if (lost === null) return `whether any of ${jobs} is lost is not known`
  return `${lost === 0 ? 'nothing' : formatCount(lost)} lost of ${jobs}`
}
