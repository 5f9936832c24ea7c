import { Command } from 'commander'
import { Exit, EXIT } from '../exit-code.ts'
import { examples } from '../examples.ts'
import { openResults, keptResultsOption } from '../jobs/open-stores.ts'
import { resultText } from '../jobs/result-text.ts'
import type { StoreLocation } from '../jobs/store-location.ts'
import { plainLine } from '../terminal/text-table.ts'
import { withStores } from '../jobs/with-app.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface ResultOptions {
  readonly results?: StoreLocation
  readonly json?: true
}

/** What came of a job. */
export function resultCommand(terminal: Terminal): Command {
  return new Command('result')
    .description('print what a job returned, where results are kept')
    .argument('<id>', "the job's id")
    .addOption(keptResultsOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `${examples(
        [
          'understudy result 5d0c2f71-0d0e-4c0b-9a55-6f4c2a6f7a10 --results redis://localhost:6379',
          'understudy result order-17 --results sqlite:results.db --json',
        ],
        ['UNDERSTUDY_RESULTS'],
      )}\n\nIt ends with 0 for a job that succeeded, with 1 for one that failed, with 2 while nothing is known.`,
    )
    .action((id: string, options: ResultOptions) => result(id, options, terminal))
}

async function result(id: string, { results, json }: ResultOptions, terminal: Terminal): Promise<void> {
  if (results === undefined || results.kind === 'reply' || results.kind === 'none')
    throw new Exit(
      EXIT.badArguments,
      'where are results kept? Give --results, such as redis://localhost:6379 or sqlite:results.db, or set UNDERSTUDY_RESULTS',
    )
  const state = await withStores(terminal, openResults(results, { mustExist: true }), (app) => app.result(id))
  if (json) terminal.out(`${JSON.stringify({ id, ...(state ?? { kind: 'unknown' }) }, null, 2)}\n`)
  switch (state?.kind) {
    case 'succeeded':
      if (!json) terminal.out(resultText(state.value))
      return
    case 'failed':
      throw new Exit(EXIT.violated, plainLine(`job ${id} failed: ${state.errorClass}: ${state.errorMessage}`))
    case 'progress': {
      const message = state.message === undefined ? '' : `: ${state.message}`
      throw new Exit(EXIT.unknown, plainLine(`job ${id} has not ended: ${state.percent}%${message}`))
    }
    case undefined:
      throw new Exit(EXIT.unknown, plainLine(`nothing is known of job ${id}`))
  }
}
