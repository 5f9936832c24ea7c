import { Command } from 'commander'
import { Exit, EXIT } from '../exit-code.ts'
import { uriFirst, wordsOf } from '../jobs/broker-words.ts'
import { confirm } from '../terminal/confirmation.ts'
import { examples } from '../examples.ts'
import { brokerWaitOption, withConnection } from '../with-connection.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface PurgeOptions {
  readonly brokerWait: number
  readonly yes?: true
  readonly json?: true
}

/** Removes all that waits in a queue. */
export function purgeCommand(terminal: Terminal): Command {
  return new Command('purge')
    .description('remove all that waits in a queue, for good')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .argument('[queue]', 'the queue')
    .usage('[options] <uri> <queue>')
    .option('--yes', 'do not ask')
    .addOption(brokerWaitOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      examples(
        ['understudy purge amqp://localhost images', 'understudy purge stomp://localhost:61613 images --yes'],
        ['UNDERSTUDY_URI'],
      ),
    )
    .action((uri: string | undefined, queue: string | undefined, options: PurgeOptions) =>
      purge(wordsOf(uri, queue === undefined ? [] : [queue]), options, terminal),
    )
}

async function purge(words: readonly string[], options: PurgeOptions, terminal: Terminal): Promise<void> {
  const { uri, rest } = uriFirst(words)
  const [queue, another] = rest
  if (queue === undefined) throw new Exit(EXIT.badArguments, 'which queue? Name one, such as images')
  if (another !== undefined) throw new Exit(EXIT.badArguments, `one queue is purged at a time, not ${another} too`)
  const removed = await withConnection(terminal, { uri, waitMs: options.brokerWait }, async (connection) => {
    const state = await connection.inspect(queue)
    if (state === undefined) throw new Exit(EXIT.unknown, `there is no queue ${queue}, or nothing in it`)
    const many = `${state.isExact ? '' : 'about '}${state.ready} ${state.ready === 1 ? 'message' : 'messages'}`
    const held = state.isExact ? '' : ' (counted with what consumers hold, which stays theirs)'
    await confirm(terminal, `remove ${many} from ${queue}${held}?`, options.yes)
    return await connection.purge(queue)
  })
  terminal.out(options.json ? `${JSON.stringify({ queue, removed }, null, 2)}\n` : `${removed} removed from ${queue}\n`)
}
