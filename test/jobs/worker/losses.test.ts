import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { memoryLedger } from '../../../src/jobs/ledger/memory.ts'
import type { JobState } from '../../../src/jobs/results/results.ts'
import { keptFailures, memoryBench, scriptedBench, settled, until } from './working.ts'

describe('a link that is lost while a job runs', () => {
  it('spends no attempt: the job goes on, and its redelivery waits for it and is acknowledged without running', async () => {
    await using bench = await memoryBench()
    const { promise, resolve } = Promise.withResolvers<void>()
    const runs: number[] = []
    const job = defineJob({
      name: 'long',
      queue: 'jobs',
      perform: async (_: unknown, { attempt }) => {
        runs.push(attempt)
        await promise
      },
    })
    await using worker = bench.worker({ jobs: [job], concurrency: 2 })
    await worker.start()
    await bench.send(job, 1)
    await until('it runs', () => runs.length === 1)
    const subscribed = nextSubscribed(bench.connection)
    bench.broker.cut()
    await subscribed
    // Something else is worked on meanwhile: the copy that waits takes no slot.
    const other = defineJob({ name: 'other', queue: 'others', perform: () => {} })
    await using second = bench.worker({ jobs: [other] })
    await second.start()
    await bench.send(other)
    await until('the other is done', () => bench.depth('others') === 0)
    resolve()
    await until('the copy is acknowledged', () => bench.depth('jobs') === 0)
    assert.deepEqual(runs, [1])
    const { succeeded, deduplicated, failed } = worker.describe().done
    assert.deepEqual({ succeeded, deduplicated, failed }, { succeeded: 1, deduplicated: 1, failed: 0 })
  })

  it('and that fails afterwards is run again as the same attempt', async () => {
    const failures = keptFailures()
    await using bench = await memoryBench({ failures })
    const { promise, resolve } = Promise.withResolvers<void>()
    const attempts: number[] = []
    const job = defineJob({
      name: 'fragile',
      queue: 'jobs',
      retry: { attempts: 2, backoff: { delay: 0 } },
      perform: async (_: unknown, { attempt }) => {
        attempts.push(attempt)
        if (attempts.length > 1) return
        await promise
        throw new Error('the broker is gone')
      },
    })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job, 1)
    await until('it runs', () => attempts.length === 1)
    bench.broker.cut()
    resolve()
    await until('it is done', () => bench.depth('jobs') === 0)
    assert.deepEqual(attempts, [1, 1])
    assert.deepEqual(failures.kept, [])
    assert.equal(worker.describe().done.interrupted, 1)
  })

  it('is subscribed anew after each of 20 failovers', async () => {
    await using bench = await memoryBench()
    const done: number[] = []
    const job = defineJob({ name: 'count', queue: 'jobs', perform: (n: number) => void done.push(n) })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    for (let failover = 1; failover <= 20; failover++) {
      bench.broker.cut()
      await bench.send(job, failover)
      await until(`failover ${failover}: it is worked on`, () => done.includes(failover))
    }
    await until('all are acknowledged', () => bench.depth('jobs') === 0)
    assert.equal(worker.describe().done.succeeded, 20)
  })
})

describe('a start whose link was lost', () => {
  it('does not count as a lost worker, however often that happens to a long job', async () => {
    const failures = keptFailures()
    const ledger = memoryLedger()
    const bench = await scriptedBench({ failures, ledger })
    const { promise, resolve } = Promise.withResolvers<void>()
    const job = defineJob({ name: 'long', queue: 'jobs', perform: () => promise })
    const worker = bench.worker({ jobs: [job], maxLost: 1 })
    await worker.start()
    for (let failover = 0; failover < 3; failover++) {
      bench.deliver(job, 1, { id: 'j' })
      await settled()
      // As a worker of another process would, which gets the copy.
      assert.equal((await ledger.begin('j/0/1', 'another')).starts, failover === 0 ? 2 : 1)
      await ledger.interrupted('j/0/1')
      for (const link of bench.transport.links) link.die()
      await bench.clock.advance(5000)
    }
    assert.equal((await ledger.begin('j/0/1', 'another')).starts, 1)
    resolve()
    await settled()
    assert.equal((await ledger.begin('j/0/1', 'another')).finished, true)
    assert.deepEqual(failures.kept, [])
    await worker.stop({ grace: 0 })
    await bench.connection.close()
  })
})

describe('two copies of one run', () => {
  it('that come at once, to one worker or to two, are run once', async () => {
    const ledger = memoryLedger()
    const bench = await scriptedBench({ ledger })
    const { promise, resolve } = Promise.withResolvers<void>()
    let runs = 0
    const job = defineJob({
      name: 'once',
      queue: 'jobs',
      perform: async () => {
        runs++
        await promise
      },
    })
    const workers = [1, 2].map(() => bench.worker({ jobs: [job], concurrency: 2 }))
    for (const worker of workers) await worker.start()
    const [one, two] = bench.transport.links.flatMap(({ subscriptions }) =>
      subscriptions.filter(({ destination }) => destination.name === 'jobs'),
    )
    const copy = { body: Buffer.from('1'), headers: { 'understudy-job': 'once' } }
    for (const subscription of [one, one, two]) subscription?.deliver('j', copy)
    await settled()
    assert.equal(runs, 1)
    resolve()
    await settled()
    assert.equal(runs, 1)
    assert.deepEqual(
      [one, two].map((subscription) => subscription?.settlements.map(({ as }) => as)),
      [['ack', 'ack'], ['ack']],
    )
    await Promise.all(workers.map((worker) => worker.stop({ grace: 0 })))
    await bench.connection.close()
  })

  it('that get their slots at once are run once', async () => {
    const bench = await scriptedBench()
    const { promise, resolve } = Promise.withResolvers<void>()
    const runs: unknown[] = []
    const job = defineJob({
      name: 'once',
      queue: 'jobs',
      perform: async (args: string) => {
        runs.push(args)
        await promise
      },
    })
    const worker = bench.worker({ jobs: [job], concurrency: 2, prefetch: 10 })
    await worker.start()
    for (const id of ['a', 'b', 'j', 'j']) bench.deliver(job, id, { id })
    await settled()
    assert.equal(worker.describe().queues[0]?.waiting, 2)
    resolve()
    await settled()
    assert.deepEqual(runs, ['a', 'b', 'j'])
    assert.equal(worker.describe().done.deduplicated, 1)
    await worker.stop({ grace: 0 })
    await bench.connection.close()
  })
})

describe('a pause right behind a delivery', () => {
  it('finds it in hand, and ends the subscription when it is acknowledged', async () => {
    const bench = await scriptedBench()
    const { promise, resolve } = Promise.withResolvers<void>()
    const job = defineJob({ name: 'early', queue: 'jobs', perform: () => promise })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    const subscription = bench.subscription('jobs')
    bench.deliver(job, 1)
    worker.pause()
    await settled()
    assert.equal(subscription.cancelled, false)
    resolve()
    await settled()
    assert.deepEqual([subscription.settlements.length, subscription.cancelled], [1, true])
    await worker.stop({ grace: 0 })
    await bench.connection.close()
  })
})

describe('a run that was begun too often', () => {
  it('is kept as worker_lost and not run, whatever the broker says of a redelivery', async () => {
    const failures = keptFailures()
    const ledger = memoryLedger()
    const bench = await scriptedBench({ failures, ledger })
    let runs = 0
    const job = defineJob({ name: 'poison', queue: 'jobs', perform: () => void runs++ })
    const worker = bench.worker({ jobs: [job], maxLost: 2 })
    await worker.start()
    for (let lost = 0; lost < 2; lost++) await ledger.begin('j/0/1', 'dead')
    bench.deliver(job, 1, { id: 'j', redelivered: false })
    await settled()
    assert.equal(runs, 0)
    assert.deepEqual(
      failures.kept.map(({ reason, jobId, errorMessage }) => [reason, jobId, errorMessage]),
      [['worker_lost', 'j', 'workers were lost 2 times while they worked on it']],
    )
    assert.deepEqual(bench.subscription('jobs').settlements, [{ id: 'j', as: 'ack' }])
    for (let lost = 0; lost < 1; lost++) await ledger.begin('k/0/1', 'dead')
    bench.deliver(job, 1, { id: 'k', redelivered: true })
    await settled()
    assert.equal(runs, 1)
    await worker.stop({ grace: 0 })
    await bench.connection.close()
  })
})

describe('a ledger that is down', () => {
  it('lets no job begin until it answers', async () => {
    const ledger = memoryLedger()
    let down = true
    await using bench = await memoryBench({
      ledger: {
        ...ledger,
        begin: async (run, worker) => {
          if (down) throw new UnderstudyError('storage', 'the disk is away', { retriable: true })
          return await ledger.begin(run, worker)
        },
      },
    })
    let runs = 0
    const job = defineJob({ name: 'careful', queue: 'jobs', perform: () => void runs++ })
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    await bench.send(job)
    await until('it was asked', () => bench.log.some(({ message }) => message.startsWith('the ledger does not answer')))
    assert.equal(runs, 0)
    down = false
    await until('it is done', () => bench.depth('jobs') === 0)
    assert.equal(runs, 1)
  })

  it('or results that are down keep no finished job unacknowledged for longer than their bound', async () => {
    const ledger = memoryLedger()
    const away = async (): Promise<never> => {
      throw new UnderstudyError('storage', 'away', { retriable: true })
    }
    const bench = await scriptedBench({
      ledger: { ...ledger, finish: away },
      results: { replyTo: undefined, watch: away, get: away, put: away, close: async () => {} },
    })
    const job = defineJob({ name: 'done', queue: 'jobs', perform: () => 42 })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, 1, { id: 'j' })
    await bench.clock.advance(29_000)
    assert.deepEqual(bench.subscription('jobs').settlements, [])
    await bench.clock.advance(60_000)
    assert.deepEqual(bench.subscription('jobs').settlements, [{ id: 'j', as: 'ack' }])
    await worker.stop({ grace: 0 })
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })
})

describe('progress and outcome', () => {
  it('are told in order, the outcome before the run is noted and acknowledged', async () => {
    const told: string[] = []
    const ledger = memoryLedger()
    const say = (state: JobState): string =>
      state.kind === 'progress' ? `${state.percent} ${state.message}` : state.kind
    const bench = await scriptedBench({
      ledger: {
        ...ledger,
        finish: async (run) => {
          told.push(`finish ${run}`)
          await ledger.finish(run)
        },
      },
      results: {
        replyTo: undefined,
        watch: async () => ({ close: () => {} }),
        get: async () => undefined,
        put: async ({ jobId, replyTo }, state) => {
          told.push(`${jobId} ${replyTo} ${say(state)}`)
        },
        close: async () => {},
      },
    })
    const refused: unknown[] = []
    const job = defineJob({
      name: 'tells',
      queue: 'jobs',
      perform: async (_: unknown, context) => {
        void context.progress(10, 'ten')
        await context.progress(50, 'half')
        await context.progress(101).catch((error: unknown) => refused.push(error))
        return 'fine'
      },
    })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.subscription('jobs').deliver('j', {
      body: Buffer.from('1'),
      headers: { 'understudy-job': 'tells' },
      replyTo: { kind: 'queue', name: 'answers' },
    })
    await settled()
    assert.deepEqual(told, [
      'j queue://answers 10 ten',
      'j queue://answers 50 half',
      'j queue://answers succeeded',
      'finish j/0/1',
    ])
    assert.ok(refused[0] instanceof UnderstudyError && refused[0].code === 'invalid-option')
    assert.deepEqual(bench.subscription('jobs').settlements, [{ id: 'j', as: 'ack' }])
    await worker.stop({ grace: 0 })
    await bench.connection.close()
  })
})

function nextSubscribed(connection: {
  observe(observer: (event: { readonly type: string }) => void): () => void
}): Promise<void> {
  return new Promise((resolve) => {
    const stop = connection.observe(({ type }) => {
      if (type !== 'subscribed') return
      stop()
      resolve()
    })
  })
}
