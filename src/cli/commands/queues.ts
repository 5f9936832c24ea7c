import { Command } from 'commander'
import type { Connection } from '../../connection.ts'
import { FAILED_QUEUE } from '../../jobs/job-host.ts'
import { workersOf } from '../../jobs/worker/control.ts'
import { plainQueueName } from '../../transport/destination.ts'
import type { QueueState } from '../../transport/queue-state.ts'
import { uriFirst, wordsOf } from '../jobs/broker-words.ts'
import { examples } from '../examples.ts'
import { textTable } from '../terminal/text-table.ts'
import { brokerWaitOption, withConnection } from '../with-connection.ts'
import { Exit, EXIT } from '../exit-code.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface QueuesOptions {
  readonly brokerWait: number
  readonly json?: true
}

/** A queue as the command tells of it; the figures are missing where the broker has no such queue. */
interface QueueLine extends Partial<QueueState> {
  readonly queue: string
  readonly exists: boolean
}

/** What waits in queues, without anything taken out of them. */
export function queuesCommand(terminal: Terminal, width: number): Command {
  return new Command('queues')
    .description('show what waits in queues and how many take from them; takes nothing out')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .argument('[queue...]', 'the queues; those of the workers, and that of failures, when none is named')
    .usage('[options] <uri> [queue...]')
    .addOption(brokerWaitOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        ['understudy queues amqp://localhost images', 'understudy queues "failover:(stomp://a:61613,stomp://b:61613)"'],
        ['UNDERSTUDY_URI'],
      ),
    )
    .action((uri: string | undefined, names: readonly string[], options: QueuesOptions) =>
      queues(wordsOf(uri, names), options, terminal, width),
    )
}

async function queues(
  words: readonly string[],
  options: QueuesOptions,
  terminal: Terminal,
  width: number,
): Promise<void> {
  const { uri, rest } = uriFirst(words)
  const lines = await withConnection(terminal, { uri, waitMs: options.brokerWait }, async (connection) => {
    const names = rest.length > 0 ? rest : await knownQueues(connection)
    const found: QueueLine[] = []
    for (const name of new Set(names)) {
      const state = await connection.inspect(name)
      found.push({ queue: plainQueueName(name), exists: state !== undefined, ...state })
    }
    return found
  })
  if (options.json) terminal.out(`${JSON.stringify({ queues: lines }, null, 2)}\n`)
  else {
    terminal.out(table(lines, width))
    if (lines.some(({ isExact }) => isExact === false))
      terminal.err('about: counted with what consumers hold, and not past 1,000\n')
  }
  if (rest.length > 0 && lines.every(({ exists }) => !exists)) throw new Exit(EXIT.unknown)
}

/** Those that workers take jobs from now, and where failures go without a store. */
async function knownQueues(connection: Connection): Promise<readonly string[]> {
  const workers = await workersOf(connection)
  const names = workers.flatMap(({ queues }) => queues.map(({ queue }) => queue))
  return [...names.toSorted((a, b) => a.localeCompare(b)), FAILED_QUEUE]
}

function table(lines: readonly QueueLine[], width: number): string {
  return textTable(
    [{ title: 'READY', align: 'right' }, { title: 'CONSUMERS', align: 'right' }, { title: 'QUEUE' }],
    lines.map(({ queue, exists, ready, isExact, consumers }) => [
      exists ? `${isExact === false ? 'about ' : ''}${ready}` : '-',
      exists ? `${consumers ?? '?'}` : '-',
      exists ? queue : `${queue} (not there, or empty)`,
    ]),
    width,
  )
}
