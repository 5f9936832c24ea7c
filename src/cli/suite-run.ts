import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import type { Prediction } from '../drill/fault.ts'
import type { DrillResult } from '../drill/result.ts'
import { type RunState, runOf, runWithoutVerdict, type SuiteRun } from '../drill/suite/suite-result.ts'
import { messageOf } from '../errors.ts'
import { prepareFolder, slug } from './drill-folder.ts'
import { commandLine, objectivesOf, planOf, randomSeed, seedOfRun } from './drill-options.ts'
import { type DrillLab, performDrill } from './drill-run.ts'
import type { DrillTargets } from './drill-target.ts'
import type { PlannedDrill, SuitePlan } from './suite-plan.ts'

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
 * up afresh when a run left it in doubt. It ends early, with nothing thrown, when the user interrupts.
 */
export async function runSuite(options: SuiteRunOptions): Promise<void> {
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
}

class Suite {
  readonly #options: SuiteRunOptions
  readonly #queue: Task[]
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
        if (lab && (lab.lab !== task.planned.lab || !isWhole(lab))) {
          const old = lab
          lab = undefined
          await old.down()
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
          this.#end(task, began, runWithoutVerdict(this.#stateOf(), messageOf(error), task.seed, null))
          continue
        }
        const inDoubt = await this.#run(task, lab, began)
        if (inDoubt) {
          const old = lab
          lab = undefined
          await old.down()
        }
      }
    } finally {
      await lab?.down()
    }
  }

  /** In the plan's order; where several labs are up, first what the one at hand can do. */
  #next(lab: string | undefined): Task | undefined {
    const own = this.#options.plan.parallel > 1 ? this.#queue.findIndex((task) => task.planned.lab === lab) : 0
    return this.#queue.splice(Math.max(0, own), 1)[0]
  }

  async #up({ planned }: Task): Promise<DrillLab> {
    const { terminal, upLab } = this.#options.targets
    const up = this.#comingUp.then(() => {
      terminal.interrupted.throwIfAborted()
      return upLab(planned.lab, terminal.interrupted, (line) => terminal.err(`lab ${planned.lab}: ${line}\n`))
    })
    this.#comingUp = up.catch(() => undefined)
    return await up
  }

  /** Runs one drill. True when its lab may not be whole afterwards. */
  async #run(task: Task, lab: DrillLab, began: number): Promise<boolean> {
    const { planned, seed } = task
    const { out, targets, understudy, versions } = this.#options
    const fault = lab.faults.find((one) => one.name === planned.options.fault)
    const folder = runFolder(task)
    const path = join(out, folder)
    try {
      const missing = await fault?.missing()
      if (missing !== undefined) {
        this.#end(task, began, runWithoutVerdict('skipped', missing, seed, null), undefined, fault?.predicted)
        return false
      }
      prepareFolder(path)
      const result = await performDrill({
        plan: { ...planOf(planned.options, seed), ...ownQueue(task) },
        objectives: objectivesOf(planned.options),
        lab,
        transport: await targets.transport(lab),
        clock: systemClock,
        out: path,
        command: commandLine(understudy, planned.options, seed),
        versions,
        onEvent: (event) => {
          if (event.type === 'fault') this.#say(task, `${event.node} was ${event.done ?? 'hurt'}`)
        },
        onPhase: () => undefined,
        signal: targets.terminal.interrupted,
      })
      this.#end(task, began, runOf(result, seed, folder), result, fault?.predicted)
      return result.verdict === 'unknown'
    } catch (error) {
      const outcome = runWithoutVerdict(this.#stateOf(), messageOf(error), seed, folder)
      this.#end(task, began, outcome, undefined, fault?.predicted)
      return true
    }
  }

  #stateOf(): Extract<RunState, 'broken' | 'interrupted'> {
    return this.#options.targets.terminal.interrupted.aborted ? 'interrupted' : 'broken'
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
function ownQueue({ drill, run }: Task): { readonly destination: string } {
  return { destination: `queue://understudy.drill.${drill + 1}.${run + 1}` }
}

function isWhole(lab: DrillLab): boolean {
  return lab.nodes.every(({ name }) => lab.state(name) === 'running')
}
