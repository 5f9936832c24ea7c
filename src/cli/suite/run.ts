import { join } from 'node:path'
import { abortReason, systemClock } from '../../clock.ts'
import type { Prediction } from '../../drill/fault.ts'
import type { DrillResult } from '../../drill/result.ts'
import { runOf, runWithoutVerdict, type SuiteRun } from '../../drill/suite/suite-result.ts'
import { DRILL_DEFAULTS } from '../../drill/plan.ts'
import { messageOf } from '../../errors.ts'
import { prepareFolder, slug } from '../drill/folder.ts'
import { commandLine } from '../drill/command-line.ts'
import { faultOf, objectivesOf, planOf, randomSeed, seedOfRun } from '../drill/options.ts'
import { type DrillLab, performDrill } from '../drill/run.ts'
import { type DrillTargets, interruptedLine, openTarget, throughDoors } from '../drill/target.ts'
import { EXIT, explain } from '../exit-code.ts'
import type { PlannedDrill, SuitePlan } from './plan.ts'

export interface SuiteRunOptions {
  readonly plan: SuitePlan
  readonly targets: DrillTargets
  /** The folder of the suite; each run gets one of its own under it. */
  readonly out: string
  readonly versions: Readonly<Record<string, string>>
  readonly understudy: string
  /** Called with each run as it ends. */
  readonly onRun: (finished: FinishedRun) => void
}

export interface FinishedRun {
  /** The drill's place in the plan, from 0. */
  readonly drill: number
  /** From 0. */
  readonly run: number
  readonly outcome: SuiteRun
  /** What a drill with a verdict said in whole. */
  readonly result: DrillResult | undefined
  readonly predicted: Prediction | undefined
  readonly seconds: number
}

interface Task {
  readonly drill: number
  readonly run: number
  readonly planned: PlannedDrill
  readonly seed: number
}

/**
 * Runs every drill of a plan, as many labs at a time as it says. A lab stays up from one run to the next and is put
 * up afresh when a run left it in doubt. It ends early, with nothing thrown, when the user interrupts. Returns the
 * labs that could not be taken down.
 */
export async function runSuite(options: SuiteRunOptions): Promise<readonly string[]> {
  const queue = options.plan.drills.flatMap((planned, drill) => {
    const seed = planned.options.seed ?? randomSeed()
    return Array.from(
      { length: planned.repeat },
      (_, run): Task => ({ drill, run, planned, seed: seedOfRun(seed, run) }),
    )
  })
  const suite = new Suite(options, queue)
  const workers = Array.from({ length: Math.min(options.plan.parallel, queue.length) }, () => suite.work())
  const ends = await Promise.allSettled(workers)
  const broken = ends.find((end) => end.status === 'rejected')
  if (broken) throw broken.reason
  return suite.left
}

class Suite {
  readonly #options: SuiteRunOptions
  readonly #queue: Task[]
  /** The labs that could not be taken down. */
  readonly left: string[] = []
  /** Labs come up one after another: two that look for free ports at a time find the same ones. */
  #comingUp: Promise<unknown> = Promise.resolve()

  constructor(options: SuiteRunOptions, queue: readonly Task[]) {
    this.#options = options
    this.#queue = [...queue]
  }

  /** Takes one run after another until none is left. */
  async work(): Promise<void> {
    const { interrupted } = this.#options.targets.terminal
    let lab: DrillLab | undefined
    try {
      for (;;) {
        const task = interrupted.aborted ? undefined : this.#next(lab?.lab)
        if (!task) return
        if (lab && (!canServe(lab, task) || !isWhole(lab))) {
          const old = lab
          lab = undefined
          await this.#down(old)
        }
        const began = systemClock.now()
        this.#say(task, '…')
        const missing = this.#options.targets.missing(task.planned.lab)
        if (missing !== undefined) {
          this.#end(task, began, runWithoutVerdict('skipped', missing, task.seed, null))
          continue
        }
        try {
          lab ??= await this.#up(task)
        } catch (error) {
          this.#end(task, began, this.#broken(task, error, null))
          continue
        }
        const inDoubt = await this.#run(task, lab, began)
        if (inDoubt) {
          const old = lab
          lab = undefined
          await this.#down(old)
        }
      }
    } finally {
      if (lab) await this.#down(lab)
    }
  }

  /** In the plan's order; where several labs are up, first what the one at hand can do. */
  #next(lab: string | undefined): Task | undefined {
    const own = this.#options.plan.parallel > 1 ? this.#queue.findIndex((task) => task.planned.lab === lab) : 0
    return this.#queue.splice(Math.max(0, own), 1)[0]
  }

  async #up({ planned }: Task): Promise<DrillLab> {
    const { targets } = this.#options
    const up = this.#comingUp.then(() => {
      const { interrupted } = targets.terminal
      if (interrupted.aborted) throw abortReason(interrupted)
      return openTarget(planned.options, targets)
    })
    this.#comingUp = up.catch(() => undefined)
    return await up
  }

  /** What cannot be taken down is told, and ends no suite: the runs that are left have a lab of their own. */
  async #down(lab: DrillLab): Promise<void> {
    try {
      await lab.down()
    } catch (error) {
      this.left.push(lab.id)
      this.#options.targets.terminal.err(`lab ${lab.id} could not be taken down: ${messageOf(error)}\n`)
    }
  }

  /** Runs one drill. True when its lab may not be whole afterwards. */
  async #run(task: Task, lab: DrillLab, began: number): Promise<boolean> {
    const { planned, seed } = task
    const folder = runFolder(task)
    try {
      return await throughDoors(planned.options, lab, this.#options.targets, async (target) => {
        const fault = target.faults.find((one) => one.name === faultOf(planned.options))
        const missing = await fault?.missing()
        if (missing !== undefined) {
          this.#end(task, began, runWithoutVerdict('skipped', missing, seed, null), undefined, fault?.predicted)
          return false
        }
        const result = await this.#drill(task, target, folder)
        this.#end(task, began, runOf(result, seed, folder), result, fault?.predicted)
        // Two that each take themselves for the master may go on as such.
        return result.verdict === 'unknown' || result.signs.includes('dual-master')
      })
    } catch (error) {
      this.#end(task, began, this.#broken(task, error, folder))
      return true
    }
  }

  async #drill(task: Task, target: DrillLab, folder: string): Promise<DrillResult> {
    const { planned, seed } = task
    const { out, targets, understudy, versions } = this.#options
    const path = join(out, folder)
    prepareFolder(path)
    return await performDrill({
      plan: { ...planOf(planned.options, seed, target), ...ownQueue(task) },
      objectives: objectivesOf(planned.options),
      lab: target,
      transport: await targets.transport(target),
      clock: systemClock,
      out: path,
      command: commandLine(understudy, planned.options, seed),
      versions,
      onEvent: (event) => {
        if (event.type === 'fault') this.#say(task, `${event.node} was ${event.done ?? 'hurt'}`)
      },
      onPhase: () => undefined,
      amongOthers: this.#options.plan.parallel > 1,
      signal: targets.terminal.interrupted,
    })
  }

  /** What became of a run that ended with an error. */
  #broken({ planned, seed }: Task, error: unknown, folder: string | null): SuiteRun {
    if (this.#options.targets.terminal.interrupted.aborted)
      return runWithoutVerdict('interrupted', interruptedLine(planned.options, error), seed, folder)
    // The same that it would be for a drill alone: what could not be injected or reached says nothing of the brokers.
    const state = explain(error).exitCode === EXIT.unknown ? 'unknown' : 'broken'
    return runWithoutVerdict(state, messageOf(error), seed, folder)
  }

  #end(task: Task, began: number, outcome: SuiteRun, result?: DrillResult, predicted?: Prediction): void {
    const seconds = (systemClock.now() - began) / 1000
    this.#options.onRun({ drill: task.drill, run: task.run, outcome, result, predicted, seconds })
    const { upper } = outcome.outageMs ?? {}
    const told = [
      outcome.state.toUpperCase(),
      ...(upper === undefined ? [] : [`outage at most ${(upper / 1000).toFixed(2)} s`]),
      ...(outcome.takenOverBy === null ? [] : [`${outcome.takenOverBy} took over`]),
      ...outcome.reasons.slice(0, 1),
    ]
    this.#say(task, told.join(' · '))
  }

  #say({ drill, run, planned }: Task, text: string): void {
    const { plan, targets } = this.#options
    const which = planned.repeat === 1 ? '' : `, run ${run + 1} of ${planned.repeat}`
    targets.terminal.err(`[${drill + 1}/${plan.drills.length}] ${planned.name}${which}: ${text}\n`)
  }
}

/** `02-embedded_kill/run-03`. */
function runFolder({ drill, run, planned }: Task): string {
  const name = `${String(drill + 1).padStart(2, '0')}-${slug(planned.name)}`
  return join(name, `run-${String(run + 1).padStart(2, '0')}`)
}

/** A queue of its own for each run on a lab that stays up: what an earlier one left behind is no job of this one. */
function ownQueue({ drill, run, planned }: Task): { readonly destination?: string } {
  const { uri, to } = planned.options
  if (uri !== undefined || to !== DRILL_DEFAULTS.destination) return {}
  return { destination: `${to}.${drill + 1}.${run + 1}` }
}

/** Brokers of the user's own come with the commands of one drill. */
function canServe(lab: DrillLab, { planned }: Task): boolean {
  return planned.options.uri === undefined && lab.lab === planned.lab
}

function isWhole(lab: DrillLab): boolean {
  return lab.nodes.every(({ name }) => lab.state(name) === 'running')
}
