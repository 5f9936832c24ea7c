import { Command } from 'commander'
import type { Connection } from '../../connection.ts'
import type { FailureDesk } from '../../jobs/failures/desk.ts'
import { tellWorkers, workersOf } from '../../jobs/worker/control.ts'
import type { WorkerDescription } from '../../jobs/worker/description.ts'
import { plainQueueName } from '../../transport/destination.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { brokersAt } from '../jobs/broker-words.ts'
import { examples } from '../examples.ts'
import { several } from '../arguments/repeated-option.ts'
import { actorOption, openFailures, optionalFailuresOption } from '../jobs/open-stores.ts'
import type { StoreLocation } from '../jobs/store-location.ts'
import { withApp } from '../jobs/with-app.ts'
import { answersWaitOption, brokerWaitOption } from '../with-connection.ts'
import { workerTable } from '../jobs/worker-table.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface PauseOptions {
  readonly queue?: readonly string[]
  readonly worker?: string
  readonly failures?: StoreLocation
  readonly actor?: string
  readonly wait: number
  readonly brokerWait: number
  readonly json?: true
}

type Action = 'pause' | 'resume'

/** Has workers take no more jobs. */
export function pauseCommand(terminal: Terminal, width: number): Command {
  return pausing(terminal, width, 'pause', 'have workers take no more jobs; what is in hand goes on')
}

/** Has workers take jobs again. */
export function resumeCommand(terminal: Terminal, width: number): Command {
  return pausing(terminal, width, 'resume', 'have workers take jobs again')
}

function pausing(terminal: Terminal, width: number, action: Action, description: string): Command {
  return new Command(action)
    .description(description)
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .option('--queue <name>', 'only this queue; may be repeated', several)
    .option('--worker <name>', 'only this worker, by its name or id, and only while it runs')
    .addOption(optionalFailuresOption())
    .addOption(actorOption())
    .addOption(answersWaitOption())
    .addOption(brokerWaitOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `${examples(
        [
          `understudy ${action} amqp://localhost --queue images --failures failures.db`,
          `understudy ${action} amqp://localhost --worker web1:4711:1`,
        ],
        ['UNDERSTUDY_URI', 'UNDERSTUDY_FAILURES'],
      )}\n\nWith --failures it is noted there, and holds for workers that start later too.`,
    )
    .action((uri: string | undefined, options: PauseOptions) => pause(brokersAt(uri), options, terminal, width, action))
}

async function pause(
  uri: string,
  options: PauseOptions,
  terminal: Terminal,
  width: number,
  action: Action,
): Promise<void> {
  const { queue, worker, wait, failures, actor } = options
  const queues = queue?.map(plainQueueName)
  // One worker's pause is its own; the store is for all of them.
  const stores = failures === undefined || worker !== undefined ? {} : openFailures(failures)
  const where = { uri, waitMs: options.brokerWait, ...stores }
  const { obeyed, kept } = await withApp(terminal, where, async (app, connection) => {
    // The store first: a worker that starts meanwhile finds it there.
    const kept = stores.failures === undefined ? [] : await meant(app.failures, connection, queues, wait, action)
    if (kept.length > 0) await app.failures[action](kept, actor === undefined ? {} : { actor })
    const obeyed = await tellWorkers(
      connection,
      { command: action, ...(queues === undefined ? {} : { queues }) },
      { wait, ...(worker === undefined ? {} : { worker }) },
    )
    return { obeyed, kept }
  })
  if (options.json) terminal.out(`${JSON.stringify({ action, workers: obeyed, kept }, null, 2)}\n`)
  else {
    if (obeyed.length > 0) terminal.out(workerTable(obeyed, Date.now(), width))
    terminal.err(`${obeyed.length === 1 ? '1 worker' : `${obeyed.length} workers`} obeyed\n`)
    if (kept.length > 0) terminal.err(`${action}d for those that come later: ${kept.join(', ')}\n`)
  }
  const still = action === 'resume' ? stillPaused(obeyed, queues) : []
  if (still.length > 0)
    throw new Exit(EXIT.unknown, `${still.join(', ')}: paused in the failure store; --failures says which to resume`)
  if (obeyed.length === 0 && kept.length === 0) throw new Exit(EXIT.unknown)
}

/** What workers were told to resume and did not: in the store it is paused for all of them. */
function stillPaused(
  workers: readonly Pick<WorkerDescription, 'queues'>[],
  meant: readonly string[] | undefined,
): readonly string[] {
  const paused = workers.flatMap(({ queues }) => queues.filter((one) => one.paused).map(({ queue }) => queue))
  return [...new Set(paused)].filter((queue) => meant === undefined || meant.includes(queue))
}

/** The queues that the store is told of: those that were named, or all that there is to it. */
async function meant(
  desk: FailureDesk,
  connection: Connection,
  queues: readonly string[] | undefined,
  wait: number,
  action: Action,
): Promise<readonly string[]> {
  if (queues !== undefined) return queues
  // All that is paused is resumed, whether or not somebody takes from it now.
  if (action === 'resume') return await desk.paused()
  const workers = await workersOf(connection, { wait })
  return [...new Set(workers.flatMap(({ queues }) => queues.map(({ queue }) => queue)))]
}
