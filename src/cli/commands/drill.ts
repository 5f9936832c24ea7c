import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import type { DrillResult } from '../../drill/result.ts'
import { namedFolder, newFolder, prepareFolder, removeUnused, save, shown, stampedFolder } from '../drill/folder.ts'
import { type DrillOptions, drillOptions, faultOf, labOf, objectivesOf, planOf, randomSeed } from '../drill/options.ts'
import { commandLine } from '../drill/command-line.ts'
import { junitOfFailure } from '../drill/junit.ts'
import { performDrill } from '../drill/run.ts'
import { checkTarget, type DrillTargets, withTarget } from '../drill/target.ts'
import { systemClock } from '../../clock.ts'
import { Exit, EXIT_OF_VERDICT, explain, Skipped } from '../exit-code.ts'
import type { LiveView } from '../live/live-view.ts'
import type { DrillLab } from '../drill/run.ts'
import { examples } from '../examples.ts'
import { drillSuite } from '../suite/command.ts'

export interface DrillCommandDependencies extends DrillTargets {
  readonly liveView: (lab: DrillLab) => LiveView
  /** The end of the drill for a person; `folder` is where the files are, as it is to be shown. */
  readonly summary: (result: DrillResult, folder: string) => string
  /** The columns that a table may take. */
  readonly width: number
  readonly versions: Readonly<Record<string, string>>
  /** What the program is called in the command that repeats a drill. */
  readonly understudy: string
}

interface OutputOptions {
  readonly out?: string
  readonly json?: true
}

const EXAMPLES = examples([
  'understudy drill                                     # two brokers of our own; nothing needs to be installed',
  'understudy drill --lab activemq-jdbc --fault pause --rto 10s',
  'understudy drill --lab rabbitmq-quorum --haproxy --out drills/leader --json',
  'understudy drill --uri "amqp://user:password@localhost" --fault half-open',
  `understudy drill --uri failover:... --inject 'ssh "$UNDERSTUDY_HOST" sudo systemctl kill -s KILL activemq' --yes`,
  'understudy drill plan.yaml',
])

const PLAN_HELP = `
A plan is a list of drills, run one after another on labs that stay up from one to the next:

  parallel: 2               # how many labs may be up at a time
  defaults: {lab: rabbitmq-quorum, window: 5s}
  drills:
    - name: leader killed
      repeat: 10
      rto: 5s
    - fault: pause
      clientOptions: {retryThreshold: 20000}
      abortOutage: 30s`

/** Beside a plan these alone make sense: the rest stands in the plan. */
const WITH_A_PLAN: ReadonlySet<string> = new Set(['out', 'json'])

/** Kills a real broker under load and says what became of every job. */
export function drillCommand(dependencies: DrillCommandDependencies): Command {
  const command = new Command('drill')
    .description('hurt the active broker of a lab under load and say what became of every job')
    .argument('[plan]', 'a YAML file of several drills, each with the options below by their names')
  for (const option of drillOptions()) command.addOption(option)
  return command
    .option(
      '--out <folder>',
      'where the history, the result and the report go; a new folder in ./drills when not given',
      namedFolder,
    )
    .option('--json', 'print the result as one JSON document')
    .addHelpText('after', `${EXAMPLES}\n${PLAN_HELP}`)
    .action(async (plan: string | undefined, options: DrillOptions & OutputOptions) => {
      if (plan === undefined) return await drill(options, dependencies)
      const beside = command.options.find((option) => {
        const name = option.attributeName()
        return !WITH_A_PLAN.has(name) && command.getOptionValueSource(name) === 'cli'
      })
      if (beside) throw new InvalidArgumentError(`option ${beside.long} goes into the plan, not beside it`)
      await drillSuite(plan, options, dependencies)
    })
}

async function drill(options: DrillOptions & OutputOptions, dependencies: DrillCommandDependencies): Promise<void> {
  const { terminal, understudy } = dependencies
  checkTarget(options, dependencies)
  const seed = options.seed ?? randomSeed()
  const name = `${labOf(options)}-${faultOf(options)}`
  const out = options.out === undefined ? newFolder(resolve(join('drills', stampedFolder(name)))) : resolve(options.out)
  prepareFolder(out)
  const result = await withTarget(options, dependencies, async (lab) => {
    const missing = await lab.faults.find(({ name }) => name === faultOf(options))?.missing()
    if (missing !== undefined) throw new Skipped(`${labOf(options)} cannot suffer ${faultOf(options)} here: ${missing}`)
    const transport = await dependencies.transport(lab)
    const live = dependencies.liveView(lab)
    try {
      return await performDrill({
        plan: planOf(options, seed, lab),
        objectives: objectivesOf(options),
        lab,
        transport,
        clock: systemClock,
        out,
        command: commandLine(understudy, options, seed),
        versions: dependencies.versions,
        onEvent: (event) => live.onEvent(event),
        onPhase: (phase) => live.onPhase(phase),
        signal: terminal.interrupted,
      })
    } finally {
      live.close()
    }
  }).catch((error: unknown) => {
    if (options.out === undefined) removeUnused(out)
    else {
      // A pipeline looks for it there whatever became of the drill.
      const skipped = error instanceof Skipped || dependencies.missing(labOf(options)) !== undefined
      const drill = { lab: labOf(options), fault: faultOf(options) }
      save(join(out, 'junit.xml'), junitOfFailure(drill, skipped ? 'skipped' : 'error', explain(error).line))
    }
    throw error
  })
  if (options.json) terminal.out(`${JSON.stringify(result)}\n`)
  else terminal.out(dependencies.summary(result, shown(out)))
  if (result.verdict !== 'pass') throw new Exit(EXIT_OF_VERDICT[result.verdict])
}
