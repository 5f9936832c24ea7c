import { Command } from 'commander'
import type { Connection } from '../../connection.ts'
import { defaultActor } from '../../jobs/failures/actor.ts'
import type { FailureStore } from '../../jobs/failures/store.ts'
import { tellWorkers, workersOf } from '../../jobs/worker/control.ts'
import type { WorkerDescription } from '../../jobs/worker/description.ts'
import { plainQueueName } from '../../transport/destination.ts'
import { duration, durationOption } from '../arguments/duration.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { brokersAt } from '../jobs/broker-words.ts'
import { examples } from '../examples.ts'
import { several } from '../arguments/repeated-option.ts'
import { onStores, openFailures, optionalFailuresOption } from '../jobs/open-stores.ts'
import type { StoreLocation } from '../jobs/store-location.ts'
import { brokerWaitOption, withConnection } from '../with-connection.ts'
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
    .description(`${description}; where failures have a store, for workers that start later too`)
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .option('--queue <name>', 'only this queue; may be repeated', several)
    .option('--worker <name>', 'only this worker, by its name or id, and only while it runs')
    .addOption(optionalFailuresOption())
    .option('--actor <name>', 'who does it, for the audit; user@host when not given')
    .addOption(durationOption('--wait <duration>', 'how long to wait for answers', duration(1, 60_000), 1000))
    .addOption(brokerWaitOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        [
          `understudy ${action} amqp://localhost --queue images --failures failures.db`,
          `understudy ${action} amqp://localhost --worker web1:4711:1`,
        ],
        ['UNDERSTUDY_URI', 'UNDERSTUDY_FAILURES'],
      ),
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
  const { queue, worker, wait } = options
  const queues = queue?.map(plainQueueName)
  const { obeyed, kept } = await withConnection(terminal, { uri, waitMs: options.brokerWait }, async (connection) => {
    // The store first: a worker that starts meanwhile finds it there.
    const kept = await onStores(() => keep(options, action, async () => queues ?? (await queuesOf(connection, wait))))
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

async function queuesOf(connection: Connection, wait: number): Promise<readonly string[]> {
  const workers = await workersOf(connection, { wait })
  return [...new Set(workers.flatMap(({ queues }) => queues.map(({ queue }) => queue)))]
}

/** Notes in the store which queues are paused, for workers that look there; resolves with their names. */
async function keep(
  { failures, worker, queue, actor = defaultActor() }: PauseOptions,
  action: Action,
  namesOf: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  // One worker's pause is its own; the store is for all of them.
  if (failures === undefined || worker !== undefined) return []
  const { failures: opened } = openFailures(failures)
  if (opened === undefined) return []
  await using store: FailureStore = opened
  await store.open()
  // All that is paused is resumed, whether or not somebody takes from it now.
  const names = queue === undefined && action === 'resume' ? await store.paused() : await namesOf()
  for (const name of names) await store.setPaused(name, action === 'pause')
  if (names.length > 0)
    await store.audit({ at: Date.now(), actor, action, target: names.join(', '), count: names.length })
  return names
}
