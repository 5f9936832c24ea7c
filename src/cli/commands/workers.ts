import { Command } from 'commander'
import { workersOf } from '../../jobs/worker/control.ts'
import { brokersAt } from '../jobs/broker-words.ts'
import { examples } from '../examples.ts'
import { answersWaitOption, brokerWaitOption, withConnection } from '../with-connection.ts'
import { workerTable } from '../jobs/worker-table.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface WorkersOptions {
  readonly wait: number
  readonly worker?: string
  readonly brokerWait: number
  readonly json?: true
}

/** Who works. */
export function workersCommand(terminal: Terminal, width: number): Command {
  return new Command('workers')
    .description('ask the workers how they are')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .addOption(answersWaitOption())
    .option('--worker <name>', 'only this one, by its name or id')
    .addOption(brokerWaitOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        ['understudy workers amqp://localhost', 'understudy workers amqp://localhost --wait 3s --json'],
        ['UNDERSTUDY_URI'],
      ),
    )
    .action((uri: string | undefined, options: WorkersOptions) => workers(brokersAt(uri), options, terminal, width))
}

async function workers(uri: string, options: WorkersOptions, terminal: Terminal, width: number): Promise<void> {
  const { wait, worker } = options
  const found = await withConnection(terminal, { uri, waitMs: options.brokerWait }, (connection) =>
    workersOf(connection, { wait, ...(worker === undefined ? {} : { worker }) }),
  )
  if (options.json) terminal.out(`${JSON.stringify({ workers: found }, null, 2)}\n`)
  else if (found.length === 0) terminal.err('no worker answered\n')
  else terminal.out(workerTable(found, Date.now(), width))
}
