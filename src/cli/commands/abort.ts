import { Command } from 'commander'
import type { Connection } from '../../connection.ts'
import { tellWorkers } from '../../jobs/worker/control.ts'
import type { WorkerDescription } from '../../jobs/worker/description.ts'
import { formatDuration } from '../arguments/duration.ts'
import { examples } from '../examples.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { uriFirst, wordsOf } from '../jobs/broker-words.ts'
import { actorOption, openFailures, optionalFailuresOption } from '../jobs/open-stores.ts'
import type { StoreLocation } from '../jobs/store-location.ts'
import { withApp } from '../jobs/with-app.ts'
import { plainLine } from '../terminal/text-table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { answersWaitOption, brokerWaitOption } from '../with-connection.ts'

interface AbortOptions {
  readonly failures?: StoreLocation
  readonly actor?: string
  readonly wait: number
  readonly brokerWait: number
  readonly json?: true
}

// As `workers` cuts an id, with the mark of the cut.
const LEAST_BEGINNING = 8
const CUT = /…$/

/** Aborts one job where it runs. */
export function abortCommand(terminal: Terminal): Command {
  return new Command('abort')
    .description('abort one job where it runs')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .argument('[id]', "the job's id, or the beginning of it as `understudy workers` shows it")
    .usage('[options] <uri> <id>')
    .addOption(optionalFailuresOption())
    .addOption(actorOption())
    .addOption(answersWaitOption())
    .addOption(brokerWaitOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `${examples(
        [
          'understudy abort amqp://localhost 5d0c2f71-0d0e-4c0b-9a55-6f4c2a6f7a10',
          'understudy abort amqp://localhost order-17 --failures failures.db    # and note it in the audit there',
        ],
        ['UNDERSTUDY_URI', 'UNDERSTUDY_FAILURES'],
      )}

Once the job has ended it is kept as a failure with the reason "aborted".
It ends with 0 when a worker that runs the job was told, with 2 when none has it.`,
    )
    .action((uri: string | undefined, id: string | undefined, options: AbortOptions) =>
      abort(wordsOf(uri, id === undefined ? [] : [id]), options, terminal),
    )
}

/** Who was told, and of which job. */
interface Told {
  readonly jobId: string
  readonly job: string | undefined
  readonly workers: readonly WorkerDescription[]
  /** How many there are at all. */
  readonly answered: number
}

async function abort(words: readonly string[], options: AbortOptions, terminal: Terminal): Promise<void> {
  const { uri, rest } = uriFirst(words)
  const [id = '', another] = rest
  if (id === '') throw new Exit(EXIT.badArguments, 'which job? Give its id, as `understudy workers` shows it')
  if (another !== undefined) throw new Exit(EXIT.badArguments, `one job is aborted at a time, not ${another} too`)
  const { failures = { kind: 'none' }, actor, wait } = options
  // A store that is mistyped is told before anything is aborted.
  const stores = failures.kind === 'none' ? {} : openFailures(failures, { mustExist: true })
  const where = { uri, waitMs: options.brokerWait, ...stores }
  const { jobId, job, workers, answered } = await withApp(terminal, where, async (app, connection) => {
    if (stores.failures !== undefined) await app.failures.paused()
    const told = await tell(connection, id, wait)
    if (stores.failures !== undefined)
      await app.failures.note('abort', told.jobId, told.workers.length, actor === undefined ? {} : { actor })
    return told
  })
  if (options.json) terminal.out(`${JSON.stringify({ action: 'abort', jobId, job, workers }, null, 2)}\n`)
  if (workers.length === 0) {
    const asked = `${answered === 1 ? '1 worker' : `${answered} workers`} answered within ${formatDuration(wait)}`
    throw new Exit(EXIT.unknown, plainLine(`no worker has job ${jobId} in hand; ${asked}`))
  }
  if (options.json) return
  const names = workers.map(({ name }) => name).join(' and ')
  terminal.out(`${plainLine(`aborting ${job} ${jobId} on ${names}`)}\n`)
}

/**
 * Tells the workers to abort a job, and who of them has it in hand.
 *
 * @throws Exit for a beginning that several jobs have.
 */
async function tell(connection: Connection, id: string, wait: number): Promise<Told> {
  const asked = await tellWorkers(connection, { command: 'abort', jobId: id }, { wait })
  const told = having(asked, id)
  const beginning = id.replace(CUT, '')
  if (told.workers.length > 0 || beginning.length < LEAST_BEGINNING) return told
  const running = asked.flatMap(({ slots }) => slots.map(({ jobId }) => jobId))
  const [jobId, ...others] = new Set(running.filter((each) => each.startsWith(beginning)))
  if (jobId === undefined) return told
  if (others.length > 0)
    throw new Exit(EXIT.badArguments, plainLine(`${id} is the beginning of several: ${[jobId, ...others].join(', ')}`))
  return having(await tellWorkers(connection, { command: 'abort', jobId }, { wait }), jobId)
}

function having(answers: readonly WorkerDescription[], jobId: string): Told {
  const workers = answers.filter(({ slots }) => slots.some((slot) => slot.jobId === jobId))
  const job = workers.flatMap(({ slots }) => slots).find((slot) => slot.jobId === jobId)?.job
  return { jobId, job, workers, answered: answers.length }
}
