import { Command } from 'commander'
import { judge } from '../../drill/checker.ts'
import { readHistory } from '../../drill/history-file.ts'
import { printableLine } from '../../drill/report/printable.ts'
import { toResult, type Verdict } from '../../drill/result.ts'
import { summaryText } from '../../drill/summary.ts'
import { Exit, EXIT } from '../exit-code.ts'
import type { Terminal } from '../terminal.ts'

const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  pass: EXIT.passed,
  fail: EXIT.violated,
  unknown: EXIT.unknown,
}
// The file may be anybody's, so that no line of it may fill or steer a terminal.
const LONGEST_LINE = 1000

/** Judges a stored history again: the same events, the same verdict. */
export function checkCommand(terminal: Pick<Terminal, 'out'>): Command {
  return new Command('check')
    .description('judge the stored history of a drill again')
    .argument('<events>', 'the events.jsonl that a drill left behind')
    .option('--json', 'print the result as one JSON document')
    .action((path: string, options: { readonly json?: true }) => check(path, options.json ?? false, terminal))
}

async function check(path: string, json: boolean, terminal: Pick<Terminal, 'out'>): Promise<void> {
  const { events, cutLine } = await readHistory(path)
  const result = toResult(judge(events, cutLine === undefined ? {} : { cutLine }), {
    versions: { node: process.versions.node },
    command: `understudy check ${path}`,
    files: { events: path, report: null, result: null, logs: [] },
  })
  if (json) terminal.out(`${JSON.stringify(result, null, 2)}\n`)
  else for (const line of summaryText(result)) terminal.out(`${printableLine(line, LONGEST_LINE)}\n`)
  const exitCode = EXIT_CODES[result.verdict]
  if (exitCode !== EXIT.passed) throw new Exit(exitCode)
}
