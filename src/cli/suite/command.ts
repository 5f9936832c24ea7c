import { basename, extname, join, resolve } from 'node:path'
import { type JUnitCase, junitCases, junitWithoutVerdict, type JUnitSuite, renderJUnit } from '../../drill/junit.ts'
import { type RunState, type SuiteResult, summarizeRuns, verdictOf, worstOf } from '../../drill/suite/suite-result.ts'
import { renderSuitePage } from '../../drill/report/suite/suite-page.ts'
import { renderSuiteTable } from '../../drill/suite/suite-table.ts'
import { UnderstudyError } from '../../errors.ts'
import { fileProblem, makeFolder } from '../../folder.ts'
import { shellWord } from '../drill/command-line.ts'
import { newFolder, save, shown, stampedFolder } from '../drill/folder.ts'
import { faultOf } from '../drill/options.ts'
import { type DrillTargets, HEALED_AND_DOWN } from '../drill/target.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { readSuitePlan, type SuitePlan } from './plan.ts'
import { type FinishedRun, runSuite } from './run.ts'

interface SuiteDependencies extends DrillTargets {
  readonly versions: Readonly<Record<string, string>>
  readonly understudy: string
  readonly width: number
}

const EXIT_OF_STATE: Readonly<Record<RunState, number>> = {
  pass: EXIT.passed,
  fail: EXIT.violated,
  unknown: EXIT.unknown,
  broken: EXIT.broken,
  interrupted: EXIT.interrupted,
  // Reached only when nothing else was there: nothing was rehearsed.
  skipped: EXIT.unknown,
}

/** `understudy drill plan.yaml`: every drill of the plan, and one result over all of them. */
export async function drillSuite(
  path: string,
  options: { readonly out?: string; readonly json?: true },
  dependencies: SuiteDependencies,
): Promise<void> {
  const { terminal, versions, understudy, width } = dependencies
  const plan = readSuitePlan(path, dependencies)
  const out = suiteFolder(path, options.out)
  const finished: FinishedRun[] = []
  const startedAt = new Date().toISOString()
  const write = (): SuiteResult => {
    const result = resultOf(plan, finished, {
      plan: path,
      startedAt,
      command: `${understudy} drill ${shellWord(path)}`,
      versions,
    })
    save(join(out, 'result.json'), `${JSON.stringify(result, null, 2)}\n`)
    save(join(out, 'report.html'), renderSuitePage(result))
    save(join(out, 'junit.xml'), junitOf(path, plan, finished))
    return result
  }
  const left = await runSuite({
    plan,
    targets: dependencies,
    out,
    versions,
    understudy,
    onRun: (run) => {
      finished.push(run)
      // After each one, so that a suite that does not come to its end leaves what it has.
      write()
    },
  })
  const result = write()
  if (options.json) terminal.out(`${JSON.stringify(result)}\n`)
  else terminal.out(renderSuiteTable(result, { folder: shown(out), width }))
  if (terminal.interrupted.aborted) throw new Exit(EXIT.interrupted, interruptedSuite(finished, left, understudy))
  const states = result.drills.flatMap((drill) => drill.runs.map((run) => run.state))
  const passed = states.includes('pass')
  const exitCode = EXIT_OF_STATE[worstOf(passed ? states.filter((state) => state !== 'skipped') : states)]
  if (exitCode !== EXIT.passed) throw new Exit(exitCode)
}

/** The worst of what its interrupted runs say of the brokers that they leave. */
function interruptedSuite(finished: readonly FinishedRun[], left: readonly string[], understudy: string): string {
  const said = finished.flatMap(({ outcome }) => (outcome.state === 'interrupted' ? outcome.reasons : []))
  const worse = [...new Set(said)].filter((line) => line !== HEALED_AND_DOWN)
  if (left.length > 0) worse.push(`interrupted; \`${understudy} lab down\` ends what is left of ${left.join(', ')}`)
  return worse.join('; ') || HEALED_AND_DOWN
}

function suiteFolder(plan: string, wanted: string | undefined): string {
  const name = stampedFolder(basename(plan, extname(plan)))
  if (wanted === undefined) return newFolder(resolve(join('drills', name)))
  const path = resolve(wanted)
  try {
    makeFolder(path)
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `option --out: ${shown(path)} cannot be made: ${fileProblem(cause)}`, {
      cause,
    })
  }
  return path
}

function resultOf(
  plan: SuitePlan,
  finished: readonly FinishedRun[],
  context: Pick<SuiteResult, 'plan' | 'startedAt' | 'command' | 'versions'>,
): SuiteResult {
  const drills = plan.drills.map(({ name, lab, repeat, options }, drill) => {
    const own = finished.filter((run) => run.drill === drill).toSorted((a, b) => a.run - b.run)
    const predicted = own.find((run) => run.predicted !== undefined)?.predicted ?? null
    return summarizeRuns(
      { name, lab, fault: faultOf(options), repeat, predicted },
      own.map((run) => run.outcome),
    )
  })
  return {
    schema: 1,
    kind: 'suite',
    verdict: verdictOf(drills),
    plan: context.plan,
    startedAt: context.startedAt,
    endedAt: new Date().toISOString(),
    command: context.command,
    versions: context.versions,
    drills,
    files: { result: 'result.json', report: 'report.html', junit: 'junit.xml' },
  }
}

function junitOf(path: string, plan: SuitePlan, finished: readonly FinishedRun[]): string {
  const suites = finished
    .toSorted((a, b) => a.drill - b.drill || a.run - b.run)
    .flatMap(({ drill, run, outcome, result, seconds }): readonly JUnitSuite[] => {
      const planned = plan.drills[drill]
      if (!planned) return []
      const { name, lab, options, repeat } = planned
      const cases: readonly JUnitCase[] = result
        ? junitCases(result)
        : junitWithoutVerdict(outcome.state === 'skipped' ? 'skipped' : 'error', outcome.reasons.join(' '))
      const suite: JUnitSuite = {
        name: repeat === 1 ? name : `${name}, run ${run + 1}`,
        className: `${lab}.${faultOf(options)}`,
        timestamp: result?.fault.injectedAt ?? null,
        seconds,
        cases,
      }
      return [suite]
    })
  return renderJUnit(`understudy drill ${path}`, suites)
}
