import { Command } from 'commander'
import { messageOf } from '../../errors.ts'
import type { Delivery } from '../../listener/delivery.ts'
import { Exit, EXIT } from '../exit-code.ts'
import { examples } from '../examples.ts'
import { brokersAt } from '../jobs/broker-words.ts'
import { openConnection } from '../open-connection.ts'
import { statusLines } from '../terminal/status-line.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { brokerWaitOption } from '../with-connection.ts'
import { wholeNumber } from '../arguments/whole-number.ts'

interface ListenCommandOptions {
  readonly from: string
  readonly count?: number
  readonly prefetch: number
  readonly brokerWait: number
  readonly json?: true
}

/** The listener alone: the other half of the walk by hand. */
export function listenCommand(terminal: Terminal): Command {
  return new Command('listen')
    .description('take jobs, print them and acknowledge each, over any failover URI')
    .argument('[uri]', 'a failover URI, such as failover:(stomp://a:61613,stomp://b:61613)')
    .usage('[options] <uri>')
    .option('--from <destination>', 'where the jobs come from', 'queue://drill')
    .option('--count <n>', 'end after so many; without end when not given', wholeNumber(1, 1e9))
    .option('--prefetch <n>', 'unsettled deliveries the broker may have out', wholeNumber(1, 65_535), 10)
    .addOption(brokerWaitOption())
    .option('--json', 'print each delivery as one line of JSON')
    .addHelpText(
      'after',
      examples(
        [
          'understudy listen "$(understudy lab uri)"',
          'understudy listen amqp://localhost --from "exchange://user.commands/user.#" --count 10 --json',
        ],
        ['UNDERSTUDY_URI'],
      ),
    )
    .action((uri: string | undefined, options: ListenCommandOptions) => listen(brokersAt(uri), options, terminal))
}

async function listen(uri: string, options: ListenCommandOptions, terminal: Terminal): Promise<void> {
  const seen = new Map<string, number>()
  let received = 0
  let finish: (reason?: string) => void = () => {}
  const finished = new Promise<string | undefined>((resolve) => {
    finish = resolve
  })
  const take = async (delivery: Delivery): Promise<void> => {
    if (received === options.count) return
    received++
    remember(seen, delivery.id)
    await delivery.ack()
    const copies = seen.get(delivery.id) ?? 1
    terminal.out(`${options.json ? JSON.stringify(describe(delivery)) : line(delivery, copies)}\n`)
    if (received === options.count) finish()
  }
  const { connection } = await openConnection(
    uri,
    options.brokerWait,
    terminal.interrupted,
    statusLines((said) => terminal.err(`  ${said}\n`)),
    (opened) => opened.listen(options.from, take, { prefetch: options.prefetch, onError: 'leave' }).ready,
  )
  connection.observe((event) => {
    if (event.type === 'failed') finish(messageOf(event.error))
  })
  terminal.interrupted.addEventListener('abort', () => finish(), { once: true })
  if (terminal.interrupted.aborted) finish()

  const reason = await finished
  await connection.close()
  const different = seen.size === received ? '' : `, ${seen.size} different`
  terminal.err(`${received} received${different}\n`)
  if (reason !== undefined) throw new Exit(EXIT.unknown, reason)
  if (terminal.interrupted.aborted) throw new Exit(EXIT.interrupted)
}

// Duplicates are told apart among so many of the latest jobs; a listener may run for weeks.
const MOST_REMEMBERED = 100_000

function remember(seen: Map<string, number>, id: string): void {
  seen.set(id, (seen.get(id) ?? 0) + 1)
  const eldest = seen.keys().next().value
  if (seen.size > MOST_REMEMBERED && eldest !== undefined) seen.delete(eldest)
}

function line(delivery: Delivery, copies: number): string {
  const marks = [
    copies > 1 ? `copy ${copies}` : '',
    delivery.attempt > 1 ? `attempt ${delivery.attempt}` : '',
    delivery.redelivered ? 'redelivered' : '',
  ].filter((mark) => mark !== '')
  return `${delivery.id}  ${shownBody(delivery)}${marks.length > 0 ? `  [${marks.join(', ')}]` : ''}`
}

function describe(delivery: Delivery): object {
  const { id, destination, attempt, redelivered, endpoint, contentType, headers } = delivery
  return { id, destination, attempt, redelivered, endpoint, contentType, headers, body: shownBody(delivery) }
}

/** The body as text where it is text, with control characters made visible; else as base64. */
function shownBody(delivery: Delivery): string {
  try {
    return delivery.text().replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
      return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
    })
  } catch {
    return `base64:${delivery.bytes.toString('base64')}`
  }
}
