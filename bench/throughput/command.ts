import { arch, cpus, loadavg, platform } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Target } from '../peers/client.ts'
import { type ClientName, clientsFor, RAW } from '../peers/clients.ts'
import { type Broker, BROKERS, brokerAt, type BrokerName, missingFor, startBroker } from './broker.ts'
import { judge, type Measure } from './claims.ts'
import { runRounds } from './rounds.ts'
import { summarize } from './summary.ts'
import { claimText, summaryText } from './table.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'
import type { Judged } from '../claim.ts'

interface Options {
  readonly broker: BrokerName
  readonly uri?: string
  readonly queueType: Target['queueType']
  readonly rounds: number
  readonly messages: number
  readonly seconds: number
  readonly bytes: number
  readonly window: number
  readonly only?: readonly string[]
  readonly cpuProf?: string
  readonly json?: true
}

/** What differs from measure to measure. */
const MEASURES: Readonly<
  Record<Measure, { readonly about: string; readonly window: number; readonly windowIs: string }>
> = {
  publish: { about: 'persistent messages, each confirmed', window: 1000, windowIs: 'unconfirmed at a time' },
  consume: { about: 'messages, each acknowledged by itself', window: 500, windowIs: 'the prefetch' },
  request: { about: 'a request and its reply, over two queues', window: 1, windowIs: 'requests at a time' },
}

/** `publish`, `consume` and `request`: our client beside the others, on one broker. */
export function throughputCommands(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command[] {
  return (Object.keys(MEASURES) as Measure[]).map((measure) => {
    const { about, window, windowIs } = MEASURES[measure]
    return new Command(measure)
      .description(`${about}: our client beside the others on one broker, interleaved`)
      .addOption(new Option('--broker <name>', 'which one to start').choices(BROKERS).default('rabbitmq'))
      .option('--uri <uri>', 'one that runs already, amqp://… or stomp://…, instead')
      .addOption(new Option('--queue-type <type>', 'of RabbitMQ').choices(['classic', 'quorum']).default('classic'))
      .option('--rounds <n>', 'that count; one more before them warms up', wholeNumber(1, 1000), 5)
      .option('--messages <n>', 'each client at most, each round', wholeNumber(1, 1_000_000), 20_000)
      .option('--seconds <n>', 'each client at most, each round', wholeNumber(1, 600), 3)
      .option('--bytes <n>', 'size of a body', wholeNumber(1, 1_000_000), 1024)
      .option('--window <n>', windowIs, wholeNumber(1, 10_000), window)
      .option('--only <client...>', 'these alone, by the names in the table')
      .option('--cpu-prof <folder>', "write a CPU profile of each client's process there")
      .option('--json', 'one JSON document on stdout instead of a table')
      .action(async (options: Options) => onOutcome(await bench(measure, options, interrupted)))
  })
}

async function bench(measure: Measure, options: Options, signal: AbortSignal): Promise<Judged> {
  const { uri, queueType, rounds, messages, seconds, bytes, window, json } = options
  const missing = uri === undefined ? missingFor(options.broker) : undefined
  if (missing !== undefined) {
    process.stdout.write(`skipped: broker ${options.broker} cannot run here: ${missing}\n`)
    return 'not judged'
  }
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  const broker =
    uri === undefined
      ? await startBroker(options.broker, queueType, signal, (line) => note(`${options.broker}: ${line}`))
      : brokerAt(uri, queueType)
  try {
    const { protocol } = broker.target
    const loadBefore = loadavg()[0]
    const samples = await runRounds({
      measure,
      broker,
      clients: chosen(clientsFor(protocol), options.only),
      rounds,
      messages,
      withinMs: seconds * 1000,
      bodyBytes: bytes,
      window,
      profiles: options.cpuProf,
      signal,
      onSample: ({ client, round, perSecond }) =>
        note(`round ${round} of ${rounds}: ${client} ${Math.round(perSecond)}/s`),
    })
    const clients = summarize(samples, clientsFor(protocol), RAW[protocol])
    const claims = judge(measure, protocol, samples)
    if (json) {
      const load = { before: loadBefore, after: loadavg()[0] }
      const machine = { cpus: cpus().length, platform: platform(), arch: arch(), node: process.versions.node, load }
      const settings = { queueType, rounds, messages, seconds, bytes, window }
      const result = { schema: 1, bench: measure, product: broker.product, machine, settings, clients, claims, samples }
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    } else {
      process.stdout.write(`${conditions(measure, options, broker, loadBefore)}\n\n${summaryText(clients)}\n`)
      for (const claim of claims) process.stdout.write(`${claimText(claim)}\n`)
    }
    if (claims.some(({ holds }) => holds === false)) return 'violated'
    return claims.length === 0 || claims.some(({ holds }) => holds === undefined) ? 'not judged' : 'held'
  } finally {
    await broker.down()
  }
}

function conditions(
  measure: Measure,
  { queueType, bytes, window, rounds, messages, seconds }: Options,
  { product, target }: Broker,
  loadBefore: number | undefined,
): string {
  const kind = target.protocol === 'amqp' ? `, ${queueType} queues` : ''
  return [
    `${product}${kind}; ${measure}: ${bytes} bytes, persistent; ${MEASURES[measure].windowIs}: ${window}`,
    `medians of ${rounds} rounds of up to ${messages} messages or ${seconds} s; each client in a process of its own`,
    `${cpus().length} CPUs, load average ${(loadBefore ?? 0).toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after, Node ${process.versions.node}`,
  ].join('\n')
}

function chosen(all: readonly ClientName[], only: readonly string[] | undefined): ClientName[] {
  const unknown = only?.find((name) => !(all as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new InvalidArgumentError(`there is no client ${JSON.stringify(unknown)} here; there are ${all.join(', ')}`)
  return all.filter((name) => only === undefined || only.includes(name))
}
