import { arch, cpus, platform } from 'node:os'
import { Command, Option } from 'commander'
import type { Target } from '../peers/client.ts'
import { clientsFor, OURS } from '../peers/clients.ts'
import { type Broker, BROKERS, brokerAt, type BrokerName, missingFor, startBroker } from '../throughput/broker.ts'
import { openQueues } from '../throughput/queues.ts'
import { columns, whole } from '../throughput/table.ts'
import { runFootprint } from './footprint-process.ts'
import { bytesPerMessage, type MemorySample } from './slope.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'
import type { Judged } from '../claim.ts'

interface BrokerOptions {
  readonly broker: BrokerName
  readonly uri?: string
  readonly queueType: Target['queueType']
  readonly json?: true
}

interface MemoryOptions extends BrokerOptions {
  readonly messages: number
  readonly every: number
  readonly bytes: number
  readonly window: number
}

interface IdleOptions extends BrokerOptions {
  readonly connections: number
}

const SILENT_MS = 120_000
const MOST_IDLE_BYTES = 100 * 1024
// What a million messages may add and still be called flat: a thousandth of what went through.
const MOST_GROWTH_BYTES = 1024 * 1024

/** `memory` and `idle`: what the client takes of memory, at work and doing nothing. */
export function footprintCommands(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command[] {
  const memory = withBroker(new Command('memory'))
    .description('the memory in use while messages go through our client, sent and taken')
    .option('--messages <n>', 'sent, confirmed, delivered and acknowledged', wholeNumber(2, 100_000_000), 1_000_000)
    .option('--every <n>', 'messages from one look at the memory to the next', wholeNumber(1, 1_000_000), 50_000)
    .option('--bytes <n>', 'size of a body', wholeNumber(1, 1_000_000), 1024)
    .option('--window <n>', 'messages under way at a time, and the prefetch', wholeNumber(1, 10_000), 1000)
    .action(async (options: MemoryOptions) => onOutcome(await measureMemory(options, interrupted)))
  const idle = withBroker(new Command('idle'))
    .description('the memory that an idle connection takes, ours beside those of the others')
    .option('--connections <n>', 'to each client', wholeNumber(1, 10_000), 200)
    .action(async (options: IdleOptions) => onOutcome(await measureIdle(options, interrupted)))
  return [memory, idle]
}

function withBroker(command: Command): Command {
  return command
    .addOption(new Option('--broker <name>', 'which one to start').choices(BROKERS).default('rabbitmq'))
    .option('--uri <uri>', 'one that runs already, amqp://… or stomp://…, instead')
    .addOption(new Option('--queue-type <type>', 'of RabbitMQ').choices(['classic', 'quorum']).default('classic'))
    .option('--json', 'one JSON document on stdout instead of a table')
}

async function measureMemory(options: MemoryOptions, signal: AbortSignal): Promise<Judged> {
  const { messages, every, bytes, window, json } = options
  return await onBroker(options, signal, async (broker) => {
    const queue = `bench.memory.${process.pid}.${Date.now()}`
    const samples: MemorySample[] = []
    const queues = await openQueues(broker)
    try {
      await queues.make(queue)
      const { target } = broker
      const order = { client: OURS, target, kind: 'memory', queue, messages, every, bodyBytes: bytes, window } as const
      await runFootprint(order, SILENT_MS, signal, (answer) => {
        if (!('sample' in answer)) return
        samples.push(answer.sample)
        note(`${whole(answer.sample.messages)} messages: ${kib(answer.sample.heapBytes)} KiB of heap`)
      })
      await queues.countAndRemove(queue, 0)
    } finally {
      await queues.close()
    }
    // What is compiled and cached once is in use after the first look.
    const slope = bytesPerMessage(samples.slice(1))
    const grown = slope === undefined ? undefined : slope * messages
    const holds = grown === undefined ? undefined : grown < MOST_GROWTH_BYTES
    if (json)
      print({
        bench: 'memory',
        product: broker.product,
        settings: { messages, every, bytes, window },
        samples,
        bytesPerMessage: slope,
        holds,
      })
    else {
      process.stdout.write(
        `${broker.product}; ${bytes} bytes, up to ${window} under way; KiB in use after a collection\n\n`,
      )
      process.stdout.write(`${memoryTable(samples)}\n`)
      const words = slope === undefined ? 'too few looks' : `${slope.toFixed(3)} bytes a message`
      process.stdout.write(`${verdict(holds)}: flat over ${whole(messages)} messages (${words})\n`)
    }
    return outcomeOf(holds)
  })
}

async function measureIdle(options: IdleOptions, signal: AbortSignal): Promise<Judged> {
  const { connections, json } = options
  return await onBroker(options, signal, async (broker) => {
    const rows: { client: string; bytes: number; rssBytes: number }[] = []
    for (const client of clientsFor(broker.target.protocol)) {
      const order = { client, target: broker.target, kind: 'idle', connections } as const
      await runFootprint(order, SILENT_MS, signal, (answer) => {
        if ('idleBytes' in answer) rows.push({ client, bytes: answer.idleBytes, rssBytes: answer.idleRssBytes })
      })
      note(`${client}: ${kib(rows.at(-1)?.bytes ?? 0)} KiB`)
    }
    const ours = rows.find(({ client }) => client === OURS)
    const holds = ours && ours.bytes < MOST_IDLE_BYTES
    if (json) print({ bench: 'idle', product: broker.product, settings: { connections }, clients: rows, holds })
    else {
      const lines = rows.map(({ client, bytes, rssBytes }) => [client, kib(bytes), kib(rssBytes)])
      process.stdout.write(`${broker.product}; ${connections} idle connections, each\n\n`)
      process.stdout.write(`${columns([['client', 'heap and external KiB', 'RSS KiB'], ...lines])}\n`)
      process.stdout.write(`${verdict(holds)}: an idle connection takes less than ${kib(MOST_IDLE_BYTES)} KiB\n`)
    }
    return outcomeOf(holds)
  })
}

async function onBroker(
  { broker: name, uri, queueType }: BrokerOptions,
  signal: AbortSignal,
  measure: (broker: Broker) => Promise<Judged>,
): Promise<Judged> {
  const missing = uri === undefined ? missingFor(name) : undefined
  if (missing !== undefined) {
    process.stdout.write(`skipped: broker ${name} cannot run here: ${missing}\n`)
    return 'not judged'
  }
  const broker =
    uri === undefined
      ? await startBroker(name, queueType, signal, (line) => note(`${name}: ${line}`))
      : brokerAt(uri, queueType)
  try {
    return await measure(broker)
  } finally {
    await broker.down()
  }
}

function memoryTable(samples: readonly MemorySample[]): string {
  const rows = samples.map(({ messages, heapBytes, externalBytes, rssBytes }) => [
    whole(messages),
    kib(heapBytes),
    kib(externalBytes),
    kib(rssBytes),
  ])
  return columns([['messages', 'heap', 'external', 'RSS'], ...rows])
}

function print(result: object): void {
  const machine = { cpus: cpus().length, platform: platform(), arch: arch(), node: process.versions.node }
  process.stdout.write(`${JSON.stringify({ schema: 1, machine, ...result }, null, 2)}\n`)
}

function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(1)
}

function verdict(holds: boolean | undefined): string {
  return holds === undefined ? 'not judged' : holds ? 'holds' : 'FAILS'
}

function outcomeOf(holds: boolean | undefined): Judged {
  return holds === undefined ? 'not judged' : holds ? 'held' : 'violated'
}
