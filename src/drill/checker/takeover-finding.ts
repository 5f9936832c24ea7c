import { msNear, sayMs } from './durations.ts'
import type { Failover } from './failover-time.ts'
import { doneToIt, expectedAfter, type FaultTime, whatHappened } from './fault-time.ts'
import { isConfirmed } from './jobs-ledger.ts'
import type { Observations } from './observations.ts'
import { asBeginning, isEntrance, nameAt } from './target.ts'
import { hurtsHome } from './unroutable.ts'
import { oneServes } from '../topology.ts'

/** Who took over, or who went on instead. */
export function takeoverFindings(seen: Observations): readonly string[] {
  const { fault, failover, timeline } = seen
  const happened = whatHappened(timeline)
  if (!fault || happened === undefined) return []
  if (!fault.hitTheServingNode) {
    return [`${asBeginning(happened)}, which was not serving: there was nothing to take over.`]
  }
  if (hurtsHome(timeline, fault)) return [homeNode(seen, fault, happened)]
  if (failover) return [...tookOver(seen, failover, fault, happened), ...failover.unseen.map(sayUnseen)]
  if (expectedAfter(timeline) === 'takeover') return [`Nobody took over after ${happened}.`]
  return [stayed(seen, fault, happened)]
}

function tookOver(seen: Observations, failover: Failover, fault: FaultTime, happened: string): readonly string[] {
  const { node, through, totalMs, electedLater } = failover
  const after = `${sayMs(totalMs)} after ${happened}`
  const healed = healedNs(seen)
  const late =
    healed !== undefined && healed - fault.effectiveNs < totalMs * 1e6
      ? `; the fault was healed after ${sayMs(msNear(healed - fault.effectiveNs))}`
      : ''
  if (node === null) {
    return [
      `Another broker took over, which one was not seen: the first confirm came through ${through}, ${after}${late}.`,
    ]
  }
  const whose = node === through ? 'its first confirm came' : `the first confirm came through ${through},`
  const later = electedLater
    ? [
        `${fault.leftNode ?? 'The old leader'} still led the queue then; ${electedLater.node} was elected ${sayMs(electedLater.afterMs)} after the fault.`,
      ]
    : []
  return [`${node} took over: ${whose} ${after}${late}.`, ...later]
}

const UNSEEN = {
  detect: 'The moment the client knew',
  lock: 'The lock changing hands',
  elect: 'The election of another leader',
  promote: 'The new broker beginning to serve',
  reconnect: 'The producer connecting to it',
  confirm: 'Its first confirm',
} as const

function sayUnseen(part: keyof typeof UNSEEN): string {
  return `${UNSEEN[part]} was not observed; its time is in the part after it.`
}

/** Nobody else came to serve, and nobody had to. */
function stayed(seen: Observations, fault: FaultTime, happened: string): string {
  const { timeline } = seen
  const first = firstConfirm(seen, fault)
  const healed = healedNs(seen)
  const paused = timeline.fault && doneToIt(timeline.fault) === 'paused'
  const isBroker = fault.endpoint !== null && !isEntrance(timeline, fault.endpoint)
  const byItself = first !== undefined && (healed === undefined || first.endNs <= healed)
  const elsewhere = first !== undefined && first.endpoint !== null && first.endpoint !== fault.endpoint
  // Behind an entrance nobody knows which broker it was.
  const others = byItself && elsewhere && !isEntrance(timeline, first.endpoint)
  if (paused && isBroker && !others) {
    const how = healed === undefined ? '' : ` It was continued after ${sayMs(msNear(healed - fault.effectiveNs))}.`
    const why = oneServes(timeline.run.topology)
      ? 'a stopped process keeps what it holds'
      : 'the others had not given it up yet'
    return `Nobody took over while ${happened}: ${why}.${how}`
  }
  const nobody = oneServes(timeline.run.topology) ? 'Nobody took over' : 'No node took the place of another'
  const heal =
    healed === undefined || byItself ? '' : `; the fault was healed after ${sayMs(msNear(healed - fault.effectiveNs))}`
  if (!first) return `${nobody} after ${happened}, and no job was confirmed any more${heal}.`
  const through = first.endpoint === null ? '' : ` through ${nameAt(timeline, first.endpoint)}`
  const after = `${sayMs(msNear(first.endNs - fault.effectiveNs))} after ${happened}`
  return `${nobody}: the next job was confirmed${through}, ${after}${heal}.`
}

/** Nobody can stand in for the home node of a queue; its jobs wait until it is back. */
function homeNode(seen: Observations, fault: FaultTime, happened: string): string {
  const nobody = `Nobody could take over when ${happened}: the queue is at home on that node alone`
  const healed = healedNs(seen)
  if (healed === undefined) return `${nobody}.`
  const paused = seen.timeline.fault && doneToIt(seen.timeline.fault) === 'paused'
  const how = paused ? 'It was continued' : 'It was back'
  const healedAfter = sayMs(msNear(healed - fault.effectiveNs))
  const first = firstConfirm(seen, fault)
  if (!first) return `${nobody}. ${how} after ${healedAfter}.`
  const firstAfter = sayMs(msNear(first.endNs - fault.effectiveNs))
  const { acknowledged } = seen.unroutable
  if (acknowledged > 0) return `${nobody}. ${how} after ${healedAfter}; what was confirmed meanwhile went nowhere.`
  // The order to start ends once the whole node answers; its queue may take jobs before that.
  if (first.endNs < healed) {
    return `${nobody}. The first confirm came after ${firstAfter}, as soon as it was there again.`
  }
  return `${nobody}. ${how} after ${healedAfter}, and the first confirm came after ${firstAfter}.`
}

function healedNs({ timeline }: Observations): number | undefined {
  return timeline.heals.find((heal) => heal.node === timeline.fault?.node)?.t
}

/** The first confirm of an attempt that began after the fault. */
function firstConfirm(
  { ledger }: Observations,
  fault: FaultTime,
): { readonly endpoint: string | null; readonly endNs: number } | undefined {
  let first: { endpoint: string | null; endNs: number } | undefined
  for (const attempt of ledger.attempts) {
    if (!isConfirmed(attempt) || attempt.startNs < fault.effectiveNs) continue
    if (attempt.endNs < (first?.endNs ?? Number.POSITIVE_INFINITY)) first = attempt
  }
  return first
}
