import type { Expectation } from '../fault.ts'
import { isConfirmed, type Ledger } from './jobs-ledger.ts'
import type { EventOf, Timeline } from './timeline.ts'
import { oneServes } from '../topology.ts'

// What version 0.1 left to the reader.
const DONE: Readonly<Record<string, string>> = { kill: 'killed', stop: 'stopped', pause: 'paused' }

/** What the target suffered, as in `a was killed`. */
export function doneToIt(fault: Pick<EventOf<'fault'>, 'name' | 'done'>): string {
  return fault.done ?? DONE[fault.name] ?? `hurt by ${fault.name}`
}

/** How clients were to be served again after it. */
export function expectedAfter({ fault, run }: Timeline): Expectation {
  if (fault?.expects !== undefined) return fault.expects
  return fault?.name === 'pause' || run.topology === 'home-node' ? 'service' : 'takeover'
}

/** When the fault happened, and whether it hit the broker that served. */
export interface FaultTime {
  readonly node: string
  /** Null when it hit no one broker. */
  readonly endpoint: string | null
  /** When the command was given. What happened later counts as after the fault. */
  readonly orderedNs: number
  /** Zero of every duration that is told. */
  readonly effectiveNs: number
  /** When a client first knew: a failing result or a lost connection. Null when none ever did. */
  readonly noticedNs: number | null
  /** The endpoint that the last confirm before it came from; null when there was none. */
  readonly servedBy: string | null
  /**
   * Whether it hit the node that served: the last confirm before it came from this very endpoint. Where every
   * node serves, the drill hurts the one that the queue depends on, whichever the client was connected to.
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
    hitTheServingNode: servedBy === fault.endpoint || (servedBy !== null && !oneServes(timeline.run.topology)),
  }
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
