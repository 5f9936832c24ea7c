import { Counter, Histogram, register as defaultRegister } from 'prom-client'
import { type Clock, systemClock } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'
import type { FailureReason } from '../jobs/failures/failure.ts'
import type { JobEvent, JobObserver } from '../jobs/job-events.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import { type JobLabel, JobLabels, UNKNOWN } from './job-labels.ts'
import type { JobSources } from './job-sources.ts'
import { jobGauges } from './prometheus-job-gauges.ts'
import { type NameMetric, namesIn, type PrometheusRegister } from './prometheus-names.ts'

/** How the metrics of jobs are named, and how finely durations are counted. */
export interface PrometheusJobMetricsOptions {
  /** What every name begins with. Defaults to `understudy_`. */
  readonly prefix?: string
  /** Upper bounds in seconds for how long jobs run. Defaults to 0.005 to 3,600. */
  readonly durationBuckets?: readonly number[]
  /** Upper bounds in seconds for how long jobs wait. Defaults to 0.005 to 3,600. */
  readonly waitBuckets?: readonly number[]
  /** Jobs of one's own: they are there with 0 from the start, and have their place whatever else comes. Defaults to none. */
  readonly jobs?: readonly { readonly name: string; readonly queue: string }[]
  /**
   * How many pairs of queue and job have labels of their own, from 1 to 10,000; beyond, both are `(other)`.
   * Defaults to 200.
   */
  readonly maxLabels?: number
  /** How long an answer of the failure store and of brokers serves every scrape, in milliseconds. Defaults to 15,000. */
  readonly cacheMs?: number
  /** Defaults to the system's. */
  readonly clock?: Clock
}

/** Counts jobs for Prometheus; made by {@link prometheusJobMetrics}. */
export interface PrometheusJobMetrics {
  /** For `createApp({ observer })`; one serves any number of applications. */
  readonly observer: JobObserver
  /**
   * Where the gauges look, once it is there. A second call replaces the first one's.
   *
   * @throws UnderstudyError `invalid-option` for queues without a connection, and for a source that there is none of.
   */
  readonly watch: (sources: JobSources) => void
}

const OPTIONS: NamesOf<PrometheusJobMetricsOptions> = {
  prefix: true,
  durationBuckets: true,
  waitBuckets: true,
  jobs: true,
  maxLabels: true,
  cacheMs: true,
  clock: true,
}
const SOURCES: NamesOf<JobSources> = { failures: true, connection: true, queues: true, workers: true }
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600]
const MOST_LABELS = 10_000
/** Kept without having been worked on. */
const NEVER_RUN: ReadonlySet<FailureReason> = new Set(['expired', 'decode', 'unknown_job', 'worker_lost'])

/**
 * Counters, histograms and gauges of prom-client for jobs: `createApp({ observer: metrics.observer })`. Each process
 * counts what it does itself. No label holds an id or a text of an error, and the number of labels is bounded.
 *
 * `register` defaults to prom-client's own.
 *
 * @throws UnderstudyError `invalid-option`, also when the register has metrics of these names already.
 */
export function prometheusJobMetrics(
  register: PrometheusRegister = defaultRegister,
  options: PrometheusJobMetricsOptions = {},
): PrometheusJobMetrics {
  checkNames('prometheusJobMetrics', options, OPTIONS)
  const { prefix = 'understudy_', jobs = [], maxLabels = 200, cacheMs = 15_000, clock = systemClock } = options
  if (!Number.isInteger(maxLabels) || maxLabels < 1 || maxLabels > MOST_LABELS)
    throw invalid(`maxLabels must be a whole number from 1 to ${MOST_LABELS}, not ${String(maxLabels)}`)
  if (!(cacheMs >= 0)) throw invalid(`cacheMs must be milliseconds from 0 on, not ${String(cacheMs)}`)
  const own = namesIn(register, prefix, 'give one prometheusJobMetrics() to every application')
  const counters = jobCounters(own)
  const { duration, wait } = jobHistograms(own, options)
  const labels = new JobLabels(Math.max(maxLabels, jobs.length), (label) => {
    // What appears with 1 has not grown in the eyes of Prometheus.
    for (const counter of Object.values(counters)) counter.inc(label, 0)
  })
  for (const { name, queue } of jobs) {
    const label = labels.of(queue, name)
    wait.zero(label)
    for (const result of ['ok', 'error']) duration.zero({ ...label, result })
  }
  const gauges = jobGauges(own, { cacheMs, clock })
  const observer = (event: JobEvent): void => {
    const isUnknown = event.type === 'failed' && event.reason === 'unknown_job'
    const label = labels.of(event.queue, isUnknown ? UNKNOWN : event.job)
    counters[event.type].inc(label)
    switch (event.type) {
      case 'started':
        if (event.waitedMs !== undefined) wait.observe(label, event.waitedMs / 1000)
        return
      case 'succeeded':
        duration.observe({ ...label, result: 'ok' }, event.durationMs / 1000)
        return
      case 'retried':
        duration.observe({ ...label, result: 'error' }, event.durationMs / 1000)
        return
      case 'failed':
        if (event.reason === 'expired') counters.expired.inc(label)
        if (!NEVER_RUN.has(event.reason)) duration.observe({ ...label, result: 'error' }, event.durationMs / 1000)
        return
      case 'enqueued':
      case 'deduplicated':
      case 'interrupted':
      case 'requeued':
        return
    }
  }
  return {
    observer,
    watch: (sources) => {
      checkNames('prometheusJobMetrics.watch', sources, SOURCES)
      if (sources.queues !== undefined && sources.connection === undefined)
        throw invalid('the depth of queues takes the connection that they are looked at over')
      gauges.watch(sources)
    },
  }
}

type LabelName = keyof JobLabel
type JobCounters = Readonly<Record<JobEvent['type'] | 'expired', Counter<LabelName>>>

function jobCounters(own: NameMetric): JobCounters {
  const counter = (name: string, help: string): Counter<LabelName> =>
    new Counter(own(`jobs_${name}_total`, help, 'queue', 'job'))
  return {
    enqueued: counter('enqueued', 'Jobs that a broker confirmed.'),
    started: counter('started', 'Attempts of jobs that a worker began.'),
    succeeded: counter('succeeded', 'Jobs that were done.'),
    failed: counter('failed', 'Jobs that failed for good and are kept, expired ones too.'),
    retried: counter('retried', 'Attempts that failed and were sent again.'),
    expired: counter('expired', 'Failed jobs that were too old to be worked on.'),
    deduplicated: counter('deduplicated', 'Copies of finished jobs that were acknowledged without working on them.'),
    interrupted: counter('interrupted', 'Deliveries that were left to another one: a link or a worker went.'),
    requeued: counter('requeued', 'Failed jobs that an operator sent back.'),
  }
}

function jobHistograms(
  own: NameMetric,
  { durationBuckets = BUCKETS, waitBuckets = BUCKETS }: PrometheusJobMetricsOptions,
): { readonly duration: Histogram<LabelName | 'result'>; readonly wait: Histogram<LabelName> } {
  return {
    duration: new Histogram({
      ...own('job_duration_seconds', 'How long an attempt of a job ran.', 'queue', 'job', 'result'),
      buckets: [...durationBuckets],
    }),
    wait: new Histogram({
      ...own('job_queue_wait_seconds', 'From when a job was enqueued, or due, to its start.', 'queue', 'job'),
      buckets: [...waitBuckets],
    }),
  }
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `prometheusJobMetrics: ${message}`)
}
