import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { FailureStore } from '../../../src/jobs/failures/store.ts'
import { FAILED_QUEUE } from '../../../src/jobs/job-host.ts'
import { bytesSerializer } from '../../../src/jobs/serializer.ts'
import type { StandardSchema } from '../../../src/jobs/standard-schema.ts'
import type { StorePlace } from '../store-places.ts'
import { type Bench, type HostOptions, type OpenBench, until } from './working.ts'

const ALL = { kind: 'all' } as const
const MEGABYTE = 1 << 20

const numbers: StandardSchema<{ n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof (value as { n?: unknown })?.n === 'number'
        ? { value: value as { n: number } }
        : { issues: [{ message: 'must be a number', path: ['n'] }] },
  },
}

/** What becomes of jobs that fail, on a real broker with a real store. */
export function badJobs(open: (options: HostOptions) => Promise<OpenBench>, newPlace: () => Promise<StorePlace>): void {
  it('keep one record each of bad jobs, and none of them comes again', async () => {
    const place = await newPlace()
    await using failures = place.failures()
    await using ledger = place.ledger()
    await Promise.all([failures.open(), ledger.open()])
    await using here = await open({ failures, ledger })
    const queue = `bad-${randomUUID()}`
    const bytes = Buffer.from(Array.from({ length: MEGABYTE }, (_, at) => (at * 31) & 0xff))
    const runs: string[] = []
    const failing = (name: string, thrown: () => unknown) =>
      defineJob({
        name,
        queue,
        serializer: bytesSerializer,
        perform: () => {
          runs.push(name)
          throw thrown()
        },
      })
    const jobs = [
      failing('no-error', () => ({ code: 7 })),
      failing('nothing', () => undefined),
      failing('long-message', () => new RangeError('ü'.repeat(MEGABYTE))),
      failing('bytes', () => new TypeError('binary')),
      defineJob({ name: 'strict', queue, schema: numbers, perform: () => void runs.push('strict') }),
      defineJob({ name: 'last', queue, perform: () => {} }),
    ]
    const [noError, nothing, longMessage, binary, strict, last] = jobs
    assert.ok(noError && nothing && longMessage && binary && strict && last)
    for (const job of [noError, nothing, longMessage]) await here.send(job, Buffer.from('x'), { id: job.name })
    await here.send(binary, bytes, { id: 'bytes' })
    await here.send(strict, undefined, { id: 'no-json', body: Buffer.from('{oops') })
    await here.send(strict, undefined, { id: 'no-utf8', body: Buffer.from([0xff, 0xfe, 0x00]) })
    await here.send(strict, { n: 'three' }, { id: 'schema' })
    await here.send({ ...strict, name: 'nobody.knows' }, { n: 1 }, { id: 'unknown' })
    await here.connection.send(`queue://${queue}`, Buffer.from([0, 1, 2]), { id: 'foreign' })

    const worker = here.worker({ jobs, concurrency: 3 })
    await worker.start()
    await until('all are kept', () => worker.describe().done.failed === 9)
    // Whatever came again would come before the last one.
    await here.send(last)
    await until('the last one is done', () => worker.describe().done.succeeded === 1)
    await worker.stop()
    await until('the queue is empty', async () => await isEmpty(here, queue))
    assert.deepEqual(runs.toSorted(), ['bytes', 'long-message', 'no-error', 'nothing'])
    assert.equal(worker.describe().done.failed, 9)

    const { failures: kept } = await failures.search(ALL, { limit: 100 })
    assert.deepEqual(kept.map(({ jobId, reason }) => `${jobId} ${reason}`).toSorted(), [
      'bytes exception',
      'foreign unknown_job',
      'long-message exception',
      'no-error exception',
      'no-json decode',
      'no-utf8 decode',
      'nothing exception',
      'schema decode',
      'unknown unknown_job',
    ])
    assert.ok(bytes.equals((await failures.get('bytes.0'))?.args ?? Buffer.alloc(0)))
    assert.match((await failures.get('schema.0'))?.errorMessage ?? '', /n: must be a number/)
    assert.match((await failures.get('long-message.0'))?.errorMessage ?? '', /^ü{1000}/)
  })

  it('have a failed job acknowledged only once the failure is kept', async () => {
    const place = await newPlace()
    await using store = place.failures()
    await using ledger = place.ledger()
    await Promise.all([store.open(), ledger.open()])
    const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>()
    const { promise: isLost, resolve: lose } = Promise.withResolvers<void>()
    const job = defineJob({
      name: 'fails',
      queue: `kept-first-${randomUUID()}`,
      perform: () => {
        throw new Error('for good')
      },
    })
    // The first worker's store takes its time, and the worker is gone before it is done.
    const slow = hanging(store, async () => {
      asked()
      await isLost
      throw new Error('too late')
    })
    await using dying = await open({ failures: slow, ledger })
    await dying.send(job, 1, { id: job.queue })
    const first = dying.worker({ jobs: [job] })
    await first.start()
    await isAsked
    const stopping = first.stop({ grace: 0 })
    // Before it has let go, the broker's own queue of failures may still have it in time.
    await setImmediate()
    lose()
    await stopping
    assert.equal(await store.count(ALL), 0)

    await using here = await open({ failures: store, ledger })
    await until('it is on the broker', async () => (await here.connection.inspect(job.queue))?.ready === 1)
    const second = here.worker({ jobs: [job] })
    await second.start()
    await until('it is kept', () => second.describe().done.failed === 1)
    await second.stop()
    await until('the queue is empty', async () => await isEmpty(here, job.queue))
    assert.deepEqual(
      (await store.search(ALL, { limit: 10 })).failures.map(({ jobId }) => jobId),
      [job.queue],
    )
  })

  it('leave a failure at the broker where the store is down, and nothing of it in the queue', async () => {
    const place = await newPlace()
    await using failures = place.failures()
    await using ledger = place.ledger()
    await Promise.all([failures.open(), ledger.open()])
    await using here = await open({ failures, ledger })
    const job = defineJob({
      name: 'unkept',
      queue: `unkept-${randomUUID()}`,
      perform: () => {
        throw new Error('for good')
      },
    })
    const worker = here.worker({ jobs: [job] })
    await worker.start()
    const mend = await place.breakDown()
    await here.send(job, 1, { id: job.queue })
    await until('it is done with', () => worker.describe().done.failed === 1)
    await worker.stop()
    await mend()
    assert.equal(await failures.count(ALL), 0)
    await until('the queue is empty', async () => await isEmpty(here, job.queue))
    for await (const record of here.connection.deliveries(`queue://${FAILED_QUEUE}`)) {
      await record.ack()
      // What the worker before was about to keep when it let go may lie here, too.
      if (record.id === `${job.queue}.0`) break
    }
    await until('none of them comes twice', async () => await isEmpty(here, FAILED_QUEUE))
  })
}

/** Nothing waits; ActiveMQ counts what is delivered too, until its acknowledgement has come. */
async function isEmpty({ connection }: Bench, queue: string): Promise<boolean> {
  return ((await connection.inspect(queue))?.ready ?? 0) === 0
}

/** A store that keeps nothing before it is told how that ends. */
function hanging(store: FailureStore, keep: () => Promise<void>): FailureStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'keep') return keep
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
