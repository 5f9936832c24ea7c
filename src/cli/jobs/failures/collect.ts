import { Command } from 'commander'
import { FAILED_QUEUE } from '../../../jobs/job-host.ts'
import { Exit, EXIT } from '../../exit-code.ts'
import { brokersAt, uriFirst, wordsOf } from '../broker-words.ts'
import { openFailures } from '../open-stores.ts'
import { withApp } from '../with-app.ts'
import { brokerWaitOption } from '../../with-connection.ts'
import { actorOption } from '../open-stores.ts'
import {
  failures,
  type FailuresContext,
  onFailures,
  type StoredOptions,
  withFailuresAndBrokers,
} from './failures-context.ts'

interface CollectOptions extends StoredOptions {
  readonly brokerWait: number
  readonly follow?: true
}

/** `failures collect`: out of the broker's queues into the store. */
export function collectCommand(context: FailuresContext): Command {
  const command = new Command('collect')
    .description('keep what waits in queues of failures and of dead letters, and take it out of them')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .argument('[queue...]', `the queues; ${FAILED_QUEUE} when none is named`)
    .usage('[options] <uri> [queue...]')
    .option('--follow', 'go on until TERM or INT')
    .addOption(brokerWaitOption())
  const lines = [
    'understudy failures collect amqp://localhost',
    'understudy failures collect stomp://localhost:61613 understudy.failed ActiveMQ.DLQ --follow',
  ]
  return onFailures(command, lines, ['UNDERSTUDY_URI']).action(
    async (uri: string | undefined, queues: readonly string[], options: CollectOptions) => {
      await collect(wordsOf(uri, queues), options, context)
    },
  )
}

async function collect(words: readonly string[], options: CollectOptions, context: FailuresContext): Promise<void> {
  const { uri, rest } = uriFirst(words)
  const { terminal } = context
  const queues = rest.length > 0 ? rest : [FAILED_QUEUE]
  const stores = openFailures(options.failures)
  await withApp(terminal, { uri, waitMs: options.brokerWait, ...stores }, async (app) => {
    if (options.follow) terminal.err(`  collecting from ${queues.join(', ')}\n`)
    const once = options.follow !== true
    const { kept, left } = await app.failures.collect({ queues, once, signal: terminal.interrupted })
    terminal.out(options.json ? `${JSON.stringify({ kept, left })}\n` : `${failures(kept)} collected\n`)
    if (left > 0) throw new Exit(EXIT.unknown, `${failures(left)} cannot be kept, and stay with the broker`)
    if (once && terminal.interrupted.aborted) throw new Exit(EXIT.interrupted)
  })
}

interface ReconcileOptions extends StoredOptions {
  readonly brokerWait: number
  readonly actor?: string
}

/** `failures reconcile`: finishes what a process that died had begun. */
export function reconcileCommand(context: FailuresContext): Command {
  const command = new Command('reconcile')
    .description('finish what a retry left behind that died more than a minute ago; workers do it by themselves')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .addOption(actorOption())
    .addOption(brokerWaitOption())
  const lines = [
    'understudy failures reconcile amqp://localhost',
    'understudy failures reconcile amqp://localhost --failures mysql://user:password@db/jobs --json',
  ]
  return onFailures(command, lines, ['UNDERSTUDY_URI']).action(
    async (given: string | undefined, options: ReconcileOptions) => {
      const uri = brokersAt(given)
      const { terminal } = context
      await withFailuresAndBrokers(context, uri, options, async (app) => {
        const { actor } = options
        const { sent, released } = await app.failures.reconcile({
          signal: terminal.interrupted,
          ...(actor === undefined ? {} : { actor }),
        })
        const text = `${failures(sent)} sent back, ${released} given back\n`
        terminal.out(options.json ? `${JSON.stringify({ sent, released })}\n` : text)
      })
    },
  )
}
