import { cpus, loadavg } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { findRedis } from '../../infra/redis/find-server.ts'
import { startRedis } from '../../infra/redis/start-server.ts'
import { targetUrl } from '../peers/client.ts'
import { claimText, type Judged, judgedBy } from '../claim.ts'
import { missingFor, startBroker } from '../throughput/broker.ts'
import { findPeers, type Found, type Peer, type PeerName } from './peers.ts'
import { judge, summarize, summaryText } from './report.ts'
import { runRounds } from './rounds.ts'
import { ROWS, type Row } from './rows.ts'
import { wholeNumber } from '../../src/cli/arguments/whole-number.ts'

interface Options {
  readonly rounds: number
  readonly rows: readonly string[]
  readonly only?: readonly string[]
  readonly cpuProf?: string
  readonly json?: true
}

/** The guarantees and settings under which the peers are measured. */
const CONDITIONS = [
  'every job confirmed before it counts as sent, acknowledged after its end, with its result in Redis where there are',
  'results; workers take one job at a time and are handed one more ahead, in the rows of empty jobs 50 and 100:',
  'at once in a process of ours and of BullMQ, ahead in one of Celery, which has acks late and publisher',
  'confirms, in pool solo and its blocking loop (in the loop it takes by default, acks of solo wait up to 10 s);',
  'BullMQ by addBulk, in a Redis that appends to its file and syncs it every second',
]

/** `jobs`: the cluster demo's figures, beside Celery and BullMQ. */
export function jobsCommand(interrupted: AbortSignal, onOutcome: (outcome: Judged) => void): Command {
  return new Command('jobs')
    .description('jobs from enqueue to result: ours beside Celery and BullMQ on one broker and one Redis, alternating')
    .option('--rounds <n>', 'of each row', wholeNumber(1, 100), 3)
    .addOption(new Option('--rows <row...>', 'these alone').choices(ROWS.map(({ name }) => name)).default(undefined))
    .option('--only <peer...>', 'understudy, celery, bullmq: these alone')
    .option('--cpu-prof <folder>', 'write CPU profiles of the clients and workers on Node there')
    .option('--json', 'one JSON document on stdout instead of a table')
    .action(async (options: Options) => onOutcome(await bench(options, interrupted)))
}

async function bench({ rounds, rows: wanted, only, cpuProf, json }: Options, signal: AbortSignal): Promise<Judged> {
  const redisProgram = findRedis()
  const missing = missingFor('rabbitmq') ?? (redisProgram === undefined ? 'no Redis or Valkey is installed' : undefined)
  if (missing !== undefined || redisProgram === undefined) {
    process.stdout.write(
      json ? `${JSON.stringify({ schema: 1, bench: 'jobs', skipped: missing })}\n` : `skipped: ${missing}\n`,
    )
    return 'not judged'
  }
  const found = chosen(findPeers(cpuProf), only)
  const peers = found.filter(isHere)
  const skipped = found.filter((peer) => !isHere(peer))
  const rows: readonly Row[] = ROWS.filter(({ name }) => wanted === undefined || wanted.includes(name))
  const note = (line: string): void => void process.stderr.write(`${line}\n`)
  const loadBefore = loadavg()[0] ?? 0
  const broker = await startBroker('rabbitmq', 'classic', signal, (line) => note(`rabbitmq: ${line}`))
  const redis = await startRedis(redisProgram).catch(async (error: unknown) => {
    await broker.down()
    throw error
  })
  try {
    const samples = await runRounds({
      rows,
      peers,
      rounds,
      amqp: targetUrl(broker.target),
      redis: redis.url,
      signal,
      onSample: ({ row, peer, round, jobs, doneS }) =>
        note(`${row}, round ${round} of ${rounds}: ${peer} ${jobs} jobs in ${doneS.toFixed(3)} s`),
    })
    const summaries = summarize(rows, peers, samples)
    const claims = judge(rows, summaries)
    const load = { before: loadBefore, after: loadavg()[0] ?? 0 }
    if (json) {
      const products = [broker.product, redis.product, ...peers.map(({ product }) => product)]
      const machine = { cpus: cpus().length, node: process.versions.node, load }
      const result = { schema: 1, bench: 'jobs', machine, products, rounds, skipped, summaries, claims, samples }
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    } else {
      const lines = [
        `${broker.product} (one node, classic queues), ${redis.product}; ${peers.map(({ product, over }) => `${product} over ${over}`).join('; ')}`,
        ...CONDITIONS,
        `medians of ${rounds} rounds; ${cpus().length} CPUs, load average ${load.before.toFixed(1)} before and ${load.after.toFixed(1)} after, Node ${process.versions.node}`,
        ...skipped.map((peer) => `skipped: ${peer.name}: ${'missing' in peer ? peer.missing : ''}`),
      ]
      process.stdout.write(`${lines.join('\n')}\n\n${summaryText(rows, summaries)}\n`)
      for (const claim of claims) process.stdout.write(`${claimText(claim)}\n`)
    }
    return judgedBy(claims)
  } finally {
    await redis.remove()
    await broker.down()
  }
}

function isHere(peer: Found): peer is Peer {
  return !('missing' in peer)
}

function chosen(found: readonly Found[], only: readonly string[] | undefined): Found[] {
  const known: readonly PeerName[] = found.map(({ name }) => name)
  const unknown = only?.find((name) => !(known as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new InvalidArgumentError(`there is no peer ${JSON.stringify(unknown)}; there are ${known.join(', ')}`)
  return found.filter(({ name }) => only === undefined || only.includes(name))
}
