import { msNear, sayMs } from '../exact-durations.ts'
import type { Failover } from '../failover-time.ts'
import { doneToIt, expectedAfter, type FaultTime, whatHappened } from '../fault-time.ts'
import { isConfirmed } from '../jobs-ledger.ts'
import type { Observations } from '../observations.ts'
import { asBeginning, isEntrance, nameAt } from '../target.ts'
import { hurtsHome } from './unroutable.ts'
import { oneServes } from '../../topology.ts'

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
  const heal = healOf(seen)
  const late = heal && heal.fromNs - fault.effectiveNs < totalMs * 1e6 ? sayHeal(heal, fault) : ''
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

/** Nobody else came to serve, or nobody had to. */
function stayed(seen: Observations, fault: FaultTime, happened: string): string {
  const { timeline } = seen
  const first = firstConfirm(seen, fault)
  const heal = healOf(seen)
  const paused = timeline.fault && doneToIt(timeline.fault) === 'paused'
  const isBroker = fault.endpoint !== null && !isEntrance(timeline, fault.endpoint)
  const byItself = first !== undefined && (heal === undefined || first.endNs <= heal.fromNs)
  const one = oneServes(timeline.run.topology)
  if (paused && isBroker && !(byItself && first.endpoint !== fault.endpoint)) {
    const how = heal === undefined ? '' : ` It was continued after ${sayAfter(heal.untilNs, fault)}.`
    const why = one ? 'a stopped process keeps what it holds' : 'the others had not given it up yet'
    return `Nobody took over while ${happened}: ${why}.${how}`
  }
  const nobody = one ? 'Nobody took over' : 'No node took the place of another'
  const late = heal && !byItself ? sayHeal(heal, fault) : ''
  if (!first) return `${nobody} after ${happened}, and no job was confirmed any more${late}.`
  const through = first.endpoint === null ? '' : ` through ${nameAt(timeline, first.endpoint)}`
  return `${nobody}: the next job was confirmed${through}, ${sayAfter(first.endNs, fault)} after ${happened}${late}.`
}

/** Nobody can stand in for the home node of a queue; its jobs wait until it is back. */
function homeNode(seen: Observations, fault: FaultTime, happened: string): string {
  const nobody = `Nobody could take over when ${happened}: the queue is at home on that node alone`
  const heal = healOf(seen)
  if (heal === undefined) return `${nobody}.`
  const paused = seen.timeline.fault && doneToIt(seen.timeline.fault) === 'paused'
  const back = `${paused ? 'It was continued' : 'It was back'} after ${sayAfter(heal.untilNs, fault)}`
  // Others confirm without `mandatory` what they cannot put anywhere.
  if (seen.unroutable.undelivered > 0) return `${nobody}. ${back}; what was confirmed meanwhile did not arrive.`
  const first = firstConfirm(seen, fault)
  if (!first) return `${nobody}. ${back}.`
  const firstAfter = sayAfter(first.endNs, fault)
  // The order to start ends once the whole node answers; its queue may take jobs before that.
  if (first.endNs < heal.untilNs) {
    return `${nobody}. The first confirm came after ${firstAfter}, as soon as it was there again.`
  }
  return `${nobody}. ${back}, and the first confirm came after ${firstAfter}.`
}

interface Heal {
  /** When it was ordered, as far as the history says. */
  readonly fromNs: number
  readonly untilNs: number
}

function healOf({ timeline }: Observations): Heal | undefined {
  const heal = timeline.heals.find(({ node }) => node === timeline.fault?.node)
  return heal && { fromNs: heal.orderedNs ?? heal.t, untilNs: heal.t }
}

function sayHeal({ fromNs }: Heal, fault: FaultTime): string {
  return `; the heal came after ${sayAfter(fromNs, fault)}`
}

function sayAfter(atNs: number, fault: FaultTime): string {
  return sayMs(msNear(atNs - fault.effectiveNs))
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
