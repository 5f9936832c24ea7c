import { countUpTo } from '../ascending.ts'
import { nsOf } from '../exact-durations.ts'
import type { FaultTime } from '../fault-time.ts'
import { confirmOf, type Job, type Ledger } from '../jobs-ledger.ts'
import type { Timeline } from '../timeline.ts'
import { type Away, isAway } from './unroutable.ts'

// A listener is stuck when nothing comes for ten times as long as a job waited for it at most in the steady state, and
// for 3 s at least: within that time the drill's client finds a broker silent, so what is shorter is the connection's.
const TIMES_STEADY = 10
const ALWAYS_GOOD_NS = nsOf(3000)
// So many jobs must be confirmed in the silence: the queue takes jobs, and gives none.
const FEWEST_CONFIRMS = 3

/** A listener that was connected and got nothing. */
export interface StuckConsumer {
  readonly fromNs: number
  readonly forNs: number
  /** How many confirmed jobs waited at its end. */
  readonly waiting: number
  /** What ended it: a delivery by itself, only a new connection, or nothing that was seen. */
  readonly endedBy: 'delivery' | 'reconnect' | 'nothing'
}

interface Span {
  readonly fromNs: number
  readonly untilNs: number
}

interface Waiting {
  readonly confirmedNs: number
  readonly deliveredNs: number
}

/**
 * The longest silence after the fault in which the listener was connected all along, confirmed jobs waited for it, and
 * at least three were confirmed, beyond the bound above. It begins with the last delivery, the connection or the
 * confirm of the first job that waited, whichever came last, and ends with the next delivery or the loss of the
 * connection. Jobs that could not be put into the queue, or that are lost, do not wait. Undefined when there was none,
 * or when the history says nothing of the listener's connection.
 */
export function stuckConsumer(
  timeline: Timeline,
  ledger: Ledger,
  fault: FaultTime,
  away: readonly Away[],
): StuckConsumer | undefined {
  const endNs = timeline.drain?.t ?? timeline.lastNs
  const connected = listenerSpans(timeline, endNs)
  if (connected.length === 0) return undefined
  const drained = timeline.drain?.ok ?? false
  const confirmed = ledger.jobs.flatMap((job) => waitOf(job, away, drained) ?? [])
  const boundNs = boundOf(confirmed, fault)
  const confirms = Float64Array.from(confirmed, ({ confirmedNs }) => confirmedNs).sort()
  let longest: StuckConsumer | undefined
  for (const silence of silences(ledger.jobs, endNs, boundNs)) {
    if (silence.untilNs <= fault.effectiveNs) continue
    // Cheap and first: jobs that fall due seldom leave many silences, and hardly a confirm in any.
    if (confirmsIn(confirms, silence.fromNs, silence.untilNs) < FEWEST_CONFIRMS) continue
    const waiting = confirmed.filter(({ deliveredNs }) => deliveredNs >= silence.untilNs)
    for (const span of connected) {
      const stuck = stuckWithin(silence, span, waiting, confirms, endNs)
      if (stuck && stuck.forNs > boundNs && stuck.forNs > (longest?.forNs ?? 0)) longest = stuck
    }
  }
  return longest
}

function stuckWithin(
  silence: Span,
  span: Span,
  waiting: readonly Waiting[],
  confirms: Float64Array,
  endNs: number,
): StuckConsumer | undefined {
  const untilNs = Math.min(silence.untilNs, span.untilNs)
  const first = waiting.reduce((least, { confirmedNs }) => Math.min(least, confirmedNs), Number.POSITIVE_INFINITY)
  const fromNs = Math.max(silence.fromNs, span.fromNs, first)
  if (fromNs >= untilNs) return undefined
  if (confirmsIn(confirms, fromNs, untilNs) < FEWEST_CONFIRMS) return undefined
  const endedBy = untilNs >= endNs ? 'nothing' : untilNs === silence.untilNs ? 'delivery' : 'reconnect'
  return {
    fromNs,
    forNs: untilNs - fromNs,
    waiting: waiting.filter(({ confirmedNs }) => confirmedNs <= untilNs).length,
    endedBy,
  }
}

function confirmsIn(confirms: Float64Array, fromNs: number, untilNs: number): number {
  return countUpTo(confirms, untilNs) - countUpTo(confirms, fromNs - 1)
}

/** When a job was confirmed and first delivered; undefined for one that does not wait for the listener. */
function waitOf(job: Job, away: readonly Away[], drained: boolean): Waiting | undefined {
  const confirmedNs = confirmOf(job)?.endNs
  const deliveredNs = job.deliveries[0]?.atNs
  if (confirmedNs === undefined) return undefined
  if (deliveredNs !== undefined) return { confirmedNs, deliveredNs }
  return drained || isAway(away, confirmedNs) ? undefined : { confirmedNs, deliveredNs: Number.POSITIVE_INFINITY }
}

function boundOf(confirmed: readonly Waiting[], fault: FaultTime): number {
  let steadyNs = 0
  for (const { confirmedNs, deliveredNs } of confirmed) {
    if (deliveredNs < fault.orderedNs) steadyNs = Math.max(steadyNs, deliveredNs - confirmedNs)
  }
  return Math.max(ALWAYS_GOOD_NS, TIMES_STEADY * steadyNs)
}

/** The times without a delivery, of this run's jobs, that are longer than the bound. */
function silences(jobs: readonly Job[], endNs: number, boundNs: number): readonly Span[] {
  const deliveries = Float64Array.from(jobs.flatMap((job) => job.deliveries.map(({ atNs }) => atNs))).sort()
  const found: Span[] = []
  let fromNs = 0
  for (const untilNs of [...deliveries, endNs]) {
    if (untilNs - fromNs > boundNs) found.push({ fromNs, untilNs })
    fromNs = untilNs
  }
  return found
}

function listenerSpans({ connections }: Timeline, endNs: number): readonly Span[] {
  const spans: Span[] = []
  let fromNs: number | undefined
  for (const { client, state, t } of connections) {
    if (client !== 'listener') continue
    if (state === 'connected' || state === 'resumed') fromNs ??= t
    else if (fromNs !== undefined && (state === 'interrupted' || state === 'failed' || state === 'closed')) {
      spans.push({ fromNs, untilNs: t })
      fromNs = undefined
    }
  }
  if (fromNs !== undefined) spans.push({ fromNs, untilNs: endNs })
  return spans
}
