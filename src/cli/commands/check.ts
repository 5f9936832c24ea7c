import { Command } from 'commander'
import { judge } from '../../drill/checker/checker.ts'
import { readHistory } from '../../drill/history-file.ts'
import { renderSummary } from '../../drill/report/summary.ts'
import { toResult } from '../../drill/result.ts'
import { Exit, EXIT, EXIT_OF_VERDICT } from '../exit-code.ts'
import type { Terminal } from '../terminal.ts'

/** Judges a stored history again: the same events, the same verdict. The result calls the program `understudy`. */
export function checkCommand(terminal: Pick<Terminal, 'out'>, understudy: string): Command {
  return new Command('check')
    .description('judge the stored history of a drill again')
    .argument('<events>', 'the events.jsonl that a drill left behind')
    .option('--json', 'print the result as one JSON document')
    .action((path: string, options: { readonly json?: true }) =>
      check(path, options.json ?? false, terminal, understudy),
    )
}

async function check(path: string, json: boolean, terminal: Pick<Terminal, 'out'>, understudy: string): Promise<void> {
  const { events, cutLine } = await readHistory(path)
  const result = toResult(judge(events, cutLine === undefined ? {} : { cutLine }), {
    versions: { node: process.versions.node },
    command: `${understudy} check ${path}`,
    files: { events: path, report: null, result: null, logs: [] },
  })
  terminal.out(json ? `${JSON.stringify(result, null, 2)}\n` : renderSummary(result))
  const exitCode = EXIT_OF_VERDICT[result.verdict]
  if (exitCode !== EXIT.passed) throw new Exit(exitCode)
}
