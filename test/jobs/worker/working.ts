/** A worker on a broker in memory, or on a scripted one with a clock that the test owns. */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type Clock, type Random, systemClock } from '../../../src/clock.ts'
import { connect } from '../../../src/connect.ts'
import type { Connection } from '../../../src/connection.ts'
import { type Envelope, writeEnvelope } from '../../../src/jobs/envelope.ts'
import type { Failure } from '../../../src/jobs/failures/failure.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import type { Job } from '../../../src/jobs/job.ts'
import type { JobEvent } from '../../../src/jobs/job-events.ts'
import type { JobHost } from '../../../src/jobs/job-host.ts'
import { memoryLedger } from '../../../src/jobs/ledger/memory.ts'
import { Worker, type WorkerOptions } from '../../../src/jobs/worker.ts'
import type { Logger } from '../../../src/logger.ts'
import { WrittenBody } from '../../../src/producer/payload.ts'
import { memoryBroker, type MemoryBrokerControl } from '../../../src/testing/memory-broker.ts'
import { connectionOf, type Parts, type PartsOptions, parts } from '../../support/client-parts.ts'
import { settled } from '../../support/fake-clock.ts'
import type { ScriptedLink, ScriptedSubscription } from '../../support/scripted-transport.ts'

export interface Line {
  readonly level: keyof Logger
  readonly fields: object
  readonly message: string
}

export interface Bench {
  readonly connection: Connection
  readonly host: JobHost
  /** What workers told, in order. */
  readonly events: JobEvent[]
  readonly log: Line[]
  worker(options: WorkerOptions): Worker
  /** Resolves with the job's id, once a broker has it. */
  send(job: Pick<Job, 'name' | 'queue' | 'serializer'>, args?: unknown, given?: Given): Promise<string>
}

export interface Given {
  readonly id?: string
  readonly envelope?: Partial<Envelope>
  readonly body?: Buffer
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface HostOptions {
  readonly clock?: Clock
  readonly random?: Random
  readonly failures?: FailureStore
  readonly ledger?: JobHost['ledger']
  readonly results?: JobHost['results']
}

function benchOn(connection: Connection, options: HostOptions = {}): Bench {
  const events: JobEvent[] = []
  const log: Line[] = []
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      void log.push({ level, fields, message })
  const host: JobHost = {
    connection,
    failures: options.failures,
    ledger: options.ledger ?? memoryLedger(),
    results: options.results,
    declareQueue: async () => {},
    tell: (event) => events.push(event),
    clock: options.clock ?? systemClock,
    random: options.random ?? (() => 0.5),
    logger: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
  }
  return {
    connection,
    host,
    events,
    log,
    worker: (workerOptions) => new Worker(async () => host, workerOptions),
    send: async ({ name, queue, serializer }, args, given = {}) =>
      await connection.send(
        `queue://${queue}`,
        new WrittenBody(
          given.body ?? Buffer.from(serializer.encode(args)),
          given.contentType ?? serializer.contentType,
        ),
        {
          id: given.id ?? randomUUID(),
          headers: writeEnvelope(
            { ...NO_ENVELOPE, job: name, queue, enqueuedAt: host.clock.wallTime(), ...given.envelope },
            given.headers,
          ),
        },
      ),
  }
}

const NO_ENVELOPE: Envelope = {
  job: '',
  queue: undefined,
  attempt: 1,
  requeues: 0,
  enqueuedAt: undefined,
  dueAt: undefined,
  expiresAt: undefined,
  priority: undefined,
  preview: '',
  requestId: undefined,
  dedupKey: undefined,
  history: [],
}

/** Stops its workers and closes its connection at the end, however the test ended: a worker holds the process. */
export interface OpenBench extends Bench, AsyncDisposable {}

export function openBench(connection: Connection, options: HostOptions = {}): OpenBench {
  const bench = benchOn(connection, options)
  const workers: Worker[] = []
  return {
    ...bench,
    worker: (given) => {
      const worker = bench.worker(given)
      workers.push(worker)
      return worker
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.map((worker) => worker.stop({ grace: 0 })))
      await connection.close()
    },
  }
}

export interface MemoryBench extends OpenBench {
  readonly broker: MemoryBrokerControl
  /** What waits in a queue or is out with a consumer. */
  depth(queue: string): number
}

/** On a broker in memory of its own. */
export async function memoryBench(options: HostOptions = {}): Promise<MemoryBench> {
  const name = `worker-${randomUUID()}`
  const connection = await connect(`failover:(memory:${name})?initialReconnectDelay=1&maxReconnectDelay=5`)
  const broker = memoryBroker(name)
  const bench = openBench(connection, options)
  return {
    ...bench,
    broker,
    depth: (queue) => broker.depth(queue),
    [Symbol.asyncDispose]: async () => {
      await bench[Symbol.asyncDispose]()
      broker.reset()
    },
  }
}

export interface ScriptedBench extends Bench, Pick<Parts, 'clock' | 'transport'> {
  /** The subscription to a queue, the latest one that lives. */
  readonly subscription: (queue: string) => ScriptedSubscription
  /** Delivers a job as its enqueuer wrote it. */
  readonly deliver: (job: Job, args: unknown, given?: Given & { readonly redelivered?: boolean }) => string
  /** What was sent to a destination of this name, with the headers it had. */
  readonly sentTo: (name: string) => ScriptedLink['sent']
}

/** On a broker that says what the test says, with a clock that stands still. */
export async function scriptedBench(options: HostOptions & PartsOptions = {}): Promise<ScriptedBench> {
  const of = parts(options)
  of.transport.onLink = (link) => {
    link.confirms = true
  }
  const connection = connectionOf(of)
  await connection.connected()
  const bench = benchOn(connection, { ...options, clock: of.clock })
  const subscriptions = (): ScriptedSubscription[] =>
    of.transport.links.filter(({ over }) => !over).flatMap((link) => link.subscriptions)
  const subscription = (queue: string): ScriptedSubscription => {
    const found = subscriptions().findLast(({ destination, cancelled }) => destination.name === queue && !cancelled)
    if (found === undefined) throw new Error(`nothing listens on ${queue}`)
    return found
  }
  return {
    clock: of.clock,
    transport: of.transport,
    ...bench,
    subscription,
    deliver: ({ name, queue, serializer }, args, given = {}) => {
      const id = given.id ?? randomUUID()
      subscription(queue).deliver(id, {
        body: given.body ?? Buffer.from(serializer.encode(args)),
        contentType: given.contentType ?? serializer.contentType,
        redelivered: given.redelivered ?? false,
        headers: writeEnvelope({ ...NO_ENVELOPE, job: name, queue, ...given.envelope }, given.headers),
      })
      return id
    },
    sentTo: (name) =>
      of.transport.links.flatMap(({ sent }) => sent.filter(({ message }) => message.destination.name === name)),
  }
}

/** A failure store that keeps what it is given, and can be told to be down. */
export function keptFailures(): FailureStore & {
  readonly kept: Failure[]
  down: boolean
  pausedQueues: string[]
  readonly resolvedJobs: string[]
} {
  const store: Partial<FailureStore> & {
    kept: Failure[]
    down: boolean
    pausedQueues: string[]
    resolvedJobs: string[]
  } = {
    kind: 'test',
    name: 'test',
    kept: [],
    down: false,
    pausedQueues: [],
    resolvedJobs: [],
    keep: async (failures) => {
      if (store.down) throw new Error('the disk is full')
      for (const failure of failures) if (!store.kept.some(({ id }) => id === failure.id)) store.kept.push(failure)
    },
    paused: async () => store.pausedQueues,
    resolved: async (jobId, requeues) => void store.resolvedJobs.push(`${jobId}.${requeues}`),
  }
  return store as FailureStore & typeof store
}

const DEADLINE_MS = 60_000

/** Resolves once it holds. @throws after a minute, naming it, as it is then. */
export async function until(what: string | (() => string), holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE_MS
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`in vain waited for this: ${typeof what === 'string' ? what : what()}`)
    await setTimeout(2)
  }
}

export { settled }
