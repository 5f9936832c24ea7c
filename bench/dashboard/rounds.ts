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

/** How a drill is run: with nobody looking, once more so that the two can be told apart, or watched by everybody. */
export type Arm = 'alone' | 'alone again' | 'watched'

export interface Figures {
  /** Jobs that a broker confirmed in each second of the drill. */
  readonly confirmedPerSecond: number
  /** From the moment that a job fell due to its confirm, of those before the fault. */
  readonly latencyP50Ms: number | null
  readonly latencyP99Ms: number | null
  readonly outageMs: number | null
  readonly failoverMs: number | null
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
  readonly streams: number
  readonly pages: number
  readonly chromium: string
  /** Where the drills go; the dashboard shows them. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly note: (line: string) => void
}

const WINDOW_MS = 3000
const STEADY_MS = 3000
// In turn, so that neither warmth nor what the machine does meanwhile is for one of them alone.
const ORDERS: readonly (readonly Arm[])[] = [
  ['alone', 'watched', 'alone again'],
  ['watched', 'alone', 'alone again'],
  ['alone again', 'alone', 'watched'],
  ['alone again', 'watched', 'alone'],
]

/** Drills of the same kind, each round with the same seed, with and without a dashboard that everybody looks at. */
export async function runRounds(options: RoundsOptions): Promise<readonly DrillRun[]> {
  const runs: DrillRun[] = []
  // The first drill of a process is slower than all others.
  await drill(options, 0, 'alone', undefined)
  for (let round = 1; round <= options.rounds; round++) {
    for (const arm of ORDERS[(round - 1) % ORDERS.length] ?? []) {
      options.signal.throwIfAborted()
      const run = arm === 'watched' ? await watchedDrill(options, round) : await drill(options, round, arm, undefined)
      runs.push(run)
      const { outageMs, latencyP50Ms } = run.figures
      options.note(
        `round ${round}, ${arm}: ${run.verdict}, outage ${outageMs?.toFixed(0) ?? '?'} ms, median latency ${latencyP50Ms?.toFixed(2) ?? '?'} ms`,
      )
    }
  }
  return runs
}

async function watchedDrill(options: RoundsOptions, round: number): Promise<DrillRun> {
  const { lab, folder, streams, pages, chromium } = options
  const dashboard = startProgram<DashboardOrder, DashboardAnswer>('dashboard')
  const watchers = startProgram<WatchersOrder | 'report', WatchersAnswer>('watchers')
  try {
    const { url } = await dashboard.ask({ uri: drillUri(lab, {}), drills: folder, queue: queueOf(round, 'watched') })
    await watchers.ask({ url, streams, pages, chromium })
    return await drill(options, round, 'watched', async () => {
      const answer = await watchers.ask('report')
      if ('watched' in answer) return answer.watched
      throw new Error('the watchers did not say what they saw')
    })
  } finally {
    await watchers.stop()
    await dashboard.stop()
  }
}

async function drill(
  options: RoundsOptions,
  round: number,
  arm: Arm,
  watched: (() => Promise<Watched>) | undefined,
): Promise<DrillRun> {
  const { lab, folder, everyMs, signal } = options
  const out = join(folder, `${String(round).padStart(2, '0')}-${arm.replaceAll(' ', '-')}`)
  prepareFolder(out)
  const plan: DrillPlan = {
    fault: DRILL_DEFAULTS.fault,
    everyMs,
    // What an earlier one left behind is no job of this one.
    destination: queueOf(round, arm),
    seed: 1000 + round,
    holdMs: holdFor(lab),
    steadyMs: STEADY_MS,
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
      clientShareMs: failoverMs === null ? null : shareOf(failoverParts),
      retryThresholdMs,
    },
    watched: await watched?.(),
  }
}

function queueOf(round: number, arm: Arm): string {
  return `queue://bench.dashboard.${round}.${arm.replaceAll(' ', '-')}`
}

const CLIENTS_PARTS: ReadonlySet<FailoverPart['name']> = new Set(['detect', 'reconnect', 'confirm'])

function shareOf(parts: readonly FailoverPart[]): number {
  return parts.reduce((sum, { name, ms }) => (CLIENTS_PARTS.has(name) ? sum + ms : sum), 0)
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
