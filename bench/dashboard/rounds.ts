import { join } from 'node:path'
import { activemqTransport } from '../../adapters/activemq/transport.ts'
import { rabbitmqTransport } from '../../adapters/rabbitmq/transport.ts'
import type { Lab } from '../../infra/labs/lab.ts'
import { prepareFolder } from '../../src/cli/drill/folder.ts'
import { drillUri, performDrill } from '../../src/cli/drill/run.ts'
import { systemClock } from '../../src/clock.ts'
import type { HistoryEvent } from '../../src/drill/history.ts'
import { DRILL_DEFAULTS, type DrillPlan, holdFor } from '../../src/drill/plan.ts'
import type { DrillResult, FailoverPart } from '../../src/drill/result.ts'
import type { DashboardAnswer, DashboardOrder } from './programs/dashboard.ts'
import type { Watched, WatchersAnswer, WatchersOrder } from './programs/watchers.ts'
import { startProgram } from './program-process.ts'

/** How a drill is run: with nobody looking, or watched by everybody; each twice, which shows what differs by itself. */
export type Arm = 'alone' | 'alone again' | 'watched' | 'watched again'

export interface Figures {
  /** Jobs that a broker confirmed in each second of the drill. */
  readonly confirmedPerSecond: number
  /** From the moment that a job fell due to its confirm, of those before the fault. */
  readonly latencyP50Ms: number | null
  readonly latencyP99Ms: number | null
  readonly outageMs: number | null
  readonly failoverMs: number | null
  /**
   * The part of the failover in which everybody waited for the standby's next look at the lock: a draw, by when the
   * kill happened to fall between two looks. 0 where there was no such part.
   */
  readonly lockWaitMs: number | null
  /** The part in which the standby, with the lock, becomes the broker that serves, or a leader is elected. */
  readonly takeoverMs: number | null
  /** The parts of the failover that are the client's: it sees the loss, connects again, and gets a confirm. */
  readonly clientShareMs: number | null
  readonly retryThresholdMs: number | null
}

export interface DrillRun {
  readonly round: number
  readonly arm: Arm
  readonly verdict: DrillResult['verdict']
  readonly lost: number | null
  readonly figures: Figures
  /** Undefined where nobody looked. */
  readonly watched: Watched | undefined
}

export interface RoundsOptions {
  readonly lab: Lab
  readonly rounds: number
  readonly everyMs: number
  /** How long jobs are sent before the fault; the latency is that of these jobs. */
  readonly steadyMs: number
  readonly streams: number
  readonly pages: number
  readonly chromium: string
  /** Where the drills go; the dashboard shows them. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly note: (line: string) => void
}

// Short ones, and many: what a single drill shows of its outage is for the most part chance.
const WINDOW_MS = 500
// What changes from drill to drill, such as warmth, falls on both alike; and those who look come once a round.
const ORDER: readonly Arm[] = ['alone', 'watched', 'watched again', 'alone again']

/** Drills of the same kind, each round with the same seed, with and without a dashboard that everybody looks at. */
export async function runRounds(options: RoundsOptions): Promise<readonly DrillRun[]> {
  const runs: DrillRun[] = []
  // The first drill of a process is slower than all others.
  await drill(options, 0, 'alone', undefined)
  for (let round = 1; round <= options.rounds; round++) {
    let audience: Audience | undefined
    try {
      for (const arm of ORDER) {
        options.signal.throwIfAborted()
        if (isWatched(arm)) audience ??= await openAudience(options, round)
        else {
          await audience?.leave()
          audience = undefined
        }
        const run = await drill(options, round, arm, audience?.report)
        runs.push(run)
        options.note(`round ${round}, ${arm}: ${run.verdict}, ${told(run.figures)}`)
      }
    } finally {
      await audience?.leave()
    }
  }
  return runs
}

export function isWatched(arm: Arm): boolean {
  return arm === 'watched' || arm === 'watched again'
}

function told({ outageMs, lockWaitMs, latencyP50Ms }: Figures): string {
  const waited = `${lockWaitMs?.toFixed(0) ?? '?'} ms of it for the lock`
  return `outage ${outageMs?.toFixed(0) ?? '?'} ms, ${waited}, median latency ${latencyP50Ms?.toFixed(2) ?? '?'} ms`
}

/** A dashboard and all who look at it. */
interface Audience {
  /** What they have seen since they were asked last. */
  readonly report: () => Promise<Watched>
  readonly leave: () => Promise<void>
}

async function openAudience(
  { lab, folder, streams, pages, chromium }: RoundsOptions,
  round: number,
): Promise<Audience> {
  const dashboard = startProgram<DashboardOrder, DashboardAnswer>('dashboard')
  const watchers = startProgram<WatchersOrder | 'report', WatchersAnswer>('watchers')
  const leave = async (): Promise<void> => {
    await watchers.stop()
    await dashboard.stop()
  }
  const report = async (): Promise<Watched> => {
    const answer = await watchers.ask('report')
    if ('watched' in answer) return answer.watched
    throw new Error('the watchers did not say what they saw')
  }
  try {
    const queues = ORDER.filter(isWatched).map((arm) => queueOf(round, arm))
    const { url } = await dashboard.ask({ uri: drillUri(lab, {}), drills: folder, queues })
    await watchers.ask({ url, streams, pages, chromium })
    return { report, leave }
  } catch (error) {
    await leave()
    throw error
  }
}

async function drill(
  options: RoundsOptions,
  round: number,
  arm: Arm,
  watched: (() => Promise<Watched>) | undefined,
): Promise<DrillRun> {
  const { lab, folder, everyMs, steadyMs, signal } = options
  const out = join(folder, `${String(round).padStart(2, '0')}-${arm.replaceAll(' ', '-')}`)
  prepareFolder(out)
  const plan: DrillPlan = {
    fault: DRILL_DEFAULTS.fault,
    everyMs,
    // What an earlier one left behind is no job of this one.
    destination: queueOf(round, arm),
    seed: 1000 + round,
    holdMs: holdFor(lab),
    steadyMs,
    windowMs: WINDOW_MS,
    clientOptions: {},
    prefetch: DRILL_DEFAULTS.prefetch,
  }
  const pace = new Pace()
  const result = await performDrill({
    plan,
    objectives: {},
    lab,
    transport: lab.nodes[0]?.endpoint.startsWith('amqp') ? rabbitmqTransport() : activemqTransport(),
    clock: systemClock,
    out,
    command: 'bench dashboard',
    versions: { node: process.versions.node },
    onEvent: (event) => pace.take(event),
    onPhase: () => {},
    signal,
  })
  const { outage, failoverMs, failoverParts, retryThresholdMs } = result
  return {
    round,
    arm,
    verdict: result.verdict,
    lost: result.jobs.lost,
    figures: {
      confirmedPerSecond: pace.perSecond,
      latencyP50Ms: pace.latencyMs(0.5),
      latencyP99Ms: pace.latencyMs(0.99),
      outageMs: outage.producerMs?.upper ?? null,
      failoverMs,
      lockWaitMs: failoverMs === null ? null : shareOf(failoverParts, LOCKS_PARTS),
      takeoverMs: failoverMs === null ? null : shareOf(failoverParts, TAKEOVER_PARTS),
      clientShareMs: failoverMs === null ? null : shareOf(failoverParts, CLIENTS_PARTS),
      retryThresholdMs,
    },
    watched: await watched?.(),
  }
}

function queueOf(round: number, arm: Arm): string {
  return `queue://bench.dashboard.${round}.${arm.replaceAll(' ', '-')}`
}

type PartNames = ReadonlySet<FailoverPart['name']>
const LOCKS_PARTS: PartNames = new Set(['lock'])
const TAKEOVER_PARTS: PartNames = new Set(['promote', 'elect'])
const CLIENTS_PARTS: PartNames = new Set(['detect', 'reconnect', 'confirm'])

function shareOf(parts: readonly FailoverPart[], names: PartNames): number {
  return parts.reduce((sum, { name, ms }) => (names.has(name) ? sum + ms : sum), 0)
}

/** Confirms by time, from the first job that fell due to the last; how long each took before the fault. */
class Pace {
  readonly #due = new Map<string, number>()
  readonly #latencies: number[] = []
  #first: number | undefined
  #last = 0
  #confirmed = 0
  #isHurt = false

  take(event: HistoryEvent): void {
    if (event.type === 'fault') this.#isHurt = true
    else if (event.type === 'due') {
      this.#first ??= event.t
      this.#last = event.t
      if (!this.#isHurt) this.#due.set(event.id, event.dueNs)
    } else if (event.type === 'res' && event.outcome === 'ack') {
      this.#confirmed++
      const dueNs = this.#due.get(event.id)
      if (dueNs !== undefined && !this.#isHurt) this.#latencies.push((event.t - dueNs) / 1e6)
    }
  }

  get perSecond(): number {
    const seconds = (this.#last - (this.#first ?? this.#last)) / 1e9
    return seconds > 0 ? this.#confirmed / seconds : 0
  }

  latencyMs(share: number): number | null {
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    return sorted[Math.ceil(share * sorted.length) - 1] ?? null
  }
}
