import { countOf, formatCount, msAtLeast, msNear, nsOf, sayMs } from '../exact-durations.ts'
import type { DialEnd } from './client-answers.ts'
import type { Observations } from '../observations.ts'
import type { FaultedAnswer } from '../serving.ts'
import type { StuckConsumer } from './stuck-consumer.ts'
import { takeoverFindings } from './takeover-finding.ts'
import { nameAt } from '../target.ts'
import type { WithoutConfirm } from './without-confirm.ts'

const ANSWERED: Readonly<Record<FaultedAnswer['finding'], readonly [string, string]>> = {
  mute: ['accepted connections and answered nothing', ': a hang, not a refusal'],
  refused: ['refused connections', ': a refusal, not a hang'],
  reset: ['accepted connections and broke them off', ''],
  unreachable: ['could not be reached', ': dials to it timed out, as in a silent cut'],
}

/** What a person should know whatever the verdict is, one sentence each. */
export function findingsOf(seen: Observations, cutLine: number | undefined): readonly string[] {
  return [
    ...history(cutLine),
    ...faulted(seen),
    ...clients(seen),
    ...takeoverFindings(seen),
    ...(seen.compared ? [seen.compared.sentence] : []),
    ...blocked(seen),
    ...outage(seen),
    ...stuck(seen),
    ...unroutable(seen),
    ...recovered(seen),
    ...doubtful(seen),
    ...duplicates(seen),
  ]
}

function history(cutLine: number | undefined): readonly string[] {
  if (cutLine === undefined) return []
  return [`The history was cut off in line ${cutLine}; that line was left out.`]
}

function faulted({ faulted }: Observations): readonly string[] {
  if (!faulted) return []
  const { node, finding, servedForNs, forNs, standsBy } = faulted
  const [did, meaning] = ANSWERED[finding]
  const served = servedForNs === 0 ? '' : `still served for ${sayMs(msNear(servedForNs))} after the fault, then `
  if (standsBy) return [`${node} ${served}${did}, as a broker that stands by does.`]
  return [`${node} ${served}${did} for ${sayMs(msNear(forNs))}${meaning}.`]
}

const DIALS: Readonly<Record<DialEnd, readonly [string, string]>> = {
  refusal: ['refusal', 'refusals'],
  timeout: ['timeout', 'timeouts'],
  reset: ['reset', 'resets'],
  unreachable: ['unreachable host', 'unreachable hosts'],
}

function clients({ clients, timeline }: Observations): readonly string[] {
  if (!clients) return []
  const { dials, endpoint, silentForNs } = clients
  const met = (Object.keys(DIALS) as DialEnd[]).flatMap((end) =>
    dials[end] === 0 ? [] : [countOf(dials[end], ...DIALS[end])],
  )
  const where = endpoint === null ? 'an entrance' : nameAt(timeline, endpoint)
  return [
    ...(silentForNs === null
      ? []
      : [
          `The client gave up a silent connection to ${where} ${sayMs(msNear(silentForNs))} after the fault: nothing had ended it.`,
        ]),
    ...(met.length === 0 ? [] : [`The client, dialling ${where}, met ${met.join(', ')}.`]),
  ]
}

function blocked({ blocked }: Observations): readonly string[] {
  if (!blocked) return []
  const words = blocked.reason === null ? '' : ` (${blocked.reason})`
  const end = blocked.ended ? 'then it read on' : 'until the connection or the drill ended'
  return [
    `The broker told the producer that it reads nothing more${words}: blocked for ${sayMs(msNear(blocked.forNs))}, ${end}.`,
  ]
}

const ENDED: Readonly<Record<StuckConsumer['endedBy'], string>> = {
  delivery: 'It ended by itself.',
  reconnect: 'Only a new connection could end it.',
  nothing: 'It had not ended when the drill did.',
}

function stuck({ stuck }: Observations): readonly string[] {
  if (!stuck) return []
  const were = stuck.waiting === 1 ? 'was' : 'were'
  return [
    `The listener was connected and got nothing for ${sayMs(msNear(stuck.forNs))}, while ` +
      `${countOf(stuck.waiting, 'confirmed job')} ${were} waiting: a stuck consumer. ${ENDED[stuck.endedBy]}`,
  ]
}

function unroutable({ unroutable: { undelivered, acknowledged, returned } }: Observations): readonly string[] {
  const found: string[] = []
  if (undelivered > 0) {
    const were = undelivered === 1 ? 'was' : 'were'
    const fate = acknowledged > 0 ? 'never arrived: acknowledged' : 'had not arrived at the end: probably acknowledged'
    found.push(
      `${countOf(undelivered, 'job')} ${were} confirmed while the queue's home was away, and ${fate} ` +
        'but unroutable, a black hole.',
    )
  }
  if (returned > 0) found.push(`${countOf(returned, 'attempt')} came back as unroutable (basic.return).`)
  return found
}

function outage({ fault, outage, ledger, withoutConfirm }: Observations): readonly string[] {
  if (!fault || !outage) return []
  const last = outage.spells.at(-1)
  if (!last) return ledger.jobs.length === 0 ? [] : [noneFailed(withoutConfirm)]
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

/** Jobs that hang do not fail; what is shorter than this is nobody's outage. */
const HANGING_NS = nsOf(100)

function noneFailed(withoutConfirm: WithoutConfirm | undefined): string {
  const none = 'No attempt to send failed after the fault'
  if (!withoutConfirm || withoutConfirm.lower < HANGING_NS) return `${none}.`
  return `${none}, but for ${sayMs(msAtLeast(withoutConfirm.lower))} and more no job was confirmed.`
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
