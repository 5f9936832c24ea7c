import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { DrillResult } from '../../src/drill/result.ts'
import type { RunState, SuiteResult } from '../../src/drill/suite/suite-result.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { fileProblem } from '../../src/folder.ts'
import { type DrillRuns, findingsTable } from './table.ts'
import type { Judged } from '../claim.ts'

const JUDGED: ReadonlySet<RunState> = new Set(['pass', 'fail', 'unknown'])

/** `findings`: the table of docs/findings.md from the folders that suites of drills left behind. */
export function findingsCommand(onOutcome: (outcome: Judged) => void): Command {
  return new Command('findings')
    .description('the table of expected and seen, from folders of `understudy drill bench/findings/….yaml`')
    .argument('<folders...>', 'folders of suites')
    .action((folders: readonly string[]) => {
      process.stdout.write(findingsTable(folders.flatMap(runsIn)))
      onOutcome('held')
    })
}

/** The runs that ended with a verdict; a drill that has none is left out. */
function runsIn(folder: string): DrillRuns[] {
  const suite = read(folder) as SuiteResult
  const drills = suite.drills.map((drill) => ({
    drill,
    results: drill.runs.flatMap(({ folder: run, state }) =>
      run !== null && JUDGED.has(state) ? [read(join(folder, run)) as DrillResult] : [],
    ),
  }))
  return drills.filter(({ results }) => results.length > 0)
}

function read(folder: string): unknown {
  const path = join(folder, 'result.json')
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `${path} cannot be read: ${fileProblem(cause)}`, { cause })
  }
}
