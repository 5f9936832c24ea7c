import { UnderstudyError } from '../../src/errors.ts'
import { type ClientName, RAW } from '../peers/clients.ts'
import type { Broker } from './broker.ts'
import type { Measure } from './claims.ts'
import { openQueues, type Queues } from './queues.ts'
import type { Sample } from './summary.ts'
import type { Done, Work } from './work.ts'
import { startWorker, type Worker } from './worker-process.ts'
import { percentile } from '../percentile.ts'

export interface RoundsPlan extends Pick<Work, 'messages' | 'withinMs' | 'bodyBytes' | 'window'> {
  readonly measure: Measure
  readonly broker: Broker
  readonly clients: readonly ClientName[]
  /** How many rounds count; one more before them warms everything up and is dropped. */
  readonly rounds: number
  /** Where each client's process leaves a CPU profile under the client's name; undefined for none. */
  readonly profiles: string | undefined
  readonly signal: AbortSignal
  readonly onSample: (sample: Sample) => void
}

/**
 * Every client does the same work in every round, one after the other, each in a process that it keeps:
 * A B C, B C A, …, so that nobody is always first or always after the same one.
 *
 * @throws Error when a client fails, or when a count is not what it should be; the signal's reason.
 */
export async function runRounds(plan: RoundsPlan): Promise<Sample[]> {
  const { clients, rounds, broker, signal } = plan
  const queues = await openQueues(broker)
  const workers = new Map(clients.map((client) => [client, startWorker(client, profiling(plan.profiles, client))]))
  const samples: Sample[] = []
  try {
    for (let round = 0; round <= rounds; round++) {
      for (let turn = 0; turn < clients.length; turn++) {
        if (signal.aborted) throw new UnderstudyError('aborted', 'interrupted')
        const client = clients[(turn + round) % clients.length]
        const worker = client && workers.get(client)
        if (!client || !worker) continue
        const sample = toSample(client, round, await MEASURES[plan.measure](plan, queues, worker, client, round))
        if (round === 0) continue
        samples.push(sample)
        plan.onSample(sample)
      }
    }
    return samples
  } finally {
    await Promise.all([...workers.values()].map((worker) => worker.stop()))
    await queues.close()
  }
}

type Measuring = (plan: RoundsPlan, queues: Queues, worker: Worker, client: ClientName, round: number) => Promise<Done>

const MEASURES: Readonly<Record<Measure, Measuring>> = {
  publish: async (plan, queues, worker, client, round) => {
    const queue = queueName(plan, client, round)
    await queues.make(queue)
    const done = await worker.order({ client, target: plan.broker.target, work: workOf(plan, queue) })
    const stored = await queues.countAndRemove(queue, done.count)
    if (stored !== done.count) throw new Error(`${client}: ${done.count} confirmed, and ${stored} in the queue`)
    return done
  },
  consume: async (plan, queues, worker, client, round) => {
    const queue = queueName(plan, client, round)
    await queues.make(queue)
    const filled = await queues.fill(queue, plan.messages, plan.bodyBytes)
    const work = { ...workOf(plan, queue), messages: filled }
    const done = await worker.order({ client, target: plan.broker.target, work })
    const left = await queues.countAndRemove(queue, filled - done.count)
    if (left !== filled - done.count)
      throw new Error(`${client}: ${done.count} of ${filled} acknowledged, and ${left} left in the queue`)
    return done
  },
  request: async (plan, queues, worker, client, round) => {
    const queue = queueName(plan, client, round)
    const replies = `${queue}.replies`
    const { target } = plan.broker
    const work = { ...workOf(plan, queue), replies }
    await queues.make(queue)
    await queues.make(replies)
    const responder = startWorker('the responder')
    try {
      await responder.order({ client: RAW[target.protocol], target, work: { ...work, kind: 'respond', window: 500 } })
      const done = await worker.order({ client, target, work })
      await responder.order({ stop: 'responding' })
      const left = (await queues.countAndRemove(queue, 0)) + (await queues.countAndRemove(replies, 0))
      if (left !== 0) throw new Error(`${client}: ${left} requests and replies were left over`)
      return done
    } finally {
      await responder.stop()
    }
  },
}

function workOf({ measure, messages, withinMs, bodyBytes, window }: RoundsPlan, queue: string): Work {
  return { kind: measure, queue, replies: '', messages, withinMs, bodyBytes, window }
}

function profiling(folder: string | undefined, client: ClientName): string[] {
  if (folder === undefined) return []
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${fileName(client)}.cpuprofile`]
}

function fileName(client: ClientName): string {
  return client.replaceAll(/[^a-z]+/gi, '-')
}

/** Of this run alone, so that nothing is found in it. */
function queueName({ measure }: RoundsPlan, client: ClientName, round: number): string {
  return `bench.${measure}.${fileName(client)}.${round}.${process.pid}.${Date.now()}`
}

function toSample(client: ClientName, round: number, { count, elapsedMs, cpuUs, roundTripsMs }: Done): Sample {
  return {
    client,
    round,
    count,
    perSecond: (count / elapsedMs) * 1000,
    cpuUs: cpuUs / count,
    roundTripMs: percentile(roundTripsMs, 0.5),
    roundTripP99Ms: percentile(roundTripsMs, 0.99),
  }
}
