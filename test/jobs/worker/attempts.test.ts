import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { readEnvelope } from '../../../src/jobs/envelope.ts'
import type { RetryOptions } from '../../../src/jobs/retry-policy.ts'
import { keptFailures, memoryBench, type ScriptedBench, scriptedBench, settled, until } from './working.ts'

const failing = (retry: RetryOptions, queue = 'jobs', timeout?: number) =>
  defineJob({
    name: 'fails',
    queue,
    retry,
    ...(timeout === undefined ? {} : { timeout }),
    perform: (_: unknown, { attempt }): void => {
      throw new Error(`attempt ${attempt}`)
    },
  })

describe('attempts', () => {
  it('are sent with the delays of the formula, and the failure is kept after the last', async () => {
    const failures = keptFailures()
    const bench = await scriptedBench({ failures, random: () => 0.5 })
    const job = failing({ attempts: 4, backoff: { delay: 1000, max: 3000, jitter: 0.4 } })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, { a: 1 }, { id: 'j', envelope: { enqueuedAt: 5, priority: 7 }, headers: { color: 'red' } })
    const delays: number[] = []
    for (let attempt = 2; attempt <= 4; attempt++) {
      await settled()
      const message = bench.sentTo('jobs').at(-1)?.message
      assert.ok(message)
      const envelope = readEnvelope(message.headers)
      assert.equal(message.id, 'j')
      assert.equal(envelope.attempt, attempt)
      assert.equal(envelope.enqueuedAt, 5)
      assert.equal(message.priority, 7)
      assert.equal(message.headers['color'], 'red')
      assert.equal(String(message.body), '{"a":1}')
      assert.equal(envelope.history.length, attempt - 1)
      delays.push(Number(message.deliverAtMs) - bench.clock.wallTime())
      bench.subscription('jobs').deliver('j', { body: message.body, headers: message.headers })
    }
    await settled()
    assert.deepEqual(delays, [1000, 2000, 3000])
    const [kept] = failures.kept
    assert.deepEqual(
      kept?.attempts.map(({ attempt, error }) => [attempt, error]),
      [1, 2, 3, 4].map((attempt) => [attempt, `Error: attempt ${attempt}`]),
    )
    assert.deepEqual(
      bench.subscription('jobs').settlements.map(({ as }) => as),
      ['ack', 'ack', 'ack', 'ack'],
    )
    assert.deepEqual(worker.describe().done, { succeeded: 0, failed: 1, retried: 3, deduplicated: 0, interrupted: 0 })
    await end(bench, worker)
  })

  it('are not spent on a failure that is not worth it, nor where retryIf throws', async () => {
    for (const retryIf of [
      (error: unknown) => !(error instanceof Error && error.message === 'attempt 1'),
      () => {
        throw new Error('undecided')
      },
    ]) {
      const failures = keptFailures()
      await using bench = await memoryBench({ failures })
      const job = failing({ attempts: 3, backoff: { delay: 0 }, retryIf })
      await using worker = bench.worker({ jobs: [job] })
      await worker.start()
      await bench.send(job)
      await until('it is kept', () => failures.kept.length === 1 && bench.depth('jobs') === 0)
      assert.equal(failures.kept[0]?.attempts.length, 1)
    }
  })

  it('are confirmed before the delivery is acknowledged', async () => {
    const bench = await scriptedBench()
    const job = failing({ attempts: 2, backoff: { delay: 10 } })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    for (const link of bench.transport.links) link.confirms = false
    bench.deliver(job, 1, { id: 'j' })
    await settled()
    const [retry] = bench.sentTo('jobs')
    assert.ok(retry)
    assert.deepEqual(bench.subscription('jobs').settlements, [])
    retry.confirm()
    await settled()
    assert.deepEqual(bench.subscription('jobs').settlements, [{ id: 'j', as: 'ack' }])
    await end(bench, worker)
  })

  it('that a broker will not take for good end in the failure store', async () => {
    const failures = keptFailures()
    const bench = await scriptedBench({ failures })
    const job = failing({ attempts: 2, backoff: { delay: 10 } })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    for (const link of bench.transport.links) link.confirms = false
    bench.deliver(job, 1, { id: 'j' })
    for (let offers = 0; offers < 60 && failures.kept.length === 0; offers++) {
      await settled()
      bench.sentTo('jobs').at(-1)?.fail('rejected')
      // Heartbeats, whose confirms would be missed.
      for (const link of bench.transport.links) link.confirmAll()
      await bench.clock.advance(10_000)
    }
    assert.deepEqual(
      failures.kept.map(({ jobId, errorMessage }) => [jobId, errorMessage]),
      [['j', 'attempt 1']],
    )
    assert.match(failures.kept[0]?.attempts.at(-1)?.error ?? '', /^Error: attempt 1; not tried again: ./)
    assert.deepEqual(bench.subscription('jobs').settlements, [{ id: 'j', as: 'ack' }])
    assert.ok(bench.log.some(({ message }) => message === 'the next attempt of a job could not be sent'))
    for (const link of bench.transport.links) link.confirms = true
    await end(bench, worker)
  })

  it('that would have to wait are refused at the start where the broker cannot delay', async () => {
    const bench = await scriptedBench()
    bench.transport.capabilities = { ...bench.transport.capabilities, delay: false }
    const worker = bench.worker({ jobs: [failing({ attempts: 2 })] })
    await assert.rejects(
      worker.start(),
      (error) => error instanceof UnderstudyError && error.code === 'unsupported' && /fails/.test(error.message),
    )
    const patient = bench.worker({ jobs: [failing({ attempts: 2, backoff: { delay: 0 } })] })
    await patient.start()
    await end(bench, patient)
    await worker.stop()
  })
})

describe('a timeout', () => {
  it('fires the signal, frees the slot when the job ends, and is kept as timeout', async () => {
    const failures = keptFailures()
    const bench = await scriptedBench({ failures })
    const job = defineJob({
      name: 'slow',
      queue: 'jobs',
      timeout: 1000,
      perform: (_: unknown, { signal }) =>
        new Promise<never>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, 1, { id: 'j' })
    await bench.clock.advance(999)
    assert.equal(failures.kept.length, 0)
    await bench.clock.advance(1)
    assert.deepEqual(
      failures.kept.map(({ reason, errorMessage }) => [reason, errorMessage]),
      [['timeout', 'job slow was not done in 1000 ms']],
    )
    assert.deepEqual(worker.describe().slots, [])
    await end(bench, worker)
  })

  it('gives a job up that never ends five seconds later, tells it, and frees its slot', async () => {
    const failures = keptFailures()
    const bench = await scriptedBench({ failures })
    const job = defineJob({ name: 'stuck', queue: 'jobs', timeout: 1000, perform: () => new Promise<never>(() => {}) })
    const worker = bench.worker({ jobs: [job], prefetch: 2 })
    await worker.start()
    bench.deliver(job, 1, { id: 'a' })
    await bench.clock.advance(500)
    bench.deliver(job, 1, { id: 'b' })
    await bench.clock.advance(5499)
    assert.deepEqual(
      worker.describe().slots.map(({ jobId }) => jobId),
      ['a'],
    )
    await bench.clock.advance(1)
    assert.deepEqual(
      worker.describe().slots.map(({ jobId }) => jobId),
      ['b'],
    )
    assert.deepEqual(
      failures.kept.map(({ jobId, reason }) => [jobId, reason]),
      [['a', 'timeout']],
    )
    assert.ok(bench.log.some(({ level, message }) => level === 'error' && /did not end when it was told/.test(message)))
    await bench.clock.advance(6000)
    assert.equal(failures.kept.length, 2)
    await end(bench, worker)
  })

  it('does not count a late end as a success', async () => {
    const failures = keptFailures()
    const bench = await scriptedBench({ failures })
    const { promise, resolve } = Promise.withResolvers<void>()
    const job = defineJob({ name: 'late', queue: 'jobs', timeout: 1000, perform: () => promise })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, 1)
    await bench.clock.advance(1000)
    resolve()
    await settled()
    assert.equal(failures.kept[0]?.reason, 'timeout')
    await end(bench, worker)
  })
})

async function end(bench: ScriptedBench, worker: { stop(): Promise<void> }): Promise<void> {
  const stopping = worker.stop()
  await settled()
  await bench.clock.advance(5000)
  await stopping
  const closing = bench.connection.close()
  await settled()
  await bench.clock.advance(60_000)
  await closing
  assert.equal(bench.clock.pending, 0, 'no timer is left')
}
