import type { Clock } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import { messageOf, UnderstudyError } from '../../errors.ts'
import type { ProducerObserver } from '../../producer/producer.ts'
import type { Endpoint } from '../../transport/endpoint.ts'
import type { Transport } from '../../transport/transport.ts'
import type { BrokerControl } from '../broker-control.ts'
import { msAtLeast, msAtMost } from '../checker/exact-durations.ts'
import { wasServed } from '../checker/jobs-ledger.ts'
import { observe, type Observations } from '../checker/observations.ts'
import { judge } from '../checker/checker.ts'
import type { HistoryEvent } from '../history.ts'
import { DRILL_DEFAULTS } from '../plan.ts'
import type { Judgement } from '../result.ts'
import { type DrillDependencies, runDrill } from '../runner/runner.ts'
import { ArticleSide } from './article-side.ts'
import type { Downtime, TrialRecord } from './trial-record.ts'

/** Brokers that stay up from one trial to the next, and how to reach them. */
export interface TrialBench extends Pick<DrillDependencies, 'probeOf'> {
  readonly control: BrokerControl
  readonly clock: Clock
  readonly transport: Transport
  /** A client of ours over all entrances, not yet connected. */
  readonly prepare: (observer?: ProducerObserver) => Promise<Connection>
  /** The entrances in their order, as the one-retry producer dials them; each dial is bounded by `connectTimeoutMs`. */
  readonly endpoints: readonly Endpoint[]
}

/** What every trial of a search has in common. Times are milliseconds. */
export interface TrialSettings {
  readonly fault: string
  /** From one probing job to the next. */
  readonly everyMs: number
  /** From one job of the one-retry producer to the next. */
  readonly jobEveryMs: number
  /** The longest that one confirm of the one-retry producer may take, and one dial where the bench says the same. */
  readonly deadlineMs: number
  /** How long a fault lasts that is healed after a while. */
  readonly holdMs: number
}

export interface TrialPlan extends Pick<TrialRecord, 'key' | 'kind' | 'stage' | 'index' | 'seed'> {
  /** The threshold at which the one-retry producer runs beside; undefined for a direct trial. */
  readonly atMs: number | undefined
}

/** What became of one trial: a record that counts, or why it says nothing, as a clause; and what happened. */
export interface TrialEnd {
  readonly record: TrialRecord | undefined
  readonly void: string | undefined
  /**
   * What the brokers failed with once the outage had been seen to its end: it counts, as whoever dropped it would
   * drop the faults that hurt the most, and the brokers are of no more use. Undefined when nothing failed.
   */
  readonly failure: unknown
  readonly events: readonly HistoryEvent[]
  /** The history of the one-retry producer, with the fault in it; empty in a direct trial. */
  readonly articleEvents: readonly HistoryEvent[]
}

const PROBE_QUEUE = 'queue://understudy.threshold'
// A fault is all that a trial is about: it is over once jobs flow again.
const WINDOW_MS = 500

/**
 * One fault at a random phase on brokers that are up, healed afterwards. Probing jobs, `everyMs` apart, tell for how
 * long there was no service. Where a threshold is given, the one-retry producer runs beside them from the
 * steady state to the drain, with connections of its own, and every job of it is waited for.
 *
 * @throws UnderstudyError `aborted` when `signal` fires, after healing; whatever the brokers' control throws before the
 * end of the outage was seen.
 */
export async function runTrial(
  plan: TrialPlan,
  settings: TrialSettings,
  bench: TrialBench,
  signal: AbortSignal,
): Promise<TrialEnd> {
  const { clock, control } = bench
  const began = clock.now()
  const events: HistoryEvent[] = []
  const article = plan.atMs === undefined ? undefined : new ArticleSide(plan.atMs, settings, bench)
  let wasWatched = false
  let failure: unknown
  try {
    await runDrill(
      {
        fault: settings.fault,
        everyMs: settings.everyMs,
        destination: PROBE_QUEUE,
        seed: plan.seed,
        holdMs: settings.holdMs,
        windowMs: WINDOW_MS,
        clientOptions: {},
        prefetch: DRILL_DEFAULTS.prefetch,
      },
      {
        control,
        clock,
        objectives: { windowMs: WINDOW_MS },
        prepare: bench.prepare,
        probeOf: bench.probeOf,
        sinks: [(event) => events.push(event), (event) => article?.saw(event)],
        onPhase: ({ name }) => {
          if (name === 'waiting') article?.start()
          if (name === 'healing') wasWatched = true
        },
      },
      signal,
    )
    await article?.finish(signal)
  } catch (error) {
    if (signal.aborted || !events.some(({ type }) => type === 'run')) throw error
    failure = error
    // What the brokers still do to the jobs that are under way belongs to the outage.
    if (wasWatched) await article?.finish(signal)
  } finally {
    await article?.close()
  }
  const articleEvents = article?.events ?? []
  const ended = { events, articleEvents, failure }
  const waits = control.faults.find(({ name }) => name === settings.fault)?.heals === 'after-recovery'
  const seen = observe(events, {})
  if (failure !== undefined && !seen.fault && failure instanceof UnderstudyError && failure.code === 'deadline') {
    // Nothing was measured and everything healed: these brokers may do better the next time.
    return { events, articleEvents, failure: undefined, record: undefined, void: messageOf(failure) }
  }
  if (failure !== undefined && !(wasWatched && isOver(seen, waits))) throw failure
  const fared = article && seen.timeline.fault ? article.outcome(seen.timeline.fault.t) : null
  const why = whyVoid(seen) ?? (fared?.failedBefore ? 'a pass over all brokers failed before the fault' : undefined)
  if (why !== undefined) return { ...ended, record: undefined, void: why }
  const tookMs = Math.round(clock.now() - began)
  const record = recordOf(plan, seen, judge(events), fared, waits, tookMs)
  if (plan.kind === 'verify' && record.article?.failed === 0 && !record.article.held) {
    return { ...ended, record: undefined, void: 'the measuring process itself stood still, so that retries came late' }
  }
  return { ...ended, record, void: undefined }
}

/** Why a history says nothing of an outage, as a clause. */
function whyVoid({ timeline, fault, notSteady }: Observations): string | undefined {
  if (timeline.stopped) return timeline.stopped.why
  if (!fault) return 'nothing proves that the fault took effect'
  return notSteady
}

function recordOf(
  { key, kind, stage, index, seed }: TrialPlan,
  seen: Observations,
  { fault, outage, takenOverBy, retryThresholdMs }: Judgement,
  article: TrialRecord['article'],
  waits: boolean,
  tookMs: number,
): TrialRecord {
  const down = downtimes(seen, waits)
  const stalledMs = msAtMost(stalledNs(seen))
  const replayed = isOver(seen, waits) ? retryThresholdMs : null
  const known = greatest(article ? [replayed, article.thresholdMs] : [replayed])
  // What was not seen while the process stood still may have been up to that much longer.
  const thresholdMs = known === null ? null : known + stalledMs
  return {
    key,
    kind,
    stage,
    index,
    seed,
    phaseMs: fault.phaseMs,
    at: fault.injectedAt ?? '',
    node: fault.node,
    takenOverBy,
    outageMs: outage.producerMs,
    silentMs: outage.withoutConfirmMs,
    down,
    thresholdMs,
    stalledMs,
    article: article && { ...article, held: article.held && !heldByStall(article.atMs, thresholdMs, stalledMs) },
    tookMs,
  }
}

/** Whether the end of every time without service was seen. */
function isOver(seen: Observations, waits: boolean): boolean {
  return downtimes(seen, waits).every(({ untilMs }) => untilMs !== null)
}

/** Whether retries may have been good only as the process stood still and made them late. */
function heldByStall(atMs: number, thresholdMs: number | null, stalledMs: number): boolean {
  return stalledMs > 0 && (thresholdMs === null || thresholdMs > atMs)
}

/**
 * The times without service. Where a drill waits for the service before it heals (`waits`), one that only the heal
 * ended would have lasted longer: its end is not known. A broker that is started may serve before its start is over, so
 * what counts is when the heal was ordered.
 */
function downtimes({ fault, outage, timeline }: Observations, waits: boolean): readonly Downtime[] {
  const zeroNs = fault?.effectiveNs ?? 0
  const [heal] = timeline.heals
  const healedNs = waits && heal ? (heal.orderedNs ?? heal.t) : Number.POSITIVE_INFINITY
  return (outage?.spells ?? []).map(({ firstFailureNs, backNs }) => ({
    fromMs: msAtLeast(firstFailureNs - zeroNs),
    untilMs: backNs === null || (firstFailureNs < healedNs && backNs > healedNs) ? null : msAtMost(backNs - zeroNs),
  }))
}

/**
 * The longest time that the measuring process itself stood still in what was measured: from the fault until the first
 * good attempt after the last that failed.
 */
function stalledNs({ timeline, ledger, outage }: Observations): number {
  const orderedNs = timeline.fault?.t ?? 0
  const spells = outage?.spells ?? []
  const goodNs = ledger.attempts.find((attempt) => attempt.startNs >= orderedNs && wasServed(attempt))?.startNs
  const untilNs = (spells.length > 0 ? spells.at(-1)?.backNs : goodNs) ?? Number.POSITIVE_INFINITY
  return timeline.stalls
    .filter(({ t, forNs }) => t >= orderedNs && t - forNs <= untilNs)
    .reduce((longest, { forNs }) => Math.max(longest, forNs), 0)
}

/** The greatest; null when one of them is not known. */
function greatest(values: readonly (number | null)[]): number | null {
  let most = 0
  for (const value of values) {
    if (value === null) return null
    most = Math.max(most, value)
  }
  return most
}
