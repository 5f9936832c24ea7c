import { UnderstudyError } from '../../errors.ts'
import { parseDestination } from '../../transport/destination.ts'
import { checkNames, type NamesOf } from '../../transport/option-names.ts'
import type { Job } from '../job.ts'

/** Durations are milliseconds. */
export interface WorkerOptions {
  /** What it can do, at least one. */
  readonly jobs: readonly Job[]
  /**
   * The queues to take jobs from. A list is an order: of what was delivered, a job of a later queue begins only when
   * none of an earlier one waits. An object gives weights, such as `{ high: 5, low: 1 }`: five to one while both have
   * something. Defaults to the jobs' own queues, each with the same weight.
   */
  readonly queues?: readonly string[] | Readonly<Record<string, number>>
  /** How many jobs may run at a time, over all queues. Defaults to 1. */
  readonly concurrency?: number
  /**
   * How many deliveries of each queue the broker may have out here. With 1 a slow job keeps nothing from other workers
   * of its queue; more hides the way to the broker from short jobs. The order or the weights of `queues` hold among what
   * was delivered, so that something of each queue has to wait here. Defaults to the concurrency, and to twice that where
   * `queues` names several.
   */
  readonly prefetch?: number
  /** What operators call it. Defaults to its identity, `host:pid:n`. */
  readonly name?: string
  /** How often workers may die with a run of a job before it is kept as `worker_lost`. Defaults to 3. */
  readonly maxLost?: number
  /** How long nothing may come, while jobs wait in the queue and nothing is done here, before it subscribes anew. Defaults to 30,000. */
  readonly stuckAfter?: number
  /** How often it shows that it is alive. Defaults to 5,000. */
  readonly heartbeat?: number
}

/** The options with their defaults. */
export interface ReadWorkerOptions {
  readonly jobs: ReadonlyMap<string, Job>
  /** Without `queue://`, in their order. */
  readonly queues: readonly string[]
  /** Undefined where the order of the queues is strict. */
  readonly weights: ReadonlyMap<string, number> | undefined
  readonly concurrency: number
  readonly prefetch: number
  readonly name: string | undefined
  readonly maxLost: number
  readonly stuckAfterMs: number
  readonly heartbeatMs: number
}

const WORKER_OPTIONS: NamesOf<WorkerOptions> = {
  jobs: true,
  queues: true,
  concurrency: true,
  prefetch: true,
  name: true,
  maxLost: true,
  stuckAfter: true,
  heartbeat: true,
}
const MOST_COUNT = 65_535
const MOST_QUEUES = 1000
const LONGEST_NAME = 200
const LONGEST_MS = 24 * 3_600_000

/** @throws UnderstudyError `invalid-option`, naming the option. */
export function readWorkerOptions(options: WorkerOptions): ReadWorkerOptions {
  checkNames('worker', options, WORKER_OPTIONS)
  const { concurrency = 1, maxLost = 3, stuckAfter = 30_000, heartbeat = 5000, name } = options
  checkWhole('concurrency', concurrency, 1, MOST_COUNT)
  checkWhole('maxLost', maxLost, 1, MOST_COUNT)
  checkMilliseconds('stuckAfter', stuckAfter)
  checkMilliseconds('heartbeat', heartbeat)
  if (name !== undefined && (name === '' || name.length > LONGEST_NAME || /[\u0000-\u001f\u007f]/.test(name)))
    throw invalid(`name must be of 1 to ${LONGEST_NAME} characters that can be printed`)
  const jobs = byName(options.jobs)
  const { queues, weights } = readQueues(options.queues ?? equalWeights(jobs))
  const { prefetch = defaultPrefetch(concurrency, options.queues === undefined ? 1 : queues.length) } = options
  checkWhole('prefetch', prefetch, 1, MOST_COUNT)
  return {
    jobs,
    queues,
    weights,
    concurrency,
    prefetch,
    name,
    maxLost,
    stuckAfterMs: stuckAfter,
    heartbeatMs: heartbeat,
  }
}

function defaultPrefetch(concurrency: number, queues: number): number {
  return queues > 1 ? Math.min(2 * concurrency, MOST_COUNT) : concurrency
}

function byName(jobs: readonly Job[]): ReadonlyMap<string, Job> {
  if (!Array.isArray(jobs) || jobs.length === 0) throw invalid('jobs must list at least one job')
  const known = new Map<string, Job>()
  for (const job of jobs) {
    if (known.has(job.name)) throw invalid(`two jobs are called ${JSON.stringify(job.name)}`)
    known.set(job.name, job)
  }
  return known
}

function equalWeights(jobs: ReadonlyMap<string, Job>): Record<string, number> {
  return Object.fromEntries([...jobs.values()].map(({ queue }) => [queue, 1]))
}

function readQueues(given: NonNullable<WorkerOptions['queues']>): Pick<ReadWorkerOptions, 'queues' | 'weights'> {
  const weighted = isList(given) ? given.map((queue) => [queue, undefined] as const) : Object.entries(given)
  if (weighted.length === 0 || weighted.length > MOST_QUEUES)
    throw invalid(`queues must name 1 to ${MOST_QUEUES} queues, not ${weighted.length}`)
  const weights = new Map<string, number>()
  for (const [text, weight = 1] of weighted) {
    const destination = parseDestination(text)
    if (destination.kind !== 'queue') throw invalid(`workers take jobs from queues, not from ${text}`)
    if (weights.has(destination.name)) throw invalid(`queue ${destination.name} is named twice`)
    checkWhole(`the weight of queue ${destination.name}`, weight, 1, 1000)
    weights.set(destination.name, weight)
  }
  return { queues: [...weights.keys()], weights: isList(given) ? undefined : weights }
}

function isList(given: NonNullable<WorkerOptions['queues']>): given is readonly string[] {
  return Array.isArray(given)
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw invalid(`${name} must be a whole number from ${least} to ${most}, not ${String(value)}`)
}

function checkMilliseconds(name: string, value: number): void {
  if (Number.isFinite(value) && value >= 1 && value <= LONGEST_MS) return
  throw invalid(`${name} must be milliseconds from 1 to ${LONGEST_MS}, not ${String(value)}`)
}

/** What a stop has against its grace. An endless one is fine. */
export function wrongGrace(grace: number): UnderstudyError | undefined {
  if (typeof grace === 'number' && grace >= 0) return undefined
  return invalid(`grace must be milliseconds from 0 on, not ${String(grace)}`)
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `worker: ${message}`)
}
