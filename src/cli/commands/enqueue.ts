import { Command, Option } from 'commander'
import { UnderstudyError } from '../../errors.ts'
import type { App } from '../../jobs/app.ts'
import { defineJob } from '../../jobs/define-job.ts'
import { EnqueueManyError } from '../../jobs/enqueue-many.ts'
import type { EnqueueManyOptions } from '../../jobs/enqueue-options.ts'
import { JobFailedError } from '../../jobs/followed-job.ts'
import type { Job } from '../../jobs/job.ts'
import type { JobHandle } from '../../jobs/job-handle.ts'
import { didYouMean } from '../../transport/option-names.ts'
import { formatDuration, longDuration } from '../arguments/duration.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { brokersAt } from '../jobs/broker-words.ts'
import { examples } from '../examples.ts'
import { header, several } from '../arguments/repeated-option.ts'
import { jsonFile, jsonLines, jsonValue } from '../arguments/json.ts'
import { loadJobFiles } from '../jobs/job-files.ts'
import { openResults, resultsOption } from '../jobs/open-stores.ts'
import { resultText } from '../jobs/result-text.ts'
import type { StoreLocation } from '../jobs/store-location.ts'
import { plainLine } from '../terminal/text-table.ts'
import { brokerWaitOption } from '../with-connection.ts'
import { withApp } from '../jobs/with-app.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { wholeNumber } from '../arguments/whole-number.ts'

interface EnqueueCommandOptions {
  readonly job: string
  readonly jobs?: readonly string[]
  readonly args?: string
  readonly argsFile?: string
  readonly bulk?: true
  readonly queue?: string
  readonly delay?: number
  readonly ttl?: number
  readonly priority?: number
  readonly dedupKey?: string
  readonly requestId?: string
  readonly header?: Readonly<Record<string, string>>
  readonly wait?: true | number
  readonly results: StoreLocation
  readonly brokerWait: number
  readonly json?: true
}

const LONGEST_RESULT_MS = 24 * 3_600_000
const RESULT_WAIT_MS = 60_000

/** Sends jobs. */
export function enqueueCommand(terminal: Terminal): Command {
  return new Command('enqueue')
    .description('send a job, and print its id once a broker has confirmed it')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .requiredOption('--job <name>', 'what the job is called, such as image.resize')
    .option('--jobs <file>', 'job files, to check arguments by the schema; may be repeated', several)
    .option('--args <json>', "the job's arguments; none when not given")
    .option('--args-file <file>', 'the same from a file; - is standard input')
    .option('--bulk', 'a job for each line of JSON on standard input')
    .option('--queue <name>', "where it goes; the job's own queue, or jobs, when not given")
    .option('--delay <duration>', 'deliver it only then, such as 10m', longDuration(1))
    .option('--ttl <duration>', 'of no use any more after so long', longDuration(1))
    .option('--priority <n>', 'from 0 to 9', wholeNumber(0, 9))
    .option('--dedup-key <key>', 'work on jobs of one key once')
    .option('--request-id <id>', 'the request that it is a part of')
    .option('--header <name=value>', 'a header of your own; may be repeated', header)
    .addOption(
      new Option('--wait [duration]', 'wait for the result and print it; 60s when no duration is given').argParser(
        longDuration(1, LONGEST_RESULT_MS),
      ),
    )
    .addOption(resultsOption())
    .addOption(brokerWaitOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        [
          `understudy enqueue amqp://localhost --job image.resize --args '{"id":7}' --queue images`,
          'understudy enqueue stomp://localhost:61613 --job mail.send --bulk < jobs.jsonl',
        ],
        ['UNDERSTUDY_URI', 'UNDERSTUDY_RESULTS'],
      ),
    )
    .action((uri: string | undefined, options: EnqueueCommandOptions) => enqueue(brokersAt(uri), options, terminal))
}

async function enqueue(uri: string, options: EnqueueCommandOptions, terminal: Terminal): Promise<void> {
  refuseTogether(options)
  const job = await jobOf(options)
  const args = await argumentsOf(options)
  const results = options.wait === undefined ? {} : openResults(options.results)
  const { interrupted } = terminal
  await withApp(terminal, { uri, waitMs: options.brokerWait, ...results }, async (app) => {
    if (options.bulk) return await sendMany(app, job, options, terminal)
    const { dedupKey } = options
    const handle = await app.enqueue(job, args, {
      ...sending(options),
      ...(dedupKey === undefined ? {} : { dedupKey }),
      signal: interrupted,
    })
    if (options.wait === undefined) {
      terminal.out(options.json ? `${JSON.stringify({ id: handle.id, job: job.name })}\n` : `${handle.id}\n`)
      return
    }
    terminal.err(`  ${handle.id} is on its way\n`)
    await printResult(handle, options, terminal)
  })
}

async function sendMany(app: App, job: Job, options: EnqueueCommandOptions, terminal: Terminal): Promise<void> {
  // Whoever writes them may not have ended when the list is left, and would hold the process.
  const left = new AbortController()
  const lines = jsonLines(process.stdin, AbortSignal.any([terminal.interrupted, left.signal]))
  const say = (enqueued: number): void =>
    terminal.out(options.json ? `${JSON.stringify({ job: job.name, enqueued })}\n` : `${enqueued} enqueued\n`)
  try {
    const { confirmed } = await app.enqueueMany(job, lines, {
      ...sending(options),
      result: false,
      signal: terminal.interrupted,
    })
    say(confirmed)
    // Standard input ended because of it, and not by itself.
    if (terminal.interrupted.aborted) throw new Exit(EXIT.interrupted, `${confirmed} enqueued, then interrupted`)
  } catch (error) {
    if (!(error instanceof EnqueueManyError)) throw error
    say(error.confirmed)
    if (terminal.interrupted.aborted) throw new Exit(EXIT.interrupted, `${error.confirmed} enqueued, then interrupted`)
    const isTheirs = error.cause instanceof Exit || ['schema', 'invalid-option'].includes(error.code)
    throw new Exit(isTheirs ? EXIT.badArguments : EXIT.unknown, error.message)
  } finally {
    left.abort()
  }
}

async function printResult(handle: JobHandle, options: EnqueueCommandOptions, terminal: Terminal): Promise<void> {
  const timeout = options.wait === true || options.wait === undefined ? RESULT_WAIT_MS : options.wait
  const { id } = handle
  try {
    const told = tellProgress(handle, terminal)
    // Why nothing more is heard is told by the result.
    told.catch(() => {})
    const value = await handle.result({ timeout, signal: terminal.interrupted })
    await told
    terminal.out(options.json ? `${JSON.stringify({ id, state: 'succeeded', value })}\n` : resultText(value))
  } catch (error) {
    if (error instanceof JobFailedError) {
      const { errorClass, errorMessage, reason } = error
      if (options.json) terminal.out(`${JSON.stringify({ id, state: 'failed', errorClass, errorMessage, reason })}\n`)
      throw new Exit(EXIT.violated, plainLine(`job ${id} failed: ${errorClass}: ${errorMessage}`))
    }
    if (terminal.interrupted.aborted) throw new Exit(EXIT.interrupted, `job ${id} is enqueued all the same`)
    if (error instanceof UnderstudyError && error.code === 'deadline')
      throw new Exit(
        EXIT.unknown,
        `job ${id} did not end within ${formatDuration(timeout)}; it is enqueued all the same`,
      )
    throw error
  }
}

async function tellProgress(handle: JobHandle, terminal: Terminal): Promise<void> {
  for await (const { percent, message } of handle.progress())
    terminal.err(`  ${percent}%${message === undefined ? '' : ` ${plainLine(message)}`}\n`)
}

/** What goes with each job. */
function sending({
  queue,
  delay,
  ttl,
  priority,
  requestId,
  header: headers,
}: EnqueueCommandOptions): EnqueueManyOptions {
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(delay === undefined ? {} : { delay }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(priority === undefined ? {} : { priority }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(headers === undefined ? {} : { headers }),
  }
}

function refuseTogether(options: EnqueueCommandOptions): void {
  const given = (['args', 'argsFile', 'bulk'] as const).filter((name) => options[name] !== undefined)
  const names = { args: '--args', argsFile: '--args-file', bulk: '--bulk' }
  const [first, second] = given
  if (first !== undefined && second !== undefined)
    throw new Exit(EXIT.badArguments, `${names[first]} and ${names[second]} both say what the arguments are`)
  if (!options.bulk) return
  if (options.wait !== undefined) throw new Exit(EXIT.badArguments, '--wait goes with one job, not with --bulk')
  if (options.dedupKey !== undefined)
    throw new Exit(EXIT.badArguments, '--dedup-key goes with one job, not with --bulk')
}

/** The one of that name in the job files; without any, one of plain JSON. */
async function jobOf({ job: name, jobs: files = [] }: EnqueueCommandOptions): Promise<Job> {
  if (files.length === 0) {
    return defineJob<unknown, unknown>({
      name,
      perform: () => {
        throw new UnderstudyError('unsupported', `job ${name} is enqueued here and worked on elsewhere`)
      },
    })
  }
  const jobs = await loadJobFiles(files)
  const job = jobs.find((one) => one.name === name)
  if (job !== undefined) return job
  const names = jobs.map((one) => one.name)
  throw new Exit(EXIT.badArguments, `--job ${name}: no job file defines it${didYouMean(name, names)}`)
}

async function argumentsOf({ args, argsFile }: EnqueueCommandOptions): Promise<unknown> {
  if (args !== undefined) return jsonValue('--args', args)
  return argsFile === undefined ? undefined : await jsonFile('--args-file', argsFile)
}
