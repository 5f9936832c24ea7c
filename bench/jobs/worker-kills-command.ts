import { Command, Option } from 'commander'
import { targetUrl } from '../peers/client.ts'
import { type Claim, claimText, type Judged, judgedBy } from '../claim.ts'
import { missingFor, startBroker } from '../throughput/broker.ts'
import { killWorkers, type WorkerKills } from './worker-kills.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'

interface Options {
  readonly broker: 'rabbitmq' | 'activemq'
  readonly jobs: number
  readonly kills: number
  readonly workers: number
  readonly concurrency: number
  readonly longest: number
  readonly json?: true
}

/** `worker-kills`: what becomes of jobs whose workers die at random moments. */
export function workerKillsCommand(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command {
  return new Command('worker-kills')
    .description('kill worker processes at random moments under many jobs, and account for every job')
    .addOption(new Option('--broker <name>', 'which').choices(['rabbitmq', 'activemq']).default('rabbitmq'))
    .option('--jobs <n>', 'how many', wholeNumber(1, 1_000_000), 100_000)
    .option('--kills <n>', 'how many workers are killed', wholeNumber(1, 10_000), 100)
    .option('--workers <n>', 'processes at a time', wholeNumber(1, 100), 6)
    .option('--concurrency <n>', 'jobs at a time in each', wholeNumber(1, 1000), 20)
    .option('--longest <ms>', 'a job takes up to so long', wholeNumber(0, 60_000), 250)
    .option('--json', 'one JSON document on stdout')
    .action(async (options: Options) => onOutcome(await bench(options, interrupted)))
}

async function bench(options: Options, signal: AbortSignal): Promise<Judged> {
  const { broker: name, json, longest: longestMs, ...rest } = options
  const missing = missingFor(name)
  if (missing !== undefined) {
    process.stdout.write(
      json ? `${JSON.stringify({ schema: 1, bench: 'worker-kills', skipped: missing })}\n` : `skipped: ${missing}\n`,
    )
    return 'not judged'
  }
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  const broker = await startBroker(name, 'classic', signal, (line) => note(`${name}: ${line}`))
  try {
    const seen = await killWorkers({ ...rest, uri: targetUrl(broker.target), longestMs, signal, onProgress: note })
    const claims = claimsOf(seen)
    if (json) {
      const result = { schema: 1, bench: 'worker-kills', product: broker.product, options, seen, claims }
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    } else {
      const { enqueued, killed, executions, repeated, kept, seconds } = seen
      process.stdout.write(
        `${broker.product}: ${enqueued} jobs, ${killed} workers killed, ${seconds.toFixed(0)} s; ${executions} executions, ` +
          `${repeated} jobs begun more than once (killed in the middle of them), ${kept} kept as failures\n`,
      )
      for (const claim of claims) process.stdout.write(`${claimText(claim)}\n`)
    }
    return judgedBy(claims)
  } finally {
    await broker.down()
  }
}

function claimsOf({ lost, unfinished, afterNoted }: WorkerKills): Claim[] {
  return [
    { text: 'no job is lost', holds: lost === 0, found: `${lost} never begun` },
    { text: 'every job is finished', holds: unfinished === 0, found: `${unfinished} not noted as finished` },
    {
      text: 'no job is executed again after its ledger entry',
      holds: afterNoted === 0,
      found: `${afterNoted} executions`,
    },
  ]
}
