import type { DrillResult, Objective } from '../result.ts'
import { formatCount } from '../checker/exact-durations.ts'
import { asBeginning } from '../checker/target.ts'
import { formatSeconds, plural } from './durations.ts'

const LONG_MS = 1_000

/** What happened in one sentence, such as `b took over 0.24 s after a was killed; none of 312 jobs was lost.` */
export function headline(result: DrillResult): string {
  return `${whatHappened(result)}; ${whatBecameOfTheJobs(result)}.`
}

function whatHappened(result: DrillResult): string {
  const { fault, outage } = result
  if (fault.injectedAt === null) return 'Nothing was injected'
  const done = `${sayVictim(result)} was ${fault.done}`
  if (fault.provenAt === null) return `${asBeginning(done)}, but nothing proved that the fault took effect`
  if (result.failoverMs !== null) {
    return `${result.takenOverBy ?? 'another broker'} took over ${formatSeconds(result.failoverMs)} after ${done}`
  }
  if (outage.producerMs !== null) {
    const forLong = `no job was confirmed for ${formatSeconds(outage.producerMs.upper)}`
    return asBeginning(hurtBroker(result) ? `${done} and no other broker took over: ${forLong}` : `${done}: ${forLong}`)
  }
  const served = (objectiveOf(result, 'takeover') ?? objectiveOf(result, 'service'))?.met
  if (served === false) return `${asBeginning(done)} and no job was confirmed afterwards`
  // Jobs that hang have not failed, and are waited for all the same.
  const silent = outage.withoutConfirmMs
  if (silent?.upper && silent.lower >= LONG_MS) {
    return `${asBeginning(done)}: no attempt failed, and no job was confirmed for ${formatSeconds(silent.upper)}`
  }
  // A threshold of 0 says that every attempt succeeded.
  if (served === true && result.retryThresholdMs === 0)
    return `${asBeginning(done)} and no attempt to send a job failed`
  return asBeginning(hurtBroker(result) ? `${done} and no other broker took over` : done)
}

/** The findings without the one that says no more than the headline does: who took over, and when. */
export function findingsBesideHeadline({ findings, takenOverBy }: DrillResult): readonly string[] {
  const said = `${takenOverBy ?? ''} took over: its first confirm came `
  // What comes after a semicolon is told nowhere else, such as a heal that came first.
  return findings.filter((finding) => !finding.startsWith(said) || finding.includes(';'))
}

/** What was hurt, as {@link DrillResult} alone can say it: a broker by its name, anything else with its article. */
export function sayVictim(result: DrillResult): string {
  const { node } = result.fault
  return hurtBroker(result) || /\s/.test(node) ? node : `the ${node}`
}

/** Whether the fault hit one of the brokers, and not what they lean on or what lies before them. */
function hurtBroker({ fault, target }: DrillResult): boolean {
  return target.brokers.some(({ name }) => name === fault.node)
}

/** What was asked under this name; undefined when it was not asked. */
export function objectiveOf(result: Pick<DrillResult, 'objectives'>, name: string): Objective | undefined {
  return result.objectives.find((objective) => objective.name === name)
}

function whatBecameOfTheJobs(result: DrillResult): string {
  const { jobs } = result
  if (jobs.attempted === 0) return 'no job was sent'
  const clauses = [lostClause(result)]
  if (jobs.failed > 0) clauses.push(`${plural(jobs.failed, 'job')} failed`)
  const twice = duplicates(result)
  if (twice > 0) clauses.push(`${plural(twice, 'duplicate')} ${twice === 1 ? 'was' : 'were'} delivered`)
  return clauses.join(', ')
}

function lostClause(result: DrillResult): string {
  const { jobs } = result
  if (jobs.lost === null) return `whether one of ${plural(jobs.attempted, 'job')} was lost is unknown`
  if (jobs.lost > 0)
    return `${formatCount(jobs.lost)} of ${plural(jobs.attempted, 'job')} ${jobs.lost === 1 ? 'was' : 'were'} lost`
  return `none of ${plural(jobs.attempted, 'job')} was lost`
}

/** All duplicates, of every kind. */
export function duplicates(result: DrillResult): number {
  const { redelivery, resend, broker, postAck } = result.jobs.duplicated
  return redelivery + resend + broker + postAck
}
