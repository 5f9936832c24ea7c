import assert from 'node:assert/strict'
import test from 'node:test'
import { Registry } from 'prom-client'
import { UnderstudyError } from '../../src/errors.ts'
import type { JobEvent } from '../../src/jobs/job-events.ts'
import {
  metricsText,
  type PrometheusJobMetrics,
  prometheusJobMetrics,
  type PrometheusJobMetricsOptions,
} from '../../src/telemetry/prometheus.ts'
import type { JobSources } from '../../src/telemetry/job-sources.ts'
import { samplesOf, valuesOf } from './exposition.ts'

interface Counted extends PrometheusJobMetrics {
  readonly text: () => Promise<string>
  readonly values: (name: string) => Promise<Record<string, number>>
}

function counted(options: PrometheusJobMetricsOptions = {}): Counted {
  const register = new Registry()
  const text = async (): Promise<string> => (await metricsText(register)).body
  const metrics = prometheusJobMetrics(register, options)
  return { ...metrics, text, values: async (name) => valuesOf(await text(), `understudy_${name}`) }
}

const about = { queue: 'images', job: 'resize', jobId: 'secret-id' }
const worker = 'secret-worker'
const error = new Error('secret text')

test('every event has its counter, and those that ran have their time', async () => {
  const { observer, values, text } = counted()
  const events: JobEvent[] = [
    { type: 'enqueued', ...about },
    { type: 'enqueued', ...about },
    { type: 'started', ...about, worker, waitedMs: 250 },
    { type: 'started', ...about, worker, waitedMs: undefined },
    { type: 'retried', ...about, worker, durationMs: 500, delayMs: 9000, error },
    { type: 'succeeded', ...about, worker, durationMs: 2000 },
    { type: 'failed', ...about, worker, durationMs: 1000, reason: 'timeout', error },
    { type: 'failed', ...about, worker, durationMs: 3, reason: 'expired', error },
    { type: 'failed', ...about, worker, durationMs: 3, reason: 'decode', error },
    { type: 'deduplicated', ...about },
    { type: 'interrupted', ...about, worker },
    { type: 'requeued', ...about },
  ]
  for (const event of events) observer(event)
  const totals = { enqueued: 2, started: 2, retried: 1, succeeded: 1, failed: 3, expired: 1 }
  for (const [name, value] of Object.entries({ ...totals, deduplicated: 1, interrupted: 1, requeued: 1 }))
    assert.deepEqual(await values(`jobs_${name}_total`), { 'images resize': value }, name)
  const key = (result: string): string => `images resize ${result}`
  assert.deepEqual(await values('job_duration_seconds_count'), { [key('error')]: 2, [key('ok')]: 1 })
  assert.deepEqual(await values('job_duration_seconds_sum'), { [key('error')]: 1.5, [key('ok')]: 2 })
  assert.deepEqual(await values('job_queue_wait_seconds_sum'), { 'images resize': 0.25 })
  assert.deepEqual(await values('job_queue_wait_seconds_count'), { 'images resize': 1 })
  assert.doesNotMatch(await text(), /secret/)
})

test('whatever happens first to a job, its other counters are there with 0', async () => {
  const { observer, values } = counted()
  observer({ type: 'started', ...about, worker, waitedMs: 1 })
  for (const name of ['enqueued', 'succeeded', 'failed', 'retried', 'expired', 'requeued'])
    assert.deepEqual(await values(`jobs_${name}_total`), { 'images resize': 0 })
})

test('jobs of ones own are there from the start, and have their place when others have taken all', async () => {
  const { observer, values } = counted({ jobs: [{ name: 'resize', queue: 'images' }], maxLabels: 3 })
  assert.deepEqual(await values('jobs_failed_total'), { 'images resize': 0 })
  assert.deepEqual(await values('job_queue_wait_seconds_count'), { 'images resize': 0 })
  assert.deepEqual(Object.values(await values('job_duration_seconds_count')), [0, 0])
  for (let n = 0; n < 5; n++) observer({ type: 'enqueued', queue: 'images', job: `job-${n}`, jobId: '1' })
  observer({ type: 'enqueued', ...about })
  assert.deepEqual(await values('jobs_enqueued_total'), {
    'images resize': 1,
    'images job-0': 1,
    'images job-1': 1,
    '(other) (other)': 3,
  })
})

test('names that a foreign producer invents make no more series than there are places', async () => {
  const { observer, text, values } = counted({ maxLabels: 20 })
  for (let n = 0; n < 2000; n++) {
    observer({ type: 'started', queue: `q-${n}`, job: `j-${n}`, jobId: '1', worker, waitedMs: 1 })
    observer({
      type: 'failed',
      queue: 'images',
      job: `j-${n}`,
      jobId: '1',
      worker,
      durationMs: 1,
      reason: 'unknown_job',
      error,
    })
  }
  assert.equal((await values('jobs_failed_total'))['images (unknown)'], 2000)
  const started = await values('jobs_started_total')
  assert.equal(Object.keys(started).length, 21)
  assert.equal(started['(other) (other)'], 2000 - 19)
  const size = samplesOf(await text()).length
  for (let n = 0; n < 100; n++)
    observer({ type: 'started', queue: `more-${n}`, job: 'j', jobId: '1', worker, waitedMs: 1 })
  assert.equal(samplesOf(await text()).length, size)
})

test('whatever a name is made of, the text can be read', async () => {
  const { observer, text } = counted()
  const strange = ['', 'a"b', 'a\\b', 'a\nb', 'a\rb', '\ud800', '}', '{x="1"} 5', '漢字', 'long'.repeat(10_000)]
  for (const name of strange) observer({ type: 'enqueued', queue: name, job: name, jobId: '1' })
  const body = await text()
  const jobs = samplesOf(body).filter(({ name }) => name === 'understudy_jobs_enqueued_total')
  assert.deepEqual(
    jobs.map(({ labels }) => labels['job']),
    ['', 'a"b', 'a\\b', 'a\ufffdb', 'a\ufffdb', '\ufffd', '}', '{x="1"} 5', '漢字', 'long'.repeat(25)].filter(
      (name, at, all) => all.indexOf(name) === at,
    ),
  )
})

test('the second set for one register is refused by name, a prefix makes room, and options are checked', async () => {
  const register = new Registry()
  prometheusJobMetrics(register)
  const invalid = (part: RegExp) => (thrown: unknown) =>
    thrown instanceof UnderstudyError && thrown.code === 'invalid-option' && part.test(thrown.message)
  assert.throws(() => prometheusJobMetrics(register), invalid(/understudy_jobs_enqueued_total already/))
  prometheusJobMetrics(register, { prefix: 'orders_' })
  assert.throws(() => prometheusJobMetrics(new Registry(), { maxLabels: 0 }), invalid(/maxLabels/))
  assert.throws(() => prometheusJobMetrics(new Registry(), { cacheMs: -1 }), invalid(/cacheMs/))
  const slip = { maxLabel: 3 } as PrometheusJobMetricsOptions
  assert.throws(() => prometheusJobMetrics(new Registry(), slip), invalid(/did you mean maxLabels/))
  assert.throws(() => counted().watch({ queues: ['images'] }), invalid(/connection/))
  const other = { queue: ['images'] } as JobSources
  assert.throws(() => counted().watch(other), invalid(/did you mean queues/))
})
