import { Counter, Gauge } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { FailureQuery } from '../jobs/failures/query/query.ts'
import type { FailureTally } from '../jobs/failures/store.ts'
import { CachedReading } from './cached-reading.ts'
import { labelText, OTHER } from './job-labels.ts'
import type { JobSources, SeenWorker } from './job-sources.ts'
import type { NameMetric } from './prometheus-names.ts'

export interface JobGaugesOptions {
  readonly cacheMs: number
  readonly clock: Clock
}

/** The gauges of jobs, which look for themselves when they are asked. */
export interface JobGauges {
  watch(sources: JobSources): void
}

/** Where a gauge looks; the label of the errors. */
type Source = 'failures' | 'queues' | 'workers'

interface Readings {
  readonly failures?: CachedReading<FailureTally>
  readonly depths?: CachedReading<ReadonlyMap<string, number>>
  readonly workers?: () => readonly SeenWorker[]
}

const FAILED: FailureQuery = { kind: 'field', field: 'status', text: 'failed' }
const MOST_SHARES = 100
const MOST_QUEUES = 100
const MOST_WORKERS = 200
// How many queues are looked at together: with ActiveMQ each look is a walk through what waits there.
const TOGETHER = 4

export function jobGauges(own: NameMetric, { cacheMs, clock }: JobGaugesOptions): JobGauges {
  let readings: Readings = {}
  let looking: Promise<void> | undefined
  // Each of them is written once all have looked, the errors too: they must not be a scrape behind.
  const collect = async (): Promise<void> => await (looking ??= look())
  const gauge = <Label extends string = never>(name: string, help: string, ...labelNames: Label[]): Gauge<Label> =>
    new Gauge({ ...own(name, help, ...labelNames), collect })

  const failures = gauge('failures', 'Failed jobs that are kept and were not sent back.', 'queue', 'job')
  const oldest = gauge('oldest_failure_age_seconds', 'How long ago the eldest of them failed.')
  const depth = gauge('queue_depth', 'Messages that wait in a queue.', 'queue')
  const up = gauge('worker_up', 'Workers of this name that are alive.', 'worker')
  const gone = gauge('worker_gone', 'Workers of this name that ended without a word.', 'worker')
  const busy = gauge('worker_busy', 'Jobs that workers of this name have in hand.', 'worker')
  const slots = gauge('worker_slots', 'Jobs that workers of this name may have in hand.', 'worker')
  const errors = new Counter({
    ...own('scrape_errors_total', 'Answers that a scrape had to do without, by where they come from.', 'source'),
    collect,
  })
  for (const source of ['failures', 'queues', 'workers'] satisfies Source[]) errors.inc({ source }, 0)

  const showFailures = (tally?: FailureTally): void => {
    failures.reset()
    // A gauge without labels has a 0 where it has nothing.
    oldest.remove()
    if (tally === undefined) return
    let rest = tally.count
    for (const { queue, job, count } of tally.shares) {
      failures.inc({ queue: labelText(queue), job: labelText(job) }, count)
      rest -= count
    }
    if (rest > 0) failures.inc({ queue: OTHER, job: OTHER }, rest)
    oldest.set(tally.eldestAt === undefined ? 0 : Math.max(0, clock.wallTime() - tally.eldestAt) / 1000)
  }
  const showDepths = (depths?: ReadonlyMap<string, number>): void => {
    depth.reset()
    for (const [queue, ready] of depths ?? []) depth.set({ queue: labelText(queue) }, ready)
  }
  const showWorkers = (workers: readonly SeenWorker[] = []): void => {
    for (const gauge of [up, gone, busy, slots]) gauge.reset()
    const named = new Set<string>()
    for (const { id, name, host, state, isGone = false, slots: inHand, concurrency } of workers) {
      // Ids are new with every start: those without a name of their own go by their host.
      const called = labelText(name === id ? host : name)
      const worker = named.has(called) || named.size < MOST_WORKERS ? called : OTHER
      named.add(worker)
      const isUp = !isGone && state !== 'idle' && state !== 'stopped'
      up.inc({ worker }, isUp ? 1 : 0)
      gone.inc({ worker }, isGone ? 1 : 0)
      busy.inc({ worker }, isUp ? inHand.length : 0)
      slots.inc({ worker }, isUp ? concurrency : 0)
    }
  }

  /** What a source of somebody's own answers need not be what it says it is. */
  const show = <Answer>(source: Source, write: (answer?: Answer) => void, answer: () => Answer | undefined): void => {
    try {
      write(answer())
    } catch {
      write()
      errors.inc({ source })
    }
  }

  const look = async (): Promise<void> => {
    const [tally, depths] = await Promise.all([readings.failures?.value(), readings.depths?.value()])
    show('failures', showFailures, () => tally)
    show('queues', showDepths, () => depths)
    show('workers', showWorkers, () => readings.workers?.())
    looking = undefined
  }

  return {
    watch({ failures: desk, connection, queues = [], workers }) {
      const missing = (source: Source) => () => errors.inc({ source })
      readings = {
        ...(desk && {
          failures: new CachedReading({
            read: () => desk.tally(FAILED, { limit: MOST_SHARES }),
            clock,
            maxAgeMs: cacheMs,
            onMissing: missing('failures'),
          }),
        }),
        ...(connection && {
          depths: new CachedReading({
            read: () => depthsOf(connection, typeof queues === 'function' ? queues() : queues, missing('queues')),
            clock,
            maxAgeMs: cacheMs,
            onMissing: missing('queues'),
          }),
        }),
        ...(workers && { workers: () => workers.workers() }),
      }
    },
  }
}

/** A queue that cannot be looked at is left out, and the others are not. */
async function depthsOf(
  connection: NonNullable<JobSources['connection']>,
  queues: readonly string[],
  onError: () => void,
): Promise<ReadonlyMap<string, number>> {
  const depths = new Map<string, number>()
  const waiting = queues.slice(0, MOST_QUEUES).values()
  const look = async (): Promise<void> => {
    for (const queue of waiting) {
      try {
        // Nothing waits in one that is not there. Over STOMP nobody knows one that is empty from one that is not there.
        depths.set(queue, (await connection.inspect(queue))?.ready ?? 0)
      } catch {
        onError()
      }
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, look))
  return depths
}
