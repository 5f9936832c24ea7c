import { type Clock, type Random, seededRandom, sleep } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import { UnderstudyError } from '../../errors.ts'
import type { ProducerObserver } from '../../producer/producer.ts'
import type { Endpoint } from '../../transport/endpoint.ts'
import type { Transport } from '../../transport/transport.ts'
import type { BrokerControl, BrokerNode } from '../broker-control.ts'
import { describeFinding, FAULTS, proveProcess } from './fault.ts'
import type { HistoryEvent, Objectives, ProbeFinding } from '../history.ts'
import type { DrillPlan } from '../plan.ts'
import { probeRepeatedly } from './probe.ts'
import { Recording } from './recording.ts'
import { waitSteadily, waitUntil } from './wait.ts'
import { Workload } from './workload.ts'

export interface DrillDependencies {
  readonly control: BrokerControl
  readonly clock: Clock
  /** The client under test, not yet connected. */
  readonly prepare: (observer: ProducerObserver) => Promise<Connection>
  /** A transport and the endpoint to ask, for each node. */
  readonly probeOf: (node: BrokerNode) => { readonly transport: Transport; readonly endpoint: Endpoint }
  /** What is asked of the drill; it goes into the history. */
  readonly objectives: Objectives
  /** Gets every event as it happens. */
  readonly sinks: readonly ((event: HistoryEvent) => void)[]
  /** Told in words what the drill is doing. */
  readonly onPhase: (phase: DrillPhase) => void
}

/** Where a drill is in its life. */
export type DrillPhase =
  | { readonly name: 'steady' }
  | { readonly name: 'waiting'; readonly phaseMs: number }
  | { readonly name: 'fault' }
  | { readonly name: 'holding'; readonly holdMs: number }
  | { readonly name: 'healing' }
  | { readonly name: 'recovering' }
  | { readonly name: 'draining' }

/** How far a drill came. What it means is for the checker to say. */
export interface DrillRun {
  readonly runId: string
  readonly phaseMs: number
  /** The node that was hurt; undefined when nothing was injected. */
  readonly node: string | undefined
  /** Why the drill stopped short, in a sentence; undefined when it ran to its end. */
  readonly stoppedBy: string | undefined
}

const STEADY_JOBS = 20
const STEADY_WINDOW_MS = 1000
const STEADY_LIMIT_MS = 20_000
const RECOVERY_GRACE_MS = 30_000
const DRAIN_LIMIT_MS = 30_000
const QUIET_MS = 500
const PROBE_PROOF_LIMIT_MS = 3000

/**
 * One drill from steady state to drain: inject at a random phase, prove, heal, recover, drain. It writes
 * the history and judges nothing. A paused broker is continued whatever happens, an abort included.
 *
 * @throws UnderstudyError `aborted` when `signal` fires, after healing; whatever the brokers' control
 * throws when it cannot do what it says.
 */
export async function runDrill(
  plan: DrillPlan,
  dependencies: DrillDependencies,
  signal: AbortSignal,
): Promise<DrillRun> {
  const run = new Drill(plan, dependencies, signal)
  return run.run()
}

class Drill {
  readonly #plan: DrillPlan
  readonly #dependencies: DrillDependencies
  readonly #signal: AbortSignal
  readonly #recording: Recording
  readonly #workload: Workload
  readonly #probing = new AbortController()
  readonly #findings = new Map<string, ProbeFinding>()
  readonly #runId: string
  readonly #phaseMs: number

  constructor(plan: DrillPlan, dependencies: DrillDependencies, signal: AbortSignal) {
    const random: Random = seededRandom(plan.seed)
    this.#plan = plan
    this.#dependencies = dependencies
    this.#signal = signal
    this.#phaseMs = Math.round(random() * dependencies.control.slowestPeriodMs)
    // Unlike the phase it must differ between two runs of one seed: a queue may hold jobs of the other.
    this.#runId = `${plan.seed.toString(36)}-${dependencies.clock.wallTime().toString(36)}`
    this.#recording = new Recording(dependencies.clock, dependencies.sinks)
    this.#workload = new Workload({
      runId: this.#runId,
      everyMs: plan.everyMs,
      destination: plan.destination,
      prefetch: plan.prefetch,
      clock: dependencies.clock,
      recording: this.#recording,
      prepare: dependencies.prepare,
    })
  }

  async run(): Promise<DrillRun> {
    const { control, objectives } = this.#dependencies
    const { fault, seed, everyMs } = this.#plan
    this.#recording.record({
      type: 'run',
      schema: 1,
      runId: this.#runId,
      lab: control.lab,
      fault,
      seed,
      everyMs,
      phaseMs: this.#phaseMs,
      objectives,
      brokers: control.nodes.map(({ name, product, endpoint }) => ({ name, version: product, endpoint })),
    })
    const watch = await control.watch((marker) =>
      this.#recording.record({
        type: 'marker',
        kind: marker.kind,
        node: marker.node ?? null,
        source: marker.source,
        toleranceMs: marker.toleranceMs,
        detail: marker.detail,
        atNs: this.#recording.nsAtWall(marker.wall),
      }),
    )
    const probes = control.nodes.map((node) => this.#probe(node))
    let node: BrokerNode | undefined
    try {
      const stoppedBy = await this.#reachSteadyState()
      if (stoppedBy !== undefined) return this.#outcome(undefined, stoppedBy)
      node = await this.#activeNode()
      if (!node) return this.#outcome(undefined, 'no broker held the lock, so there was none to hurt')
      await this.#hurt(node)
      await this.#drain()
      return this.#outcome(node, undefined)
    } finally {
      if (node && control.state(node.name) === 'paused')
        await this.#continue(node, 'continued as the drill ended early')
      this.#probing.abort()
      await Promise.all(probes)
      await this.#workload.close()
      await watch.close()
    }
  }

  async #reachSteadyState(): Promise<string | undefined> {
    const { clock, onPhase } = this.#dependencies
    onPhase({ name: 'steady' })
    const connected = this.#workload.start().then(
      () => undefined,
      (error: unknown) => error,
    )
    const failure = await this.#withinLimit(connected)
    if (failure instanceof UnderstudyError) return `there was no steady state: ${failure.message}`
    if (failure !== undefined) throw failure
    const steady = await waitSteadily(
      clock,
      STEADY_WINDOW_MS,
      STEADY_LIMIT_MS,
      this.#signal,
      () => this.#workload.due >= STEADY_JOBS && this.#flows(),
    )
    return steady
      ? undefined
      : `there was no steady state: ${this.#workload.unconfirmed} jobs unconfirmed and ${this.#workload.undelivered} undelivered after ${STEADY_LIMIT_MS / 1000} s`
  }

  /** What the promise says, or that it took too long. */
  async #withinLimit(connected: Promise<unknown>): Promise<unknown> {
    const { clock } = this.#dependencies
    const limit = new AbortController()
    const late = sleep(clock, STEADY_LIMIT_MS, AbortSignal.any([this.#signal, limit.signal])).then(
      () => new UnderstudyError('deadline', `no broker took jobs within ${STEADY_LIMIT_MS / 1000} s`),
      (aborted: unknown) => {
        if (!limit.signal.aborted) throw aborted
      },
    )
    const first = await Promise.race([connected, late])
    limit.abort()
    return first
  }

  async #activeNode(): Promise<BrokerNode | undefined> {
    const { control, clock, onPhase } = this.#dependencies
    onPhase({ name: 'waiting', phaseMs: this.#phaseMs })
    await sleep(clock, this.#phaseMs, this.#signal)
    const active = await control.active()
    return control.nodes.find((node) => node.name === active)
  }

  async #hurt(node: BrokerNode): Promise<void> {
    const { control, clock, onPhase } = this.#dependencies
    const { fault, holdMs, windowMs } = this.#plan
    onPhase({ name: 'fault' })
    this.#findings.delete(node.name)
    this.#recording.record({ type: 'fault', name: fault, node: node.name, endpoint: node.endpoint })
    await FAULTS[fault].inject(control, node.name)
    const processProof = await proveProcess(control, node, fault, clock, this.#signal)
    const effectiveNs = this.#recording.nowNs()
    this.#findings.delete(node.name)
    // A probe that was under way meets the fault half way; the next one meets it whole.
    const { finding: expected } = FAULTS[fault]
    await waitUntil(clock, PROBE_PROOF_LIMIT_MS, this.#signal, () => this.#findings.get(node.name) === expected)
    const finding = this.#findings.get(node.name)
    const proof = finding ? [processProof, describeFinding(node, finding)] : [processProof]
    this.#recording.record({ type: 'proof', node: node.name, effectiveNs, proof })

    if (fault === 'pause') {
      onPhase({ name: 'holding', holdMs })
      await sleep(clock, holdMs, this.#signal)
      onPhase({ name: 'healing' })
      await this.#continue(node, `continued after ${holdMs} ms`)
    } else {
      onPhase({ name: 'recovering' })
      await waitSteadily(clock, STEADY_WINDOW_MS, control.slowestTakeoverMs + RECOVERY_GRACE_MS, this.#signal, () =>
        this.#flows(),
      )
      onPhase({ name: 'healing' })
      await control.start(node.name)
      this.#recording.record({ type: 'heal', node: node.name, how: 'started again' })
    }
    onPhase({ name: 'recovering' })
    // The checker's window begins with the first job in bounds, a little after ours.
    const watchedMs = windowMs + STEADY_WINDOW_MS
    await waitSteadily(clock, watchedMs, control.slowestTakeoverMs + watchedMs + RECOVERY_GRACE_MS, this.#signal, () =>
      this.#flows(),
    )
  }

  async #continue(node: BrokerNode, how: string): Promise<void> {
    await this.#dependencies.control.resume(node.name)
    this.#recording.record({ type: 'heal', node: node.name, how })
  }

  async #drain(): Promise<void> {
    const { clock, onPhase } = this.#dependencies
    onPhase({ name: 'draining' })
    this.#workload.stopTicking()
    // Quiet on top of empty: a late copy of a job that was delivered already should still be seen.
    const ok = await waitUntil(
      clock,
      DRAIN_LIMIT_MS,
      this.#signal,
      () =>
        this.#workload.unconfirmed === 0 &&
        this.#workload.undelivered === 0 &&
        this.#workload.unsettled === 0 &&
        this.#workload.quietMs >= QUIET_MS,
    )
    this.#recording.record({ type: 'drain', ok, outstanding: this.#workload.unconfirmed + this.#workload.undelivered })
  }

  /** Confirms come and deliveries keep up: nothing is older than a few jobs. */
  #flows(): boolean {
    const few = Math.max(5, Math.ceil(1000 / this.#plan.everyMs))
    return this.#workload.connected && this.#workload.unconfirmed <= few && this.#workload.undelivered <= few
  }

  #probe(node: BrokerNode): Promise<void> {
    const { clock, probeOf } = this.#dependencies
    const { transport, endpoint } = probeOf(node)
    return probeRepeatedly(transport, endpoint, clock, this.#probing.signal, (finding) => {
      this.#findings.set(node.name, finding)
      this.#recording.record({ type: 'probe', node: node.name, endpoint: node.endpoint, finding })
    })
  }

  #outcome(node: BrokerNode | undefined, stoppedBy: string | undefined): DrillRun {
    return { runId: this.#runId, phaseMs: this.#phaseMs, node: node?.name, stoppedBy }
  }
}
