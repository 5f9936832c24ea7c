import { memoryFailures } from '../../../adapters/memory/failures.ts'
import { type Clock, systemClock, systemRandom } from '../../../src/clock.ts'
import { connect } from '../../../src/connect.ts'
import type { Connection } from '../../../src/connection.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { HEADER } from '../../../src/jobs/envelope.ts'
import { FailureDesk } from '../../../src/jobs/failures/desk.ts'
import { failureOf } from '../../../src/jobs/failures/failure-of.ts'
import type { Failure } from '../../../src/jobs/failures/failure.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import type { JobEvent } from '../../../src/jobs/job-events.ts'
import type { JobHost } from '../../../src/jobs/job-host.ts'
import { memoryLedger } from '../../../src/jobs/ledger/memory.ts'
import type { Delivery } from '../../../src/listener/delivery.ts'
import { silentLogger } from '../../../src/logger.ts'
import { memoryBroker, type MemoryBrokerControl } from '../../../src/testing/memory-broker.ts'

export const HOUR_MS = 3_600_000

/** A job that failed, as a worker would keep it. */
export function failed(jobId: string, given: Partial<Failure> = {}, headers: Record<string, string> = {}): Failure {
  const at = given.failedAt ?? Date.now()
  const failure = failureOf(
    {
      id: jobId,
      bytes: Buffer.from(JSON.stringify({ id: jobId })),
      contentType: 'application/json',
      headers: { [HEADER.job]: 'mail.send', [HEADER.queue]: 'mails', [HEADER.enqueuedAt]: '1000', ...headers },
      destination: 'queue://mails',
      endpoint: 'memory://test',
      replyTo: undefined,
    },
    { reason: 'exception', error: new TypeError('connect ECONNREFUSED 10.0.0.1:25'), worker: 'host:1:1', at },
  )
  return { ...failure, stack: 'TypeError: connect\n    at send (mail.js:1:1)', ...given }
}

export interface DeskStage extends AsyncDisposable {
  readonly desk: FailureDesk
  readonly store: FailureStore
  readonly connection: Connection
  readonly broker: MemoryBrokerControl
  readonly host: JobHost
  readonly events: readonly JobEvent[]
  /** Another desk over the same broker, with a store of its own wrapping. */
  readonly deskOver: (store: FailureStore, clock?: Clock) => FailureDesk
  /** Everything that comes to a queue, acknowledged. */
  readonly drain: (queue: string) => Delivery[]
}

let stages = 0

/** A desk over a broker and a store in memory. */
export async function deskStage({
  clock = systemClock,
  uri,
  store = memoryFailures({ clock }),
}: {
  readonly clock?: Clock
  readonly uri?: string
  readonly store?: FailureStore
} = {}): Promise<DeskStage> {
  const name = `desk-${++stages}`
  const connection = await connect(uri ?? `memory:${name}`)
  const events: JobEvent[] = []
  const host: JobHost = {
    connection,
    failures: store,
    ledger: memoryLedger(),
    results: undefined,
    declareQueue: async (queue) => await connection.declare(`queue://${queue}`),
    tell: (event) => events.push(event),
    clock,
    random: systemRandom,
    logger: silentLogger,
  }
  const broker = memoryBroker(name)
  return {
    desk: new FailureDesk(async () => host),
    store,
    connection,
    broker,
    host,
    events,
    deskOver: (failures, own = clock) => new FailureDesk(async () => ({ ...host, failures, clock: own })),
    drain: (queue) => {
      const deliveries: Delivery[] = []
      connection.listen(
        `queue://${queue}`,
        async (delivery) => {
          deliveries.push(delivery)
          await delivery.ack()
        },
        { prefetch: 1000 },
      )
      return deliveries
    },
    [Symbol.asyncDispose]: async () => {
      await connection.close()
      broker.reset()
    },
  }
}

/** Waits for a condition, not longer than a minute. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The store as a process sees it that dies once it has published: nothing that it does afterwards arrives. */
export function dyingAfterPublish(store: FailureStore): FailureStore {
  const dead = async (): Promise<never> => {
    throw new UnderstudyError('storage', 'the process is dead')
  }
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'retried' || name === 'release' || name === 'renew') return dead
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
