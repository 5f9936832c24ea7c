import { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { messageOf, SendError } from '../../errors.ts'
import { Ticker } from '../../producer/ticker.ts'
import { parseDestination } from '../../transport/destination.ts'
import { duration, durationOption, formatDuration } from '../arguments/duration.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { examples } from '../examples.ts'
import { brokersAt } from '../jobs/broker-words.ts'
import { openConnection } from '../open-connection.ts'
import { statusLines } from '../terminal/status-line.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { brokerWaitOption } from '../with-connection.ts'
import { wholeNumber } from '../arguments/whole-number.ts'

interface ProduceOptions {
  readonly to: string
  readonly every: number
  readonly count?: number
  readonly brokerWait: number
}

/** The ticking producer alone: one half of the walk by hand. */
export function produceCommand(terminal: Terminal): Command {
  return new Command('produce')
    .description('send a unique job at a fixed rate, over any failover URI, and say what became of each')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .option('--to <destination>', 'where the jobs go', 'queue://drill')
    .addOption(durationOption('--every <duration>', 'from one job to the next', duration(1), 1000))
    .option('--count <n>', 'how many jobs; without end when not given', wholeNumber(1, 1e9))
    .addOption(brokerWaitOption())
    .addHelpText(
      'after',
      examples(
        [
          'understudy produce "$(understudy lab uri)"',
          'understudy produce "failover:(stomp://a:61613,stomp://b:61613)" --to queue://orders --every 50ms --count 1000',
        ],
        ['UNDERSTUDY_URI'],
      ),
    )
    .action((uri: string | undefined, options: ProduceOptions) => produce(brokersAt(uri), options, terminal))
}

async function produce(uri: string, options: ProduceOptions, terminal: Terminal): Promise<void> {
  // A mistake is found before anybody is waited for.
  parseDestination(options.to)
  const { connection } = await openConnection(
    uri,
    options.brokerWait,
    terminal.interrupted,
    statusLines((line) => terminal.err(`  ${line}\n`)),
    (opened) => opened.connected(),
  )
  const runId = Date.now().toString(36)
  const sends = new Set<Promise<void>>()
  let confirmed = 0
  let failed = 0
  let refused: unknown

  const ticker = new Ticker({
    clock: systemClock,
    periodMs: options.every,
    ...(options.count === undefined ? {} : { count: options.count }),
    onTick: ({ sequence, dueAt }) => {
      const id = `${runId}-${sequence}`
      const job = { id, sequence, due: new Date(Date.now() - (systemClock.now() - dueAt)).toISOString() }
      const sent = connection.send(options.to, job, { id }).then(
        () => {
          confirmed++
          terminal.out(`${id}  confirmed after ${formatDuration(systemClock.now() - dueAt)}\n`)
        },
        (error: unknown) => {
          if (!(error instanceof SendError)) {
            // No job can be sent this way, and no broker was asked: the destination is not one, or not here.
            refused ??= error
            ticker.stop()
            return
          }
          failed++
          terminal.out(`${id}  FAILED after ${formatDuration(systemClock.now() - dueAt)}: ${messageOf(error)}\n`)
        },
      )
      sends.add(sent)
      void sent.then(() => sends.delete(sent))
    },
  })
  terminal.interrupted.addEventListener('abort', () => ticker.stop(), { once: true })
  const ended = failure(connection.status())
  ticker.start()
  if (terminal.interrupted.aborted) ticker.stop()
  const reason = await Promise.race([ticker.finished, ended])
  ticker.stop()
  await connection.close()
  await Promise.all(sends)
  if (refused !== undefined) throw refused
  terminal.err(`${ticker.ticks} jobs: ${confirmed} confirmed, ${failed} failed\n`)
  if (reason !== undefined) throw new Exit(EXIT.unknown, reason)
  if (failed > 0) throw new Exit(EXIT.violated)
  if (terminal.interrupted.aborted) throw new Exit(EXIT.interrupted)
}

/** Why the connection failed for good; never settles while it may still come back. */
async function failure(
  events: AsyncIterable<{ readonly type: string; readonly error?: Error }>,
): Promise<string | undefined> {
  for await (const event of events) if (event.type === 'failed') return messageOf(event.error)
  return undefined
}
