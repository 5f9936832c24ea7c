import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { defineJob } from '../../../src/jobs/define-job.ts'
import { JobFailedError, type JobProgress } from '../../../src/jobs/followed-job.ts'
import { replyResults } from '../../../src/jobs/results/reply.ts'
import type { JobState, ResultsSession } from '../../../src/jobs/results/results.ts'
import type { Delivery } from '../../../src/listener/delivery.ts'
import { eventually } from '../../../src/testing/contract/waiting.ts'
import { type Enqueueing, enqueueing, failsWith } from '../enqueueing.ts'

const job = defineJob({ name: 'count', queue: 'counts', perform: (to: number) => ({ counted: to }) })

interface Telling extends Enqueueing {
  /** What a worker's application has of its results. */
  readonly worker: ResultsSession
}

/** An enqueuer with results by reply, and a worker's session, each over a connection of its own. */
async function telling(context: TestContext, query = ''): Promise<Telling> {
  const of = await enqueueing(context, { results: replyResults() }, query)
  const { connection } = await of.other()
  const worker = await replyResults().open({
    name: 'worker',
    clock: { now: () => 0, wallTime: () => 0, after: () => ({ cancel: () => {} }) },
    send: (destination, payload, options) => connection.send(destination, payload, options),
    replyTo: 'queue://of.the.worker',
    hearReplies: () => Promise.reject(new Error('a worker listens to no replies')),
  })
  return { ...of, worker }
}

const addressOf = ({ id, replyTo }: Delivery): { jobId: string; replyTo: string | undefined } => ({
  jobId: id,
  replyTo,
})
const progress = (percent: number): JobState => ({ kind: 'progress', percent, message: undefined, at: percent })
const done = (value: unknown): JobState => ({ kind: 'succeeded', value, at: 1 })

test('progress comes in order and before the result, to the process that enqueued the job', async (context) => {
  const of = await telling(context)
  const handle = await of.app.enqueue(job, 3)
  const [delivery] = await of.taken('counts')
  assert.ok(delivery)
  assert.match(delivery.replyTo ?? '', /^queue:\/\/understudy\.reply\.[0-9a-f-]{36}$/)
  const seen: JobProgress[] = []
  const reading = (async () => {
    for await (const news of handle.progress()) seen.push(news)
    return 'ended'
  })()
  for (const percent of [10, 50, 90]) await of.worker.put(addressOf(delivery), progress(percent))
  await of.worker.put(addressOf(delivery), done({ counted: 3 }))
  const result: { counted: number } = await handle.result({ timeout: 30_000 })
  assert.deepEqual(result, { counted: 3 })
  assert.equal(await reading, 'ended')
  assert.deepEqual(
    seen.map(({ percent }) => percent),
    [10, 50, 90],
  )
  const late: number[] = []
  for await (const { percent } of handle.progress()) late.push(percent)
  assert.deepEqual(late, [10, 50, 90])
  assert.deepEqual(of.connection.requests, { open: 0, unmatched: 0, passedOn: 0 })
})

test('a job that failed for good rejects with what it failed of', async (context) => {
  const of = await telling(context)
  const handle = await of.app.enqueue(job, 3)
  const [delivery] = await of.taken('counts')
  assert.ok(delivery)
  const state: JobState = { kind: 'failed', errorClass: 'TypeError', errorMessage: 'no', reason: 'exception', at: 1 }
  await of.worker.put(addressOf(delivery), state)
  await assert.rejects(handle.result(), (error) => {
    assert.ok(error instanceof JobFailedError)
    assert.deepEqual(
      [error.code, error.jobId, error.reason, error.errorClass, error.errorMessage],
      ['remote', handle.id, 'exception', 'TypeError', 'no'],
    )
    return true
  })
  for await (const _ of handle.progress()) assert.fail('there was none')
})

test('copies of what was told, and what comes after the end, are not told again', async (context) => {
  const of = await telling(context)
  const handle = await of.app.enqueue(job, 3)
  const [delivery] = await of.taken('counts')
  const replyTo = delivery?.replyTo ?? ''
  const tell = async (from: string, sequence: number, state: JobState): Promise<void> => {
    await of.connection.send(replyTo, state, {
      correlationId: handle.id,
      headers: {
        'understudy-reply': 'progress',
        'understudy-reply-from': from,
        'understudy-reply-sequence': `${sequence}`,
      },
    })
  }
  await tell('a', 1, progress(10))
  await tell('a', 2, progress(20))
  await tell('a', 1, progress(10))
  await tell('b', 1, progress(5))
  await tell('a', 2, progress(20))
  await tell('b', 2, done('b'))
  await tell('a', 3, done('a'))
  assert.equal(await handle.result(), 'b')
  const seen: number[] = []
  for await (const { percent } of handle.progress()) seen.push(percent)
  assert.deepEqual(seen, [10, 20, 5])
  await eventually('the late one', () => of.connection.requests.unmatched === 1)
})

test('after a failover the reply queue is listened to again', async (context) => {
  const of = await telling(context)
  const handle = await of.app.enqueue(job, 3)
  const [delivery] = await of.taken('counts')
  assert.ok(delivery)
  of.broker.stop()
  of.broker.restart()
  await of.worker.put(addressOf(delivery), progress(50))
  await of.worker.put(addressOf(delivery), done('after'))
  assert.equal(await handle.result({ timeout: 30_000 }), 'after')
})

test('two jobs of one identity have one result', async (context) => {
  const of = await telling(context)
  const handles = [await of.app.enqueue(job, 1, { dedupKey: 'k' }), await of.app.enqueue(job, 1, { dedupKey: 'k' })]
  const [delivery] = await of.taken('counts', 2)
  assert.ok(delivery)
  await of.worker.put(addressOf(delivery), done(1))
  assert.deepEqual(await Promise.all(handles.map((handle) => handle.result())), [1, 1])
})

test('who waits gives up at the timeout, and by the signal; the result can still be had', async (context) => {
  const of = await telling(context)
  const handle = await of.app.enqueue(job, 3)
  await assert.rejects(handle.result({ timeout: 1 }), failsWith('deadline', /had not ended after 1 ms/))
  const given = new AbortController()
  const waiting = handle.result({ signal: given.signal })
  given.abort()
  await assert.rejects(waiting, failsWith('aborted'))
  await assert.rejects(handle.result({ signal: given.signal }), failsWith('aborted'))
  await assert.rejects(handle.result({ timeout: -1 }), failsWith('invalid-option', /timeout must be a number above 0/))
  await assert.rejects(handle.result({ timeut: 1 } as never), failsWith('invalid-option', /did you mean timeout\?/))
  const [delivery] = await of.taken('counts')
  assert.ok(delivery)
  await of.worker.put(addressOf(delivery), done('late'))
  assert.equal(await handle.result(), 'late')
})

test('where nobody wants a result, none is asked for', async (context) => {
  const of = await telling(context)
  const handle = await of.app.enqueue(job, 3, { result: false })
  const [delivery] = await of.taken('counts')
  assert.ok(delivery)
  assert.equal(delivery.replyTo, undefined)
  await of.worker.put(addressOf(delivery), done('to nobody'))
  await assert.rejects(handle.result(), failsWith('unsupported', /nobody asked for the result/))
  const plain = await of.other()
  const other = await plain.app.enqueue(job, 3)
  await assert.rejects(other.result(), failsWith('unsupported', /createApp\(\{ results \}\)/))
  await assert.rejects(plain.app.result(other.id), failsWith('unsupported'))
  await assert.rejects(of.app.result(handle.id), failsWith('unsupported', /are not kept/))
})

test('who waits for a result is told when the application or its connection is closed', async (context) => {
  const of = await telling(context)
  const handle = await of.app.enqueue(job, 3)
  const reading = (async () => {
    for await (const _ of handle.progress()) assert.fail('there was none')
  })()
  const ended = Promise.all([
    assert.rejects(handle.result(), failsWith('closed')),
    assert.rejects(reading, failsWith('closed')),
  ])
  await of.app.close()
  await ended
  const second = await of.other({ results: replyResults() })
  const waiting = (await second.app.enqueue(job, 3)).result()
  await Promise.all([assert.rejects(waiting, failsWith('closed')), second.connection.close()])
})

test('a result that is no JSON is told without it, and the worker hears why', async (context) => {
  const of = await telling(context)
  const handle = await of.app.enqueue(job, 3)
  const [delivery] = await of.taken('counts')
  assert.ok(delivery)
  await assert.rejects(of.worker.put(addressOf(delivery), done(1n)), failsWith('invalid-option', /is no JSON/))
  assert.equal(await handle.result(), undefined)
})

test('a worker and an enqueuer work hand in hand, retries and all', async (testing) => {
  const of = await enqueueing(testing, { results: replyResults() })
  const { app: there } = await of.other({ results: replyResults() })
  const flaky = defineJob({
    name: 'flaky',
    retry: { attempts: 3, backoff: { delay: 0 } },
    perform: async (add: number, context) => {
      const { attempt } = context
      await context.progress(attempt * 30)
      if (attempt < 3) throw new Error(`attempt ${attempt}`)
      return add + attempt
    },
  })
  const worker = there.worker({ jobs: [flaky], concurrency: 4 })
  await worker.start()
  const { handles, confirmed } = await of.app.enqueueMany(flaky, [10, 20, 30])
  assert.equal(confirmed, 3)
  const results: number[] = await Promise.all(handles.map((handle) => handle.result({ timeout: 60_000 })))
  assert.deepEqual(results, [13, 23, 33])
  for (const handle of handles) {
    const seen: number[] = []
    for await (const { percent } of handle.progress()) seen.push(percent)
    assert.deepEqual(seen, [30, 60, 90])
  }
})

test('a bound that cannot be is refused', () => {
  for (const ttl of [0, -1, Number.NaN]) assert.throws(() => replyResults({ ttl }), failsWith('invalid-option', /ttl/))
  assert.throws(() => replyResults({ tll: 1 } as never), failsWith('invalid-option', /did you mean ttl\?/))
})
