import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { parseFailure } from '../../../src/jobs/failures/failure-record.ts'
import { FAILED_QUEUE } from '../../../src/jobs/job-host.ts'
import { bytesSerializer } from '../../../src/jobs/serializer.ts'
import type { StandardSchema } from '../../../src/jobs/standard-schema.ts'
import { keptFailures, memoryBench, until } from './working.ts'

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

describe('one delivery', () => {
  it('is performed with its arguments and context, and then acknowledged', async () => {
    await using bench = await memoryBench()
    const seen: unknown[] = []
    const job = defineJob({
      name: 'sum',
      queue: 'sums',
      schema: numbers,
      perform: ({ n }, { jobId, attempt, queue, requestId, headers, redelivered, requeues, job: name }) => {
        seen.push({ n, jobId, attempt, queue, requestId, headers, redelivered, requeues, name })
      },
    })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    const id = await bench.send(job, { n: 3 }, { envelope: { requestId: 'r1' }, headers: { color: 'red' } })
    await until('it is acknowledged', () => seen.length === 1 && bench.depth('sums') === 0)
    assert.deepEqual(seen, [
      {
        n: 3,
        jobId: id,
        attempt: 1,
        queue: 'sums',
        requestId: 'r1',
        headers: { color: 'red' },
        redelivered: false,
        requeues: 0,
        name: 'sum',
      },
    ])
    assert.deepEqual(
      bench.events.map(({ type }) => type),
      ['started', 'succeeded'],
    )
    assert.equal(worker.describe().done.succeeded, 1)
  })

  const refuse = (): never => {
    throw new TypeError('no text')
  }
  const odd: readonly (readonly [string, unknown])[] = [
    ['undefined', undefined],
    ['null', null],
    ['a string', 'just words'],
    ['a number', 7],
    ['an object whose toString throws', { toString: refuse }],
    ['an object whose message throws', Object.defineProperty({}, 'message', { get: refuse })],
    ['a revoked proxy', revoked()],
  ]
  for (const [what, thrown] of odd) {
    for (const how of ['throws', 'rejects with'] as const) {
      it(`that ${how} ${what} is kept once and does not come again`, async () => {
        const failures = keptFailures()
        await using bench = await memoryBench({ failures })
        const job = defineJob({
          name: 'odd',
          queue: 'odd',
          perform: () => {
            if (how === 'throws') throw thrown
            // oxlint-disable-next-line prefer-promise-reject-errors
            return Promise.reject(thrown)
          },
        })
        await using worker = bench.worker({ jobs: [job] })
        await worker.start()
        await bench.send(job)
        await until('it is kept and acknowledged', () => failures.kept.length === 1 && bench.depth('odd') === 0)
        assert.equal(failures.kept[0]?.reason, 'exception')
        assert.equal(worker.describe().done.failed, 1)
        assert.deepEqual(
          bench.events.map(({ type }) => type),
          ['started', 'failed'],
        )
      })
    }
  }

  it('keeps one record each of what cannot be read: no JSON, another type, a bad schema, an unknown job, no job at all', async () => {
    const failures = keptFailures()
    await using bench = await memoryBench({ failures })
    let performed = 0
    const job = defineJob({ name: 'strict', queue: 'strict', schema: numbers, perform: () => void performed++ })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, undefined, { id: 'no-json', body: Buffer.from('{oops') })
    await bench.send(job, undefined, { id: 'no-utf8', body: Buffer.from([0xff, 0xfe, 0x00]) })
    await bench.send(job, undefined, { id: 'other-type', body: Buffer.from('x'), contentType: 'image/png' })
    await bench.send(job, { n: 'three' }, { id: 'schema' })
    await bench.send({ ...job, name: 'nobody.knows' }, { n: 1 }, { id: 'unknown' })
    await bench.connection.send('queue://strict', Buffer.from([0, 1, 2]), { id: 'foreign' })
    await until('all are acknowledged', () => bench.depth('strict') === 0)
    assert.equal(performed, 0)
    assert.deepEqual(
      failures.kept.map(({ jobId, reason }) => [jobId, reason]),
      [
        ['no-json', 'decode'],
        ['no-utf8', 'decode'],
        ['other-type', 'decode'],
        ['schema', 'decode'],
        ['unknown', 'unknown_job'],
        ['foreign', 'unknown_job'],
      ],
    )
    assert.match(failures.kept[3]?.errorMessage ?? '', /n: must be a number/)
    assert.deepEqual(Buffer.from(failures.kept[5]?.args ?? []), Buffer.from([0, 1, 2]))
  })

  it('passes binary arguments of 1 MB through, and keeps them as they came', async () => {
    const failures = keptFailures()
    await using bench = await memoryBench({ failures })
    const bytes = Buffer.from(Array.from({ length: 1 << 20 }, (_, index) => (index * 31) & 0xff))
    const seen: Buffer[] = []
    const job = defineJob({
      name: 'raw',
      queue: 'raw',
      serializer: bytesSerializer,
      perform: (args: Buffer) => {
        seen.push(args)
        throw new Error('too much')
      },
    })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, bytes)
    await until('it is kept', () => bench.depth('raw') === 0)
    assert.ok(seen[0]?.equals(bytes))
    assert.equal(failures.kept.length, 1)
    assert.ok(bytes.equals(failures.kept[0]?.args ?? Buffer.alloc(0)))
  })

  it('is kept as expired when it is of no use any more, and not performed', async () => {
    const failures = keptFailures()
    await using bench = await memoryBench({ failures })
    let performed = 0
    const job = defineJob({ name: 'news', queue: 'news', perform: () => void performed++ })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, 1, { id: 'old', envelope: { expiresAt: Date.now() - 1 } })
    await bench.send(job, 2, { envelope: { expiresAt: Date.now() + 3_600_000 } })
    await until('both are done', () => bench.depth('news') === 0)
    assert.equal(performed, 1)
    assert.deepEqual(
      failures.kept.map(({ jobId, reason }) => [jobId, reason]),
      [['old', 'expired']],
    )
  })

  it('is acknowledged and not performed when its run is finished already', async () => {
    await using bench = await memoryBench()
    let performed = 0
    const job = defineJob({ name: 'once', queue: 'once', perform: () => void performed++ })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, 1, { id: 'same' })
    await bench.send(job, 1, { id: 'same' })
    await bench.send(job, 1, { id: 'same', envelope: { requeues: 1 } })
    await until('all are acknowledged', () => bench.depth('once') === 0)
    assert.equal(performed, 2)
    assert.deepEqual(worker.describe().done, {
      succeeded: 2,
      failed: 0,
      retried: 0,
      deduplicated: 1,
      interrupted: 0,
    })
  })

  it('marks the failure that it makes good', async () => {
    const failures = keptFailures()
    await using bench = await memoryBench({ failures })
    const job = defineJob({ name: 'again', queue: 'again', perform: () => {} })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, 1, { id: 'fixed', envelope: { requeues: 2 } })
    await until('it is acknowledged', () => bench.depth('again') === 0)
    assert.deepEqual(failures.resolvedJobs, ['fixed.2'])
  })

  it('goes to the queue of failures where the store is down, and is acknowledged only then', async () => {
    const failures = keptFailures()
    failures.down = true
    await using bench = await memoryBench({ failures })
    const job = defineJob({
      name: 'bad',
      queue: 'bad',
      perform: () => {
        throw Object.assign(new RangeError('out of it'), { code: 'E_OUT' })
      },
    })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, { a: 1 }, { id: 'bad-1' })
    await until('it is acknowledged', () => bench.depth('bad') === 0)
    assert.equal(bench.depth(FAILED_QUEUE), 1)
    const stream = bench.connection.deliveries(`queue://${FAILED_QUEUE}`)
    const { value: delivery } = await stream.next()
    const failure = parseFailure(delivery.text())
    await delivery.ack()
    await stream.return()
    assert.equal(delivery.id, 'bad-1.0')
    assert.deepEqual(
      [failure.id, failure.reason, failure.errorClass, failure.errorCode, String(Buffer.from(failure.args))],
      ['bad-1.0', 'exception', 'RangeError', 'E_OUT', '{"a":1}'],
    )
  })

  it('is acknowledged neither before the store nor the queue of failures has it', async () => {
    const failures = keptFailures()
    failures.down = true
    await using bench = await memoryBench({ failures })
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const job = defineJob({
      name: 'bad',
      queue: 'bad',
      perform: async () => {
        await released
        throw new Error('no')
      },
    })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, 1)
    await until('it runs', () => worker.describe().slots.length === 1)
    bench.broker.nackNext(100_000)
    release()
    const inVain = (): number => bench.log.filter(({ message }) => message.includes('could be kept nowhere')).length
    await until('both were tried twice', () => inVain() >= 2)
    assert.equal(bench.depth('bad'), 1, 'it is not acknowledged')
    assert.equal(bench.depth(FAILED_QUEUE), 0)
    failures.down = false
    bench.broker.nackNext(0)
    await until('it is acknowledged', () => bench.depth('bad') === 0)
    assert.equal(failures.kept.length + bench.depth(FAILED_QUEUE), 1)
  })
})

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
