import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import test from 'node:test'
import { Registry } from 'prom-client'
import { connect } from '../../src/connect.ts'
import { createApp } from '../../src/jobs/app.ts'
import { defineJob } from '../../src/jobs/define-job.ts'
import type { FailureTally } from '../../src/jobs/failures/store.ts'
import type { JobSources, SeenWorker } from '../../src/telemetry/job-sources.ts'
import { metricsText, prometheusJobMetrics } from '../../src/telemetry/prometheus.ts'
import { memoryFailures } from '../../adapters/memory/failures.ts'
import type { QueueState } from '../../src/transport/queue-state.ts'
import { memoryBroker } from '../../src/testing/memory-broker.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { valuesOf } from './exposition.ts'

interface Watching {
  readonly clock: FakeClock
  readonly scrape: () => Promise<string>
  readonly values: (name: string) => Promise<Record<string, number>>
}

function watching(sources: JobSources): Watching {
  const [register, clock] = [new Registry(), new FakeClock()]
  prometheusJobMetrics(register, { clock }).watch(sources)
  const scrape = async (): Promise<string> => (await metricsText(register)).body
  return { clock, scrape, values: async (name) => valuesOf(await scrape(), `understudy_${name}`) }
}

/** A desk that is asked, and answers when it is told to. */
function scriptedDesk(): { asked: number; answer: () => Promise<FailureTally>; tally: () => Promise<FailureTally> } {
  const desk = {
    asked: 0,
    answer: async (): Promise<FailureTally> => ({ count: 0, eldestAt: undefined, shares: [] }),
    tally: () => {
      desk.asked++
      return desk.answer()
    },
  }
  return desk
}

test('kept failures are counted by queue and job, with the age of the eldest and what is beyond the largest', async () => {
  const desk = scriptedDesk()
  const { clock, values } = watching({ failures: desk })
  assert.deepEqual(await values('failures'), {})
  assert.deepEqual(await values('oldest_failure_age_seconds'), { '': 0 })
  desk.answer = async () => ({
    count: 12,
    eldestAt: clock.wallTime() - 90_000,
    shares: [
      { queue: 'images', job: 'resize', count: 7 },
      { queue: 'images', job: '', count: 3 },
    ],
  })
  await clock.advance(15_000)
  assert.deepEqual(await values('failures'), { 'images resize': 7, 'images ': 3, '(other) (other)': 2 })
  assert.deepEqual(await values('oldest_failure_age_seconds'), { '': 90 })
  await clock.advance(5000)
  assert.deepEqual(await values('oldest_failure_age_seconds'), { '': 95 }, 'ages go on while the answer is kept')
  assert.equal(desk.asked, 2)
})

test('the store is asked once for all who scrape within 15 s', async () => {
  const desk = scriptedDesk()
  const { clock, scrape } = watching({ failures: desk })
  await Promise.all(Array.from({ length: 20 }, scrape))
  for (let n = 0; n < 14; n++) {
    await clock.advance(1000)
    await scrape()
  }
  assert.equal(desk.asked, 1)
  await clock.advance(1000)
  await Promise.all([scrape(), scrape()])
  assert.equal(desk.asked, 2)
})

test('a store that is down costs its gauges and no scrape, is counted in the same scrape, and is not hammered', async () => {
  const desk = scriptedDesk()
  const { clock, scrape, values } = watching({ failures: desk })
  assert.deepEqual(await values('oldest_failure_age_seconds'), { '': 0 })
  desk.answer = async () => {
    throw new Error('secret: no connection to mysql://user:password@db')
  }
  await clock.advance(15_000)
  const text = await scrape()
  assert.deepEqual(valuesOf(text, 'understudy_failures'), {})
  assert.deepEqual(valuesOf(text, 'understudy_oldest_failure_age_seconds'), {})
  assert.deepEqual(valuesOf(text, 'understudy_scrape_errors_total'), { failures: 1, queues: 0, workers: 0 })
  assert.doesNotMatch(text, /secret|password/)
  await scrape()
  assert.equal((await values('scrape_errors_total'))['failures'], 3)
  assert.equal(desk.asked, 2)
  desk.answer = scriptedDesk().answer
  await clock.advance(15_000)
  assert.deepEqual(await values('oldest_failure_age_seconds'), { '': 0 })
  assert.equal((await values('scrape_errors_total'))['failures'], 3)
})

test('nobody waits longer than two seconds for a slow store, and it is left alone the longer', async () => {
  const desk = scriptedDesk()
  const { clock, scrape } = watching({ failures: desk })
  const slow = Promise.withResolvers<FailureTally>()
  desk.answer = () => slow.promise
  const first = scrape()
  await clock.advance(2000)
  assert.deepEqual(valuesOf(await first, 'understudy_failures'), {})
  const second = scrape()
  await clock.advance(1000)
  slow.resolve({ count: 1, eldestAt: clock.wallTime(), shares: [{ queue: 'q', job: 'j', count: 1 }] })
  assert.deepEqual(valuesOf(await second, 'understudy_failures'), { 'q j': 1 })
  assert.equal(desk.asked, 1, 'one question at a time')
  // It took 3 s, and has 60 s of rest.
  await clock.advance(59_000)
  assert.deepEqual(valuesOf(await scrape(), 'understudy_failures'), { 'q j': 1 })
  assert.equal(desk.asked, 1)
  await clock.advance(1000)
  await scrape()
  assert.equal(desk.asked, 2)
  assert.equal(clock.pending, 0)
})

test('an outage that a look at a queue waited for is no reason to look away for longer than a minute', async () => {
  const outage = Promise.withResolvers<undefined>()
  let inspect = async (): Promise<QueueState | undefined> => await outage.promise
  const { clock, scrape, values } = watching({ connection: { inspect: () => inspect() }, queues: ['images'] })
  const first = scrape()
  await clock.advance(30_000)
  assert.deepEqual(valuesOf(await first, 'understudy_queue_depth'), {})
  outage.reject(new Error('no broker'))
  await settled()
  inspect = async () => ({ ready: 5, isExact: true, consumers: 0 })
  assert.deepEqual(await values('queue_depth'), {})
  await clock.advance(60_000)
  assert.deepEqual(await values('queue_depth'), { images: 5 })
})

test("a store of somebody's own that answers with what is no number costs its gauges alone, until it does better", async () => {
  const desk = scriptedDesk()
  // As drivers of databases give what they count.
  const count = '7' as unknown as number
  desk.answer = async () => ({ count, eldestAt: undefined, shares: [{ queue: 'q', job: 'j', count }] })
  const { clock, scrape, values } = watching({ failures: desk, workers: { workers: () => [] } })
  const text = await scrape()
  assert.deepEqual(valuesOf(text, 'understudy_failures'), {})
  assert.deepEqual(valuesOf(text, 'understudy_oldest_failure_age_seconds'), {})
  assert.equal(valuesOf(text, 'understudy_scrape_errors_total')['failures'], 1)
  desk.answer = scriptedDesk().answer
  await clock.advance(15_000)
  assert.deepEqual(await values('oldest_failure_age_seconds'), { '': 0 })
})

test('the depth of each queue is looked at, one that is not there is empty, and one that fails costs no other', async () => {
  const asked: string[] = []
  const inspect: NonNullable<JobSources['connection']>['inspect'] = async (queue) => {
    asked.push(queue)
    if (queue === 'gone') return undefined
    if (queue === 'broken') throw new Error('no broker')
    return { ready: queue.length, isExact: true, consumers: 1 }
  }
  let queues = ['gone', 'broken', 'low', 'high']
  const { clock, values } = watching({ connection: { inspect }, queues: () => queues })
  assert.deepEqual(await values('queue_depth'), { gone: 0, low: 3, high: 4 })
  assert.deepEqual(await values('scrape_errors_total'), { failures: 0, queues: 1, workers: 0 })
  assert.equal(asked.length, 4)
  queues = Array.from({ length: 500 }, (_, n) => `q-${n}`)
  await clock.advance(15_000)
  assert.equal(Object.keys(await values('queue_depth')).length, 100)
})

test('workers are counted by their names, those without one by their host, and one that is gone is not up', async () => {
  const seen = (id: string, fields: Partial<SeenWorker>): SeenWorker => ({
    id,
    name: id,
    host: 'alpha',
    state: 'running',
    concurrency: 4,
    slots: [],
    ...fields,
  })
  let workers: readonly SeenWorker[] = [
    seen('alpha:1:1', { slots: [{}, {}] }),
    seen('alpha:2:1', { state: 'paused', slots: [{}] }),
    seen('alpha:3:1', { isGone: true, slots: [{}] }),
    seen('beta:1:1', { name: 'mails', state: 'stopping' }),
    seen('beta:2:1', { name: 'old', state: 'stopped' }),
  ]
  const { values } = watching({ workers: { workers: () => workers } })
  assert.deepEqual(await values('worker_up'), { alpha: 2, mails: 1, old: 0 })
  assert.deepEqual(await values('worker_gone'), { alpha: 1, mails: 0, old: 0 })
  assert.deepEqual(await values('worker_busy'), { alpha: 3, mails: 0, old: 0 })
  assert.deepEqual(await values('worker_slots'), { alpha: 8, mails: 4, old: 0 })
  workers = Array.from({ length: 1000 }, (_, n) => seen(`h:${n}:1`, { name: `worker-${n}` }))
  const up = await values('worker_up')
  assert.equal(Object.keys(up).length, 201)
  assert.equal(up['(other)'], 800)
})

test('nothing that is not watched has a sample', async () => {
  const { values } = watching({})
  for (const name of ['failures', 'oldest_failure_age_seconds', 'queue_depth', 'worker_up', 'worker_busy'])
    assert.deepEqual(await values(name), {}, name)
})

test('an application, from the first job to the last that was sent back', { timeout: 60_000 }, async (context) => {
  const broker = memoryBroker(randomUUID())
  context.after(() => broker.reset())
  await using connection = await connect(`memory:${broker.name}`)
  const register = new Registry()
  let isMended = false
  const job = defineJob({
    name: 'resize',
    queue: 'images',
    retry: { attempts: 2, backoff: { type: 'fixed', delay: 0 } },
    perform: async (n: number) => {
      if (n === 0 && !isMended) throw new Error('secret')
    },
  })
  const metrics = prometheusJobMetrics(register, { jobs: [job], cacheMs: 0 })
  const ended = new Map<string, number>()
  await using app = createApp({
    connection,
    failures: memoryFailures(),
    observer: (event) => {
      metrics.observer(event)
      ended.set(event.type, (ended.get(event.type) ?? 0) + 1)
    },
  })
  const worker = app.worker({ jobs: [job] })
  metrics.watch({
    failures: app.failures,
    connection,
    queues: ['images'],
    workers: { workers: () => [worker.describe()] },
  })
  const value = async (name: string): Promise<number | undefined> =>
    Object.values(valuesOf((await metricsText(register)).body, `understudy_${name}`))[0]
  /** An answer serves for a moment even where it need not, and how long depends on the machine. */
  const becomes = async (name: string, wanted: number | undefined): Promise<void> => {
    while ((await value(name)) !== wanted) await settled()
  }
  await app.enqueueMany(job, [0, 1, 2])
  await becomes('queue_depth', 3)
  assert.equal(await value('worker_up'), 0)
  await worker.start()
  while ((ended.get('succeeded') ?? 0) < 2 || (ended.get('failed') ?? 0) < 1) await settled()
  assert.equal(await value('jobs_retried_total'), 1)
  assert.equal(await value('jobs_started_total'), 4)
  await becomes('failures', 1)
  assert.equal(await value('worker_up'), 1)
  isMended = true
  await app.failures.requeue('')
  while ((ended.get('succeeded') ?? 0) < 3) await settled()
  assert.equal(await value('jobs_requeued_total'), 1)
  assert.equal(await value('jobs_succeeded_total'), 3)
  await becomes('failures', undefined)
  await becomes('queue_depth', 0)
})
