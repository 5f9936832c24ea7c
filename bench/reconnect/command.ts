import { writeFileSync } from 'node:fs'
import { arch, cpus, platform } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseFailoverUri } from '../../src/failover/uri.ts'
import { messageOf, UnderstudyError } from '../../src/errors.ts'
import { missingForJava } from '../peers/java-failover.ts'
import { compare } from './comparison.ts'
import type { KillTrial } from './kill-trial.ts'
import { LAB } from './pair.ts'
import type { PeerName } from './peer-process.ts'
import { runReconnectBench } from './reconnect-bench.ts'
import { claimText, tableText } from './table.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'
import type { Judged } from '../claim.ts'
import { missingForLab } from '../lab-for-bench.ts'

interface Options {
  readonly trials: number
  readonly isolate?: true
  readonly skip: readonly PeerName[]
  readonly period: number
  readonly bytes: number
  readonly standbyWaits: number
  readonly clientOptions: string
  readonly out?: string
}

/** How long from a broker's SIGKILL to the first confirm: a bare socket, our client and ActiveMQ's Java client. */
export function reconnectCommand(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command {
  return new Command('reconnect')
    .description(`kill the active broker of lab ${LAB} under three clients and compare their first confirms`)
    .option('--trials <n>', 'how many kills; with --isolate for each client', wholeNumber(1, 1000), 5)
    .option('--isolate', 'a kill of its own for each client, so that none warms the broker up for another')
    .addOption(
      new Option('--skip <client...>', 'leave out: bare, ours, java').choices(['bare', 'ours', 'java']).default([]),
    )
    .option('--period <ms>', 'from the start of one send to the next, one at a time', wholeNumber(1, 1000), 10)
    .option('--bytes <n>', 'size of a body', wholeNumber(1, 1_000_000), 100)
    .option('--standby-waits <s>', 'how long the standby has waited at the kill, at least', wholeNumber(0, 3600), 0)
    .option(
      '--client-options <query>',
      "our client's failover options: name=value&name=value",
      query,
      'randomize=false',
    )
    .option('--out <file>', 'write everything measured as JSON')
    .action(async (options: Options) => onOutcome(await bench(options, interrupted)))
}

async function bench(options: Options, interrupted: AbortSignal): Promise<Judged> {
  if (options.skip.length === 3) throw new InvalidArgumentError('--skip leaves no client to measure')
  const missing = missingForLab(LAB)
  if (missing !== undefined) {
    process.stdout.write(`skipped: lab ${LAB} cannot run here: ${missing}\n`)
    return 'not judged'
  }
  const peers = peersOf(options)
  if (options.out !== undefined) write(options.out, '')
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  const { trials, settings, products } = await runReconnectBench({
    peers,
    trials: options.trials,
    isolate: options.isolate ?? false,
    periodMs: options.period,
    bodyBytes: options.bytes,
    standbyWaitsMs: options.standbyWaits * 1000,
    clientOptions: options.clientOptions,
    signal: interrupted,
    onProgress: (line) => note(`lab ${LAB}: ${line}`),
    onTrial: ({ trial, node, peers }) => {
      const firsts = Object.entries(peers).map(([name, { firstConfirmMs }]) => `${name} ${firstConfirmMs.toFixed(1)}`)
      note(`kill ${trial} of ${options.trials}: ${node} killed; first confirm after ${firsts.join(', ')} ms`)
    },
  })
  const comparison = compare(trials)
  const { claims } = comparison
  process.stdout.write(`${conditions(options, products, settings, trials)}\n\n${tableText(trials, comparison)}\n`)
  for (const claim of claims) process.stdout.write(`${claimText(claim, options.trials)}\n`)
  if (options.out !== undefined) {
    const machine = { cpus: cpus().length, platform: platform(), arch: arch(), node: process.versions.node }
    const result = { schema: 1, bench: 'reconnect', machine, products, settings, options, trials, ...comparison }
    write(options.out, `${JSON.stringify(result, null, 2)}\n`)
  }
  if (claims.some(({ holds }) => holds === false)) return 'violated'
  return claims.some(({ holds }) => holds === undefined) ? 'not judged' : 'held'
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `option --out: ${messageOf(cause)}`, { cause })
  }
}

/** What the figures were measured with, and how busy the machine was. */
function conditions(
  { period, bytes, clientOptions }: Options,
  products: readonly string[],
  settings: Readonly<Record<string, string | number>>,
  trials: readonly KillTrial[],
): string {
  const loads = trials.map(({ load }) => load)
  return [
    `${[...new Set(products)].join(', ')} on ${settings['database'] ?? 'an unknown database'}, ${settings['locker'] ?? ''}`,
    `each client: one persistent send at a time, every ${period} ms, ${bytes} bytes, on a queue of its own`,
    `understudy: failover:(stomp://…,stomp://…)?${clientOptions}, Java: failover:(tcp://…,tcp://…)?randomize=false`,
    `${cpus().length} CPUs, load average ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}; times in milliseconds after the kill`,
  ].join('\n')
}

function peersOf({ skip }: Options): PeerName[] {
  const peers = (['bare', 'ours', 'java'] as const).filter((name) => !skip.includes(name))
  const missing = peers.includes('java') ? missingForJava() : undefined
  if (missing === undefined) return peers
  process.stdout.write(`skipped: the Java failover client: ${missing}\n`)
  return peers.filter((name) => name !== 'java')
}

function query(text: string): string {
  try {
    parseFailoverUri(`failover:(stomp://localhost:1)?${text}`)
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error))
  }
  return text
}
