import { Command } from 'commander'
import type { Connection } from '../../connection.ts'
import { type App, type AppOptions, createApp } from '../../jobs/app.ts'
import type { Job } from '../../jobs/job.ts'
import type { Worker } from '../../jobs/worker.ts'
import { messageOf } from '../../errors.ts'
import { duration, durationOption, writeDuration } from '../arguments/duration.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { brokersAt } from '../jobs/broker-words.ts'
import { examples } from '../examples.ts'
import { several } from '../arguments/repeated-option.ts'
import { loadJobFiles } from '../jobs/job-files.ts'
import { metricsAddress, metricsOption } from '../jobs/worker/metrics-address.ts'
import {
  failuresOption,
  ledgerOption,
  onStores,
  openFailures,
  openLedger,
  openResults,
  resultsOption,
} from '../jobs/open-stores.ts'
import { type QueueOrder, queueOrder } from '../jobs/worker/queue-order.ts'
import { besideFailures, showLocation, type StoreLocation } from '../jobs/store-location.ts'
import { terminalLogger } from '../terminal/logger.ts'
import { brokerWaitOption } from '../with-connection.ts'
import { WorkerEnd } from '../jobs/worker/end.ts'
import { openWorkerMetrics, type WorkerMetrics } from '../jobs/worker/metrics.ts'
import { runProcesses } from '../jobs/worker/processes.ts'
import { WorkerLines } from '../jobs/worker/lines.ts'
import { openConnection } from '../open-connection.ts'
import { statusLines } from '../terminal/status-line.ts'
import type { ProcessTerminal } from '../terminal/terminal.ts'
import { wholeNumber } from '../arguments/whole-number.ts'

interface WorkerCommandOptions {
  readonly jobs: readonly string[]
  readonly queues?: QueueOrder
  readonly concurrency: number
  readonly prefetch?: number
  readonly grace: number
  readonly processes: number
  readonly name?: string
  readonly failures: StoreLocation
  readonly ledger?: StoreLocation
  readonly results: StoreLocation
  readonly metrics?: ReturnType<typeof metricsOption>
  readonly host?: string
  readonly brokerWait: number
  readonly quiet?: true
  readonly json?: true
}

const DEFAULT_GRACE_MS = 25_000
// For what ends by itself.
const LAST_WORDS_MS = 500

/** Works on jobs until a signal ends it. */
export function workerCommand(terminal: ProcessTerminal): Command {
  return new Command('worker')
    .description('work on jobs until TERM or INT, which finish what is in hand')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .requiredOption('--jobs <file>', 'a module in TypeScript or JavaScript that exports jobs; may be repeated', several)
    .option('--queues <list>', "high,low in order, or high=5,low=1 by share; the jobs' own when not given", queueOrder)
    .option('--concurrency <n>', 'jobs at a time, over all queues', wholeNumber(1, 65_535), 1)
    .option(
      '--prefetch <n>',
      'deliveries of each queue that the broker may have out here; as many as --concurrency when not given, twice as many with several --queues',
      wholeNumber(1, 65_535),
    )
    .addOption(
      durationOption(
        '--grace <duration>',
        'how long jobs may take to finish at the end',
        duration(0),
        DEFAULT_GRACE_MS,
      ),
    )
    .option('--processes <n>', 'the same worker so many times; one that is killed is replaced', wholeNumber(1, 1000), 1)
    .option('--name <name>', 'what operators call it; host:pid:n when not given')
    .addOption(failuresOption())
    .addOption(ledgerOption())
    .addOption(resultsOption())
    .option(
      '--metrics <[host:]port>',
      'serve /metrics to Prometheus on this machine; with --processes on as many ports, one after the other',
      metricsOption,
    )
    .option('--host <address>', 'where --metrics listens, so that others can read them too; 127.0.0.1 when not given')
    .addOption(brokerWaitOption())
    .option('--quiet', 'print no line for each job')
    .option('--json', 'print each event as one line of JSON')
    .addHelpText(
      'after',
      examples(
        [
          'understudy worker amqp://localhost --jobs ./jobs.ts --concurrency 10',
          'understudy worker "failover:(stomp://a:61613,stomp://b:61613)" --jobs ./jobs.ts --queues high=5,low=1',
          'understudy worker amqp://localhost --jobs ./jobs.ts --metrics 9464',
        ],
        ['UNDERSTUDY_URI', 'UNDERSTUDY_FAILURES', 'UNDERSTUDY_RESULTS'],
      ) + SIGNALS,
    )
    .action((uri: string | undefined, options: WorkerCommandOptions) => work(brokersAt(uri), options, terminal))
}

const SIGNALS = `

Signals:
  TERM, INT, HUP  take no more, finish within --grace, then abort; a second one aborts at once
  QUIT            take no more, finish however long it takes
  USR2, TSTP      pause; CONT resumes
  USR1            abort what is in hand, keep it as aborted, and go on
  TTIN            print what is in hand
It ends with 0 when all that was in hand is finished, with 130 when some of it goes back to the broker.`

async function work(uri: string, options: WorkerCommandOptions, terminal: ProcessTerminal): Promise<void> {
  const address = metricsAddress(options.metrics, options.host, options.processes)
  if (options.processes > 1) return await runProcesses(terminal, options.processes)
  const lines = new WorkerLines(terminal, { json: options.json === true, quiet: options.quiet === true })
  terminal.release()
  const end = new WorkerEnd({ terminal, lines, graceMs: options.grace })
  let metrics: WorkerMetrics | undefined
  try {
    const jobs = await loadJobFiles(options.jobs)
    metrics = address && (await openWorkerMetrics(address, jobs))
    if (metrics) lines.say('metrics', `metrics for Prometheus at ${metrics.url}`, { url: metrics.url })
    const stores = {
      ...openFailures(options.failures),
      ...openLedger(options.ledger ?? besideFailures(options.failures)),
      ...openResults(options.results),
    }
    const { connection, begun } = await openConnection(
      uri,
      options.brokerWait,
      end.early,
      statusLines((line) => lines.say('status', `  ${line}`, { text: line })),
      (opened) => begin(opened, { jobs, options, stores, metrics, terminal, lines, end }),
      metrics && { metrics: metrics.client },
    )
    const { app, worker } = begun
    try {
      metrics?.watch(worker, connection, stores.failures && app.failures)
      connection.observe((event) => {
        if (event.type === 'failed') end.fail(messageOf(event.error))
      })
      sayReady(worker, options, lines)
      await end.stopped(worker)
    } finally {
      await app.close()
      await connection.close()
    }
  } catch (error) {
    // A worker that was asked to end before it began has ended as asked.
    if (end.hasBegun || !(error instanceof Exit && error.exitCode === EXIT.interrupted)) throw error
  } finally {
    await metrics?.close()
    lines.flush()
    end.settle()
    endAnyway()
  }
}

interface Beginning {
  readonly jobs: readonly Job[]
  readonly options: WorkerCommandOptions
  readonly stores: Pick<AppOptions, 'failures' | 'ledger' | 'results'>
  readonly metrics: WorkerMetrics | undefined
  readonly terminal: ProcessTerminal
  readonly lines: WorkerLines
  readonly end: WorkerEnd
}

/** Resolves when the brokers have accepted the worker's subscriptions. */
async function begin(
  connection: Connection,
  { jobs, options, stores, metrics, terminal, lines, end }: Beginning,
): Promise<{ readonly app: App; readonly worker: Worker }> {
  const { concurrency, queues, prefetch, name } = options
  const app = createApp({
    connection,
    ...stores,
    logger: terminalLogger(terminal.err),
    observer: (event) => {
      end.heard(event)
      lines.tell(event)
      metrics?.observer(event)
    },
  })
  try {
    const worker = app.worker({
      jobs,
      concurrency,
      ...(queues === undefined ? {} : { queues }),
      ...(prefetch === undefined ? {} : { prefetch }),
      ...(name === undefined ? {} : { name }),
    })
    await onStores(() => worker.start())
    return { app, worker }
  } catch (error) {
    await app.close()
    throw error
  }
}

/**
 * A job that does not listen to its signal, or a pool that a job file opened and nobody closes, must not keep the
 * process: whoever sent TERM waits for its end.
 */
function endAnyway(): void {
  setTimeout(() => process.exit(), LAST_WORDS_MS).unref()
}

function sayReady(worker: Worker, options: WorkerCommandOptions, lines: WorkerLines): void {
  const { concurrency, grace } = options
  const failures = showLocation(options.failures)
  const queues = worker.describe().queues.map(({ queue }) => queue)
  const kept = failures === 'none' ? 'failures go to the broker' : `failures are kept in ${failures}`
  const text = `worker ${worker.id} takes jobs from ${queues.join(', ')}, ${concurrency} at a time; ${kept}`
  lines.say('ready', text, {
    worker: worker.id,
    pid: process.pid,
    queues,
    concurrency,
    grace: writeDuration(grace),
    failures,
  })
}
