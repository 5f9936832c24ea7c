import { type Clock, pause, type Random, seededRandom, sleep } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import { UnderstudyError } from '../../errors.ts'
import type { ProducerObserver } from '../../producer/producer.ts'
import type { Endpoint } from '../../transport/endpoint.ts'
import type { Transport } from '../../transport/transport.ts'
import type { BrokerControl, BrokerNode, Marker } from '../broker-control.ts'
import { wordsOf } from '../topology.ts'
import type { Aim, Fault, ProbeFinding } from '../fault.ts'
import type { HistoryEvent, Objectives } from '../history.ts'
import { DRILL_DEFAULTS, type DrillPlan } from '../plan.ts'
import { metCondition } from './abort-conditions.ts'
import { probeRepeatedly } from './probe.ts'
import { describeFinding, waitForProof } from './prove.ts'
import { Recording } from './recording.ts'
import { RecoveryWatch } from './recovery-watch.ts'
import { watchStalls } from './stall-watch.ts'
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
  /** Jobs are to flow again before the heal. */
  | { readonly name: 'recovering'; readonly flowingMs: number }
  /** All is healed, and jobs are to go on flowing. */
  | { readonly name: 'watching'; readonly windowMs: number }
  | { readonly name: 'draining' }

const MOST_STEADY_JOBS = 20
const FEWEST_STEADY_JOBS = 3
// Of jobs that flow again; how long they must before the fault is the plan's to say.
const FLOWING_MS = 1000
const STEADY_LIMIT_MS = 20_000
const RECOVERY_GRACE_MS = 30_000
const DRAIN_LIMIT_MS = 30_000
const PASS_LIMIT_MS = 5_000
const QUIET_MS = 500
const PROBE_PROOF_LIMIT_MS = 3000
const ABORT_LOOK_MS = 10
// How much longer than one window the drill waits for one that is in bounds.
const MOST_WINDOWS_MORE = 3

/**
 * One drill from steady state to drain: inject at a random phase, prove, heal, recover, drain. It writes
 * the history and judges nothing. The fault is healed whatever happens, an abort included.
 *
 * @throws UnderstudyError `aborted` when `signal` fires, after healing; `invalid-option` when the brokers have no
 * such fault, `unsupported` when it cannot be done here; whatever the brokers' control throws when it cannot
 * do what it says.
 */
export async function runDrill(plan: DrillPlan, dependencies: DrillDependencies, signal: AbortSignal): Promise<void> {
  const fault = await faultOf(dependencies.control, plan.fault)
  await new Drill(plan, fault, dependencies, signal).run()
}

async function faultOf({ lab, faults }: BrokerControl, name: string): Promise<Fault> {
  const fault = faults.find((one) => one.name === name)
  if (fault === undefined) {
    const known = faults.map((one) => one.name).join(', ')
    throw new UnderstudyError('invalid-option', `${lab} has no fault ${JSON.stringify(name)}; it has ${known}`)
  }
  const missing = await fault.missing()
  if (missing === undefined) return fault
  throw new UnderstudyError('unsupported', `fault ${name} cannot be injected into ${lab} here: ${missing}`)
}

class Drill {
  readonly #plan: DrillPlan
  readonly #fault: Fault
  readonly #dependencies: DrillDependencies
  readonly #signal: AbortSignal
  readonly #recording: Recording
  readonly #workload: Workload
  readonly #probing = new AbortController()
  /** Ends the drill when a part of the harness fails beside it. */
  readonly #broken = new AbortController()
  readonly #findings = new Map<string, ProbeFinding>()
  readonly #runId: string
  readonly #phaseMs: number
  /** The name of the queue that the jobs go to; undefined when they go elsewhere. */
  readonly #queue: string | undefined
  readonly #recovery: RecoveryWatch
  /** Fires when an abort condition is met: nothing is waited for any more, not even that brokers settle. */
  readonly #hurry = new AbortController()
  /** What is hurt, from the moment that it was chosen. */
  #aim: Aim | undefined

  constructor(plan: DrillPlan, fault: Fault, dependencies: DrillDependencies, signal: AbortSignal) {
    const random: Random = seededRandom(plan.seed)
    this.#plan = plan
    this.#fault = fault
    this.#queue = /^queue:\/\/(.*)$/.exec(plan.destination)?.[1]
    this.#dependencies = dependencies
    this.#signal = AbortSignal.any([signal, this.#broken.signal])
    this.#phaseMs = Math.round(random() * dependencies.control.slowestPeriodMs)
    // Unlike the phase it must differ between two runs of one seed: a queue may hold jobs of the other.
    this.#runId = `${plan.seed.toString(36)}-${dependencies.clock.wallTime().toString(36)}`
    this.#recovery = new RecoveryWatch({ runId: this.#runId, everyMs: plan.everyMs, windowMs: plan.windowMs })
    this.#recording = new Recording(dependencies.clock, [...dependencies.sinks, (event) => this.#recovery.see(event)])
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

  async run(): Promise<void> {
    const { control, clock } = this.#dependencies
    this.#recordRun()
    const watch = await control.watch((marker) => this.#recordMarker(marker), this.#queue)
    const unwatchStalls = watchStalls(clock, (forMs) =>
      this.#recording.record({ type: 'stall', forNs: Math.round(forMs * 1e6) }),
    )
    const probes = control.nodes.map((node) => this.#probe(node))
    try {
      const stoppedBy = await this.#rehearse()
      if (stoppedBy !== undefined) this.#recording.record({ type: 'stopped', why: stoppedBy })
      if (this.#workload.connected) await this.#drain()
    } finally {
      await everyStep([
        () => this.#heal(' as the drill ended early'),
        () => {
          this.#probing.abort()
          return Promise.all(probes)
        },
        () => this.#workload.close(),
        () => watch.close(),
        () => Promise.resolve(unwatchStalls()),
      ])
    }
  }

  #recordRun(): void {
    const { control, objectives } = this.#dependencies
    const { seed, everyMs } = this.#plan
    const { name: fault, predicted } = this.#fault
    const { entrances } = control
    const acksConfirmed = control.nodes.every(
      (node) => this.#dependencies.probeOf(node).transport.capabilities.confirmedSettlement,
    )
    this.#recording.record({
      type: 'run',
      schema: 1,
      runId: this.#runId,
      lab: control.lab,
      ...(control.topology === undefined ? {} : { topology: control.topology }),
      ...(acksConfirmed ? {} : { acksConfirmed }),
      fault,
      seed,
      everyMs,
      phaseMs: this.#phaseMs,
      objectives,
      ...(predicted === undefined ? {} : { predicted }),
      ...(entrances === undefined ? {} : { entrances: entrances.map(({ name, endpoint }) => ({ name, endpoint })) }),
      brokers: control.nodes.map(({ name, product, endpoint }) => ({ name, version: product, endpoint })),
    })
  }

  #recordMarker({ kind, node, source, toleranceMs, detail, wall }: Marker): void {
    const atNs = this.#recording.nsAtWall(wall)
    this.#recording.record({ type: 'marker', kind, node: node ?? null, source, toleranceMs, detail, atNs })
  }

  /** Everything up to the drain. Returns why it came to no fault, as a sentence; undefined when it did. */
  async #rehearse(): Promise<string | undefined> {
    const stoppedBy = await this.#reachSteadyState()
    if (stoppedBy !== undefined) return stoppedBy
    this.#aim = await this.#aimAtPhase()
    if (!this.#aim) return `${wordsOf(this.#dependencies.control.topology).nobody}, so there was none to hurt`
    await this.#hurt(this.#aim)
    return undefined
  }

  async #reachSteadyState(): Promise<string | undefined> {
    const { clock, onPhase } = this.#dependencies
    onPhase({ name: 'steady' })
    const connected = this.#workload.start().then(
      () => undefined,
      (error: unknown) => error,
    )
    const failure = await this.#withinLimit(connected)
    if (failure instanceof UnderstudyError) return `There was no steady state: ${failure.message}`
    if (failure !== undefined) throw failure
    const { everyMs, steadyMs = DRILL_DEFAULTS.steadyMs } = this.#plan
    const jobs = Math.max(FEWEST_STEADY_JOBS, Math.min(MOST_STEADY_JOBS, Math.ceil(steadyMs / everyMs)))
    const limitMs = STEADY_LIMIT_MS + jobs * everyMs + steadyMs
    const isSteady = (): boolean =>
      this.#workload.delivered >= jobs && this.#flows() && this.#workload.undelivered <= this.#few()
    if (await waitSteadily(clock, steadyMs, limitMs, this.#signal, isSteady)) return undefined
    const { unconfirmed, undelivered } = this.#workload
    return `There was no steady state within ${Math.round(limitMs / 1000)} s: ${unconfirmed} jobs unconfirmed, ${undelivered} undelivered`
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

  async #aimAtPhase(): Promise<Aim | undefined> {
    const { control, clock, onPhase } = this.#dependencies
    onPhase({ name: 'waiting', phaseMs: this.#phaseMs })
    await sleep(clock, this.#phaseMs, this.#signal)
    const { endpoint } = this.#workload
    const clientNode = control.nodes.find((node) => node.endpoint === endpoint)?.name
    const signal = AbortSignal.any([this.#signal, this.#hurry.signal])
    return this.#fault.aim({ queue: this.#queue, clientNode, signal })
  }

  async #hurt(aim: Aim): Promise<void> {
    const { onPhase } = this.#dependencies
    const { name, expects } = this.#fault
    const { target: node, endpoint, done } = aim
    onPhase({ name: 'fault' })
    this.#recording.record({ type: 'fault', name, node, endpoint, done, expects })
    const healed = new AbortController()
    const watching = this.#watchAborts(AbortSignal.any([this.#signal, healed.signal]))
    try {
      // What nothing proves need not be waited for: the verdict is that nobody knows.
      if (await this.#injectAndProve(aim)) await this.#untilHealed()
      onPhase({ name: 'healing' })
      await this.#heal('')
    } finally {
      healed.abort()
      await watching
    }
    onPhase({ name: 'watching', windowMs: this.#plan.windowMs })
    await this.#untilRecovered()
  }

  /** False when nothing proves the fault, as where an abort condition was met before. */
  async #injectAndProve(aim: Aim): Promise<boolean> {
    try {
      await aim.inject()
      return await this.#prove(aim)
    } catch (error) {
      // A command, or a look, that was cut short by an abort condition broke nothing: what counts is to heal.
      if (this.#signal.aborted || !this.#hurry.signal.aborted) throw error
      return false
    }
  }

  /** Records what proves that the fault took effect; false when nothing does. */
  async #prove(aim: Aim): Promise<boolean> {
    const { target: node, endpoint } = aim
    const first = await waitForProof(aim, this.#dependencies.clock, this.#signal, () => this.#hurry.signal.aborted)
    if (first === undefined) return false
    const proof = [first]
    const effectiveNs = this.#recording.nowNs()
    const finding = await this.#findingAfter(aim)
    if (endpoint !== null && finding) proof.push(describeFinding(endpoint, finding))
    this.#recording.record({ type: 'proof', node, effectiveNs, proof })
    return true
  }

  /** Waits until the fault is to be healed: at once when an abort condition is met. */
  async #untilHealed(): Promise<void> {
    const { control, clock, onPhase } = this.#dependencies
    const { holdMs } = this.#plan
    const leave = (): boolean => this.#hurry.signal.aborted
    if (this.#fault.heals === 'after-hold') {
      onPhase({ name: 'holding', holdMs })
      await waitUntil(clock, holdMs, this.#signal, leave)
    } else {
      onPhase({ name: 'recovering', flowingMs: FLOWING_MS })
      const limitMs = control.slowestTakeoverMs + RECOVERY_GRACE_MS
      await waitSteadily(clock, FLOWING_MS, limitMs, this.#signal, () => this.#flows(), leave)
    }
  }

  /** Looks from now on whether an abort condition is met, until one is or `signal` fires. */
  async #watchAborts(signal: AbortSignal): Promise<void> {
    const { clock } = this.#dependencies
    const { abort } = this.#plan
    if (abort?.outageMs === undefined && abort?.failedJobs === undefined) return
    const since = clock.now()
    const failedBefore = this.#workload.failed
    const met = (): string | undefined => {
      const waits = this.#workload.unconfirmed > 0
      return metCondition(abort, {
        withoutConfirmMs: waits ? clock.now() - Math.max(since, this.#workload.confirmedAt) : 0,
        failed: this.#workload.failed - failedBefore,
      })
    }
    while (!signal.aborted) {
      const why = met()
      if (why !== undefined) {
        this.#recording.record({ type: 'abort', why })
        this.#hurry.abort()
        return
      }
      await pause(clock, ABORT_LOOK_MS, signal)
    }
  }

  /** Waits until the checker has seen its whole window, or that is not to be expected any more. */
  async #untilRecovered(): Promise<void> {
    const { control, clock } = this.#dependencies
    const { windowMs } = this.#plan
    // The checker's window begins with the first job in bounds, a little after ours.
    const watchedMs = windowMs + FLOWING_MS
    const limitMs = control.slowestTakeoverMs + watchedMs + RECOVERY_GRACE_MS
    const isFlowing = await waitSteadily(clock, watchedMs, limitMs, this.#signal, () => this.#flows())
    if (!isFlowing) return
    // Its bounds are narrower, too: jobs that flow may still be late.
    const deadline = clock.now() + Math.min(RECOVERY_GRACE_MS, MOST_WINDOWS_MORE * windowMs)
    for (;;) {
      const leftMs = this.#recovery.leftMs()
      if (leftMs === 0 || clock.now() + leftMs > deadline) return
      await sleep(clock, leftMs, this.#signal)
    }
  }

  /** What probes of the broker that was hurt meet, given a while to meet what they should. */
  async #findingAfter({ target, finding: expected }: Aim): Promise<ProbeFinding | undefined> {
    if (expected === undefined) return undefined
    this.#findings.delete(target)
    // A probe that was under way meets the fault half way; the next one meets it whole.
    await waitUntil(
      this.#dependencies.clock,
      PROBE_PROOF_LIMIT_MS,
      this.#signal,
      () => this.#findings.get(target) === expected || this.#hurry.signal.aborted,
    )
    return this.#findings.get(target)
  }

  /** Undoes the fault. `when` goes behind what was done. Nothing happens when nothing is left to undo. */
  async #heal(when: string): Promise<void> {
    const aim = this.#aim
    const orderedNs = this.#recording.nowNs()
    const how = await aim?.heal()
    if (!aim || how === undefined) return
    const said = this.#hurry.signal.aborted ? `${how} at once` : how + when
    this.#recording.record({ type: 'heal', node: aim.target, how: said, orderedNs })
  }

  async #drain(): Promise<void> {
    const { clock, onPhase } = this.#dependencies
    onPhase({ name: 'draining' })
    this.#workload.stopTicking()
    // Quiet on top of empty: a late copy of a job that was delivered already should still be seen.
    const isSettled = (): boolean =>
      this.#workload.unconfirmed === 0 && this.#workload.unsettled === 0 && this.#workload.quietMs >= QUIET_MS
    const isEmpty = await waitUntil(
      clock,
      DRAIN_LIMIT_MS,
      this.#signal,
      () => isSettled() && this.#workload.undelivered === 0,
    )
    // A queue that hands out what is sent last holds nothing that was sent before: it is drained, and the rest is lost.
    const ok = isEmpty || (isSettled() && (await this.#workload.passesThrough(PASS_LIMIT_MS, this.#signal)))
    this.#recording.record({ type: 'drain', ok, outstanding: this.#workload.unconfirmed + this.#workload.undelivered })
  }

  /**
   * Confirms come and deliveries keep up: nothing is older than a few jobs. Jobs that later ones have overtaken do
   * not count: they may be lost, and the drain is what waits for them.
   */
  #flows(): boolean {
    const few = this.#few()
    return this.#workload.connected && this.#workload.unconfirmed <= few && this.#workload.behind <= few
  }

  #few(): number {
    return Math.max(5, Math.ceil(1000 / this.#plan.everyMs))
  }

  #probe(node: BrokerNode): Promise<void> {
    const { clock, probeOf } = this.#dependencies
    const { transport, endpoint } = probeOf(node)
    return probeRepeatedly(transport, endpoint, clock, this.#probing.signal, (finding) => {
      this.#findings.set(node.name, finding)
      this.#recording.record({ type: 'probe', node: node.name, endpoint: node.endpoint, finding })
    }).catch((error: unknown) => this.#broken.abort(error))
  }
}

/** Takes every step, whatever became of those before it, and then throws the first failure. */
async function everyStep(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
