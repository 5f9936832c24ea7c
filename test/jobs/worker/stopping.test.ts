import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UnderstudyError } from '../../../src/errors.ts'
import { defineJob } from '../../../src/jobs/define-job.ts'
import type { JobContext } from '../../../src/jobs/job.ts'
import { keptFailures, memoryBench, scriptedBench, settled, until } from './working.ts'

/** A job whose runs end when the test says so. */
function gated(queue = 'jobs') {
  const running = new Map<unknown, { readonly end: () => void; readonly context: JobContext }>()
  const began: unknown[] = []
  const job = defineJob({
    name: `gated.${queue}`,
    queue,
    perform: (args: unknown, context) =>
      new Promise<void>((resolve) => {
        began.push(args)
        running.set(args, { end: resolve, context })
      }),
  })
  return { job, began, running, end: (args: unknown) => running.get(args)?.end() }
}

describe('a pause', () => {
  it('takes nothing more, lets the job in hand end, and a resume goes on', async () => {
    await using bench = await memoryBench()
    const { job, began, end } = gated()
    await using worker = bench.worker({ jobs: [job], prefetch: 2 })
    await worker.start()
    for (const n of [1, 2, 3]) await bench.send(job, n)
    await until('the first runs', () => began.length === 1)
    worker.pause()
    worker.pause()
    assert.equal(worker.state, 'paused')
    end(1)
    await until('the first is done', () => bench.depth('jobs') === 2)
    await until('nothing is held here', () => worker.describe().queues[0]?.waiting === 0)
    assert.deepEqual(began, [1])
    // Another worker gets what this one had been delivered and had not begun.
    const other = bench.worker({ jobs: [job] })
    await other.start()
    await until('the second runs there', () => began.length === 2)
    worker.resume()
    assert.equal(worker.state, 'running')
    await until('the third runs here', () => began.length === 3)
    assert.equal(worker.describe().slots.length, 1)
    for (const n of [2, 3]) end(n)
    await until('all are done', () => bench.depth('jobs') === 0)
    await other.stop()
  })

  it('may be of one queue, and is read from the failure store at the start and with every heartbeat', async () => {
    const failures = keptFailures()
    failures.pausedQueues = ['low']
    await using bench = await memoryBench({ failures })
    const [high, low] = [gated('high'), gated('low')]
    await using worker = bench.worker({ jobs: [high.job, low.job], concurrency: 4, heartbeat: 5 })
    await worker.start()
    await bench.send(low.job, 'l')
    await bench.send(high.job, 'h')
    await until('the high one runs', () => high.began.length === 1)
    assert.deepEqual(low.began, [])
    assert.deepEqual(
      worker.describe().queues.map(({ queue, paused }) => [queue, paused]),
      [
        ['high', false],
        ['low', true],
      ],
    )
    assert.equal(worker.state, 'running')
    failures.pausedQueues = []
    await until('the low one runs', () => low.began.length === 1)
    high.end('h')
    low.end('l')
  })
})

describe('a stop', () => {
  it('waits for the job in hand, acknowledges it and takes nothing more', async () => {
    await using bench = await memoryBench()
    const { job, began, end } = gated()
    const worker = bench.worker({ jobs: [job], prefetch: 3 })
    await worker.start()
    for (const n of [1, 2, 3]) await bench.send(job, n)
    await until('the first runs', () => began.length === 1)
    const stopping = worker.stop()
    assert.equal(worker.stop(), stopping)
    assert.equal(worker.state, 'stopping')
    end(1)
    await stopping
    assert.equal(worker.state, 'stopped')
    assert.deepEqual(began, [1])
    assert.equal(bench.depth('jobs'), 2)
    const next = bench.worker({ jobs: [job], concurrency: 2 })
    await next.start()
    await until('another worker has the rest', () => began.length === 3)
    end(2)
    end(3)
    await next.stop()
    assert.equal(bench.depth('jobs'), 0)
  })

  it('past its grace fires the signal and leaves the job on the broker, also one that does not end', async () => {
    for (const obeys of [true, false]) {
      await using bench = await memoryBench()
      const reasons: unknown[] = []
      let runs = 0
      const job = defineJob({
        name: 'long',
        queue: 'jobs',
        perform: (_: unknown, { signal }) => {
          runs++
          if (runs > 1) return undefined
          return new Promise<void>((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason)
              if (obeys) reject(signal.reason as Error)
            })
          })
        },
      })
      const worker = bench.worker({ jobs: [job] })
      await worker.start()
      await bench.send(job, 1)
      await until('it runs', () => runs === 1)
      await worker.stop({ grace: 1 })
      assert.ok(reasons[0] instanceof UnderstudyError && reasons[0].code === 'aborted')
      assert.equal(bench.depth('jobs'), 1)
      assert.equal(worker.describe().done.interrupted, 1)
      const next = bench.worker({ jobs: [job] })
      await next.start()
      await until('another worker has done it', () => bench.depth('jobs') === 0)
      assert.equal(runs, 2)
      await next.stop()
    }
  })

  it('may come at any time and twice; a start after it is refused', async () => {
    await using bench = await memoryBench()
    const { job } = gated()
    const refused = (error: unknown): boolean => error instanceof UnderstudyError && error.code === 'closed'
    const never = bench.worker({ jobs: [job] })
    await never.stop()
    await never.stop()
    await assert.rejects(never.start(), refused)
    const early = bench.worker({ jobs: [job] })
    const starting = assert.rejects(early.start(), refused)
    await early.stop()
    await starting
    const twice = bench.worker({ jobs: [job] })
    await Promise.all([twice.start(), twice.start()])
    await Promise.all([twice.stop(), twice.stop()])
    await twice.stop()
    assert.equal(twice.state, 'stopped')
  })

  it('is refused with a grace that is no number of milliseconds, and the worker goes on', async () => {
    await using bench = await memoryBench()
    const { job, began, end } = gated()
    await using worker = bench.worker({ jobs: [job] })
    await worker.start()
    for (const grace of [Number.NaN, -1, '5s' as unknown as number])
      await assert.rejects(worker.stop({ grace }), (error) => {
        assert.ok(error instanceof UnderstudyError && error.code === 'invalid-option')
        assert.match(error.message, /^worker: grace must be milliseconds from 0 on, not (NaN|-1|5s)$/)
        return true
      })
    assert.equal(worker.state, 'running')
    await bench.send(job, 1)
    await until('it runs', () => began.length === 1)
    end(1)
    await worker.stop({ grace: Number.POSITIVE_INFINITY })
    assert.equal(worker.state, 'stopped')
  })

  it('leaves no timer, subscription or job behind', async () => {
    const bench = await scriptedBench()
    const job = defineJob({ name: 'limited', queue: 'jobs', timeout: 60_000, perform: () => {} })
    const worker = bench.worker({ jobs: [job] })
    await worker.start()
    bench.deliver(job, 1)
    await settled()
    const stopping = worker.stop()
    await settled()
    await bench.clock.advance(0)
    await stopping
    assert.deepEqual(
      bench.transport.links.flatMap(({ subscriptions }) => subscriptions.map(({ cancelled }) => cancelled)),
      [true, true],
    )
    await bench.connection.close()
    assert.equal(bench.clock.pending, 0)
  })
})

describe('an abort', () => {
  it('keeps what runs as aborted, without another attempt, and the worker stays', async () => {
    const failures = keptFailures()
    await using bench = await memoryBench({ failures })
    let runs = 0
    const job = defineJob({
      name: 'endless',
      queue: 'jobs',
      retry: { attempts: 5, backoff: { delay: 0 } },
      perform: (args: string, { signal }) => {
        runs++
        if (args === 'short') return undefined
        return new Promise<void>((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        )
      },
    })
    await using worker = bench.worker({ jobs: [job], concurrency: 2 })
    await worker.start()
    await bench.send(job, 'long', { id: 'one' })
    await bench.send(job, 'long', { id: 'two' })
    await until('both run', () => runs === 2)
    assert.equal(worker.abort('nobody'), 0)
    assert.equal(worker.abort('one'), 1)
    await until('it is kept', () => failures.kept.length === 1)
    assert.deepEqual([failures.kept[0]?.jobId, failures.kept[0]?.reason], ['one', 'aborted'])
    assert.equal(worker.abortCurrent(), 1)
    await bench.send(job, 'short')
    await until('all are acknowledged', () => bench.depth('jobs') === 0)
    assert.deepEqual(
      failures.kept.map(({ jobId }) => jobId),
      ['one', 'two'],
    )
    assert.deepEqual([runs, worker.state], [3, 'running'])
  })
})

describe('several queues', () => {
  it('are worked on in their order, of what was delivered', async () => {
    await using bench = await memoryBench()
    const high = gated('high')
    const order: string[] = []
    const quick = (queue: string) => defineJob({ name: `quick.${queue}`, queue, perform: () => void order.push(queue) })
    const [quickHigh, quickLow] = [quick('high'), quick('low')]
    await using worker = bench.worker({
      jobs: [high.job, quickHigh, quickLow],
      queues: ['high', 'low'],
      prefetch: 10,
    })
    await worker.start()
    await bench.send(high.job, 'first')
    await until('the slot is taken', () => high.began.length === 1)
    for (let nth = 0; nth < 3; nth++) {
      await bench.send(quickLow)
      await bench.send(quickHigh)
    }
    await until('six wait', () => worker.describe().queues.reduce((sum, { waiting }) => sum + waiting, 0) === 6)
    high.end('first')
    await until('all are done', () => bench.depth('high') + bench.depth('low') === 0)
    assert.deepEqual(order, ['high', 'high', 'high', 'low', 'low', 'low'])
  })

  it('default to those of the jobs', async () => {
    await using bench = await memoryBench()
    const worker = bench.worker({ jobs: [gated('a').job, gated('b').job] })
    assert.deepEqual(
      worker.describe().queues.map(({ queue }) => queue),
      ['a', 'b'],
    )
    await worker.stop()
  })
})

describe('prefetch 1', () => {
  it('lets no slow job starve a second worker', async () => {
    await using bench = await memoryBench()
    const { job, began, end } = gated()
    const quick = defineJob({ name: 'quick', queue: 'jobs', perform: () => {} })
    const workers = [1, 2].map(() => bench.worker({ jobs: [job, quick] }))
    for (const worker of workers) await worker.start()
    await bench.send(job, 'slow')
    await until('it runs', () => began.length === 1)
    for (let nth = 0; nth < 20; nth++) await bench.send(quick)
    await until('all but the slow one are done', () => bench.depth('jobs') === 1)
    end('slow')
    await until('it is done', () => bench.depth('jobs') === 0)
    for (const worker of workers) await worker.stop()
  })
})

describe('the options of a worker', () => {
  it('are refused where they cannot be, by name', async () => {
    await using bench = await memoryBench()
    const { job } = gated()
    const bad: readonly (readonly [object, RegExp])[] = [
      [{ jobs: [] }, /at least one job/],
      [{ jobs: [job, job] }, /two jobs are called "gated.jobs"/],
      [{ jobs: [job], concurency: 1 }, /did you mean concurrency/],
      [{ jobs: [job], concurrency: 0 }, /concurrency/],
      [{ jobs: [job], prefetch: 1.5 }, /prefetch/],
      [{ jobs: [job], queues: [] }, /queues/],
      [{ jobs: [job], queues: ['a', 'queue://a'] }, /named twice/],
      [{ jobs: [job], queues: ['topic://a'] }, /from queues/],
      [{ jobs: [job], queues: { a: 0 } }, /weight of queue a/],
      [{ jobs: [job], heartbeat: 0 }, /heartbeat/],
      [{ jobs: [job], stuckAfter: Number.NaN }, /stuckAfter/],
      [{ jobs: [job], name: '' }, /name/],
      [{ jobs: [job], maxLost: -1 }, /maxLost/],
    ]
    for (const [options, told] of bad) {
      assert.throws(
        () => bench.worker(options as never),
        (error) => error instanceof UnderstudyError && error.code === 'invalid-option' && told.test(error.message),
        String(told),
      )
    }
  })
})
