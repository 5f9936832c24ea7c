import type { Expectation } from '../fault.ts'
import { isConfirmed, type Ledger } from './jobs-ledger.ts'
import type { EventOf, Timeline } from './timeline.ts'
import { isEntrance, nodeAt, sayTarget } from './target.ts'
import { oneServes, wordsOf } from '../topology.ts'

// What version 0.1 left to the reader.
const DONE: Readonly<Record<string, string>> = { kill: 'killed', stop: 'stopped', pause: 'paused' }

/** What the target suffered, as in `a was killed`. */
export function doneToIt(fault: Pick<EventOf<'fault'>, 'name' | 'done'>): string {
  return fault.done ?? DONE[fault.name] ?? `hurt by ${fault.name}`
}

/** The whole of it as a clause, as in `the database was restarted`; undefined without a fault. */
export function whatHappened(timeline: Timeline): string | undefined {
  return timeline.fault && `${sayTarget(timeline)} was ${doneToIt(timeline.fault)}`
}

/** How clients were to be served again after it. */
export function expectedAfter({ fault, run }: Timeline): Expectation {
  if (fault?.expects !== undefined) return fault.expects
  return fault?.name === 'pause' || run.topology === 'home-node' ? 'service' : 'takeover'
}

/** When the fault happened, and whether it hit the broker that served. */
export interface FaultTime {
  /** What was hurt: a broker's name, or the word for something else. */
  readonly node: string
  /** Null when it hit no one broker. */
  readonly endpoint: string | null
  /** Where clients come from in a takeover: the endpoint that was hurt, or else the one that served before. */
  readonly leftEndpoint: string | null
  /** The broker whose place another one takes; null when that is not known. */
  readonly leftNode: string | null
  /** Who served before it by the brokers' own account: held the lock, led the queue, was its home. Null when untold. */
  readonly holder: string | null
  /** When the command was given. What happened later counts as after the fault. */
  readonly orderedNs: number
  /** Zero of every duration that is told. */
  readonly effectiveNs: number
  /** When a client first knew: a failing result or a lost connection. Null when none ever did. */
  readonly noticedNs: number | null
  /** The endpoint that the last confirm before it came from; null when there was none. */
  readonly servedBy: string | null
  /**
   * Whether it hit what jobs depended on. Where one serves, the last confirm before it came from this very endpoint,
   * or, through an entrance, this was the broker that served. Where every node serves, the queue may depend on it
   * whichever the client was connected to. What is no one broker is there for all of them.
   */
  readonly hitTheServingNode: boolean
}

/**
 * Undefined when no fault was injected or nothing proves that it took effect: then nothing can be timed.
 *
 * A client may see the fault before its proof is complete (a broker that is asked to stop drops its
 * connections first and leaves later). It had then taken effect for that client, and time counts from there.
 */
export function faultTime(timeline: Timeline, ledger: Ledger): FaultTime | undefined {
  const { fault, proof } = timeline
  if (!fault || !proof) return undefined
  const noticedNs = firstNotice(timeline, ledger, fault)
  const servedBy = servedBefore(ledger, fault.t)
  const earliestNs = Math.min(proof.effectiveNs, noticedNs ?? proof.effectiveNs)
  return {
    node: fault.node,
    endpoint: fault.endpoint,
    orderedNs: fault.t,
    effectiveNs: Math.max(fault.t, earliestNs),
    noticedNs,
    servedBy,
    leftEndpoint: fault.endpoint ?? servedBy,
    leftNode: fault.endpoint === null ? servingNode(timeline, fault, servedBy) : fault.node,
    holder: holderBefore(timeline, fault) ?? null,
    hitTheServingNode: servedBy !== null && hit(timeline, fault, servedBy),
  }
}

function hit(timeline: Timeline, fault: EventOf<'fault'>, servedBy: string): boolean {
  if (fault.endpoint === null || fault.endpoint === servedBy || !oneServes(timeline.run.topology)) return true
  if (!isEntrance(timeline, servedBy)) return false
  const holder = holderBefore(timeline, fault)
  if (holder !== undefined) return holder === fault.node
  const asked = timeline.probes.findLast(({ node, t }) => node === fault.node && t < fault.t)
  return asked === undefined || asked.finding === 'serving'
}

/** The broker that others would replace when what was hurt is no broker. */
function servingNode(timeline: Timeline, fault: EventOf<'fault'>, servedBy: string | null): string | null {
  const connected = servedBy === null ? null : nodeAt(timeline, servedBy)
  const holder = holderBefore(timeline, fault) ?? null
  // Where every node serves, the client may be connected to any of them.
  return oneServes(timeline.run.topology) ? (connected ?? holder) : (holder ?? connected)
}

/** Who last came to serve before the fault, by the brokers' own account. */
function holderBefore({ run, markers }: Timeline, fault: EventOf<'fault'>): string | undefined {
  const { gained } = wordsOf(run.topology)
  const last = markers.findLast(({ kind, node, t }) => kind === gained && node !== null && t < fault.t)
  return last?.node ?? undefined
}

function firstNotice(timeline: Timeline, ledger: Ledger, fault: EventOf<'fault'>): number | null {
  let first = Number.POSITIVE_INFINITY
  for (const { outcome, endNs } of ledger.attempts) {
    if (outcome !== 'ack' && endNs !== null && endNs >= fault.t) first = Math.min(first, endNs)
  }
  for (const { state, t } of timeline.connections) {
    if ((state === 'interrupted' || state === 'failed') && t >= fault.t) first = Math.min(first, t)
  }
  return Number.isFinite(first) ? first : null
}

function servedBefore(ledger: Ledger, orderedNs: number): string | null {
  let latest = Number.NEGATIVE_INFINITY
  let endpoint: string | null = null
  for (const attempt of ledger.attempts) {
    if (!isConfirmed(attempt) || attempt.endNs >= orderedNs || attempt.endNs < latest) continue
    latest = attempt.endNs
    endpoint = attempt.endpoint
  }
  return endpoint
}
