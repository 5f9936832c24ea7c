import { countOf, formatCount, msAtLeast, msNear, sayMs } from './durations.ts'
import { doneToIt, expectedAfter } from './fault-time.ts'
import type { Observations } from './observations.ts'
import type { FaultedAnswer } from './serving.ts'
import { isConfirmed } from './jobs-ledger.ts'
import { oneServes } from '../topology.ts'

const ANSWERED: Readonly<Record<FaultedAnswer['finding'], readonly [string, string]>> = {
  mute: ['accepted connections and answered nothing', ': a hang, not a refusal'],
  refused: ['refused connections', ': a refusal, not a hang'],
  reset: ['accepted connections and broke them off', ''],
  unreachable: ['could not be reached', ''],
}

/** What a person should know whatever the verdict is, one sentence each. */
export function findingsOf(seen: Observations, cutLine: number | undefined): readonly string[] {
  return [
    ...history(cutLine),
    ...faulted(seen),
    ...takeover(seen),
    ...outage(seen),
    ...recovered(seen),
    ...doubtful(seen),
    ...duplicates(seen),
  ]
}

function history(cutLine: number | undefined): readonly string[] {
  if (cutLine === undefined) return []
  return [`The history was cut off in line ${cutLine}; that line was left out.`]
}

function faulted({ fault, faulted }: Observations): readonly string[] {
  if (!fault || !faulted) return []
  const [did, meaning] = ANSWERED[faulted.finding]
  return [`${fault.node} ${did} for ${sayMs(msNear(faulted.forNs))}${meaning}.`]
}

function takeover(seen: Observations): readonly string[] {
  const { fault, failover, timeline } = seen
  if (!fault || !timeline.fault) return []
  const done = `${fault.node} was ${doneToIt(timeline.fault)}`
  if (!fault.hitTheServingNode) return [`${done}, which was not serving: there was nothing to take over.`]
  if (timeline.run.topology === 'home-node') return [homeNode(seen, done)]
  if (failover) {
    const { node, through, totalMs, electedLater } = failover
    const whose = node === through ? 'its first confirm came' : `the first confirm came through ${through},`
    return [
      `${node} took over: ${whose} ${sayMs(totalMs)} after ${done}.`,
      ...(electedLater
        ? [
            `${fault.node} still led the queue then; ${electedLater.node} was elected ${sayMs(electedLater.afterMs)} after the fault.`,
          ]
        : []),
      ...failover.unseen.map((part) => `${UNSEEN[part]} was not observed; its time is in the part after it.`),
    ]
  }
  const healed = timeline.heals.find((heal) => heal.node === fault.node)
  if (expectedAfter(timeline) === 'takeover') return [`Nobody took over after ${done}.`]
  const then = healed ? ` It was continued after ${sayMs(msNear(healed.t - fault.effectiveNs))}.` : ''
  const why = oneServes(timeline.run.topology)
    ? 'a stopped process keeps what it holds'
    : 'the others had not given it up yet'
  return [`Nobody took over while ${done}: ${why}.${then}`]
}

/** Nobody can stand in for the home node of a queue; its jobs wait until it is back. */
function homeNode({ fault, timeline, ledger }: Observations, done: string): string {
  const nobody = `Nobody could take over when ${done}: the queue is at home on that node alone`
  const healed = timeline.heals.find((heal) => heal.node === fault?.node)
  if (!fault || !healed) return `${nobody}.`
  const how = timeline.fault?.name === 'pause' ? 'It was continued' : 'It was back'
  const healedAfter = sayMs(msNear(healed.t - fault.effectiveNs))
  const first = ledger.attempts
    .flatMap((attempt) => (isConfirmed(attempt) && attempt.startNs >= fault.effectiveNs ? [attempt.endNs] : []))
    .reduce((least, endNs) => Math.min(least, endNs), Number.POSITIVE_INFINITY)
  if (!Number.isFinite(first)) return `${nobody}. ${how} after ${healedAfter}.`
  const firstAfter = sayMs(msNear(first - fault.effectiveNs))
  // The order to start ends once the whole node answers; its queue may take jobs before that.
  if (first < healed.t) return `${nobody}. The first confirm came after ${firstAfter}, as soon as it was there again.`
  return `${nobody}. ${how} after ${healedAfter}, and the first confirm came after ${firstAfter}.`
}

const UNSEEN = {
  detect: 'The moment the client knew',
  lock: 'The lock changing hands',
  elect: 'The election of another leader',
  promote: 'The new broker beginning to serve',
  reconnect: 'The producer connecting to it',
  confirm: 'Its first confirm',
} as const

function outage({ fault, outage, ledger }: Observations): readonly string[] {
  if (!fault || !outage) return []
  const last = outage.spells.at(-1)
  if (!last) return ledger.jobs.length === 0 ? [] : ['No attempt to send failed after the fault.']
  const found: string[] = []
  if (outage.spells.length > 1) {
    found.push(`The service went away ${outage.spells.length} times; the outage is told from the first to the last.`)
  }
  if (last.backNs === null) {
    const least = sayMs(msAtLeast(Math.max(0, last.lastFailureNs - fault.effectiveNs)))
    found.push(`The producer's outage was not over at the end: no attempt succeeded for at least ${least}.`)
  }
  return found
}

function recovered({ recovery, objectives }: Observations): readonly string[] {
  if (!recovery || recovery.recoveredNs !== null) return []
  const after = sayMs(msAtLeast(recovery.atLeastNs))
  if (recovery.watchedNs === 0) {
    return [`Errors, latency and backlog were not back in bounds ${after} after the fault, when the schedule ended.`]
  }
  const watched = sayMs(msAtLeast(recovery.watchedNs))
  const window = sayMs(objectives.windowMs)
  return [
    `Errors, latency and backlog were back in bounds ${after} after the fault and stayed so for the ${watched} ` +
      `that were watched, less than the window of ${window}: no recovery time is given.`,
  ]
}

function doubtful({ fates, objectives }: Observations): readonly string[] {
  const { failed, indeterminate, recovered, resurrected, reordered, lost } = fates.counts
  const found: string[] = []
  if (lost !== null && lost > 0 && lost <= objectives.rpoJobs) {
    found.push(`${countOf(lost, 'confirmed job')} never arrived, within the RPO of ${objectives.rpoJobs}.`)
  }
  if (failed > 0) found.push(`${countOf(failed, 'job')} failed: given up without a confirm.`)
  if (indeterminate > 0) {
    found.push(
      `${countOf(indeterminate, 'job')} ended in doubt, sent without an answer: ${formatCount(recovered)} of them arrived all the same.`,
    )
  }
  if (resurrected > 0) found.push(`${countOf(resurrected, 'job')} arrived although every attempt had been refused.`)
  if (fates.unfinished > 0) found.push(`${countOf(fates.unfinished, 'job')} had no end when the history did.`)
  if (reordered > 0) found.push(`${countOf(reordered, 'job')} arrived after a job that was sent later.`)
  return found
}

function duplicates({ fates }: Observations): readonly string[] {
  const { redelivery, resend, broker, postAck } = fates.counts.duplicated
  const kinds = [
    [redelivery, 'delivered again by the broker, which said so'],
    [resend, 'sent again by the client'],
    [broker, 'delivered again by the broker, unmarked'],
    [postAck, 'delivered again after the acknowledge had been confirmed'],
  ] as const
  const told = kinds.filter(([count]) => count > 0).map(([count, kind]) => `${formatCount(count)} ${kind}`)
  const total = redelivery + resend + broker + postAck
  return total === 0 ? [] : [`${countOf(total, 'duplicate')} came to the listener: ${told.join(', ')}.`]
}
