import { join } from 'node:path'
import { Command, Option } from 'commander'
import { judge } from '../../drill/checker/checker.ts'
import { readHistory } from '../../drill/history-file.ts'
import type { Objectives } from '../../drill/history.ts'
import { renderSummary } from '../../drill/report/summary.ts'
import { toResult } from '../../drill/result.ts'
import { shellWord } from '../drill/command-line.ts'
import { EVENTS_FILE } from '../drill/files.ts'
import { isFolder } from '../drill/folder.ts'
import { objectiveOptions } from '../drill/options.ts'
import { duration, writeDuration } from '../arguments/duration.ts'
import { Exit, EXIT, EXIT_OF_VERDICT } from '../exit-code.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** What a history is asked in place of what it says itself; what is left out stays as it was. */
interface CheckOptions {
  readonly json?: true
  readonly rto?: number
  readonly rpo?: number
  readonly allowFailed?: number
  readonly exactlyOnce?: boolean
  readonly window?: number
}

/** Judges a stored history again: the same events, the same verdict. The result calls the program `understudy`. */
export function checkCommand(terminal: Pick<Terminal, 'out'>, understudy: string): Command {
  const command = new Command('check')
    .description('judge the stored history of a drill again')
    .argument('<events>', 'the events.jsonl that a drill left behind, or its folder')
    .option('--json', 'print the result as one JSON document')
  for (const option of objectiveOptions()) command.addOption(option.default(undefined))
  return command
    .addOption(
      new Option('--window <duration>', 'how long all must be back in bounds to call it recovered').argParser(
        duration(100),
      ),
    )
    .addHelpText(
      'after',
      `${examples(['understudy check drills/leader/events.jsonl', 'understudy check drills/leader --rto 2s --exactly-once --json'])}

An objective that is not given stays as the drill was asked.`,
    )
    .action((path: string, options: CheckOptions) => check(path, options, terminal, understudy))
}

async function check(
  path: string,
  options: CheckOptions,
  terminal: Pick<Terminal, 'out'>,
  understudy: string,
): Promise<void> {
  const { json = false } = options
  const file = isFolder(path) ? join(path, EVENTS_FILE) : path
  const { events, cutLine } = await readHistory(file)
  const objectives = askedOf(options)
  const result = toResult(judge(events, { objectives, ...(cutLine === undefined ? {} : { cutLine }) }), {
    versions: { node: process.versions.node },
    command: [understudy, 'check', shellWord(path), ...wordsOf(options)].join(' '),
    files: { events: file, report: null, result: null, logs: [] },
  })
  terminal.out(json ? `${JSON.stringify(result, null, 2)}\n` : renderSummary(result))
  const exitCode = EXIT_OF_VERDICT[result.verdict]
  if (exitCode !== EXIT.passed) throw new Exit(exitCode)
}

function askedOf({ rto, rpo, allowFailed, exactlyOnce, window }: CheckOptions): Objectives {
  return {
    ...(rto === undefined ? {} : { rtoMs: rto }),
    ...(rpo === undefined ? {} : { rpoJobs: rpo }),
    ...(allowFailed === undefined ? {} : { failedJobs: allowFailed }),
    ...(exactlyOnce === undefined ? {} : { exactlyOnce }),
    ...(window === undefined ? {} : { windowMs: window }),
  }
}

function wordsOf({ rto, rpo, allowFailed, exactlyOnce, window }: CheckOptions): readonly string[] {
  return [
    ...(rto === undefined ? [] : ['--rto', writeDuration(rto)]),
    ...(rpo === undefined ? [] : ['--rpo', String(rpo)]),
    ...(allowFailed === undefined ? [] : ['--allow-failed', String(allowFailed)]),
    ...(exactlyOnce ? ['--exactly-once'] : []),
    ...(window === undefined ? [] : ['--window', writeDuration(window)]),
  ]
}
