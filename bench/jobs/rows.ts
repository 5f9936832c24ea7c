import type { PeerName } from './peers.ts'

/** One line of the table: so many jobs of that length. */
export interface Row {
  readonly name: string
  readonly title: string
  readonly jobs: number
  /** How long each takes, in milliseconds. */
  readonly ms: number
  readonly workers: number
  /** Jobs at a time in each worker process. Celery's have one, whatever is said here. */
  readonly concurrency: number
  /** Jobs that the broker hands each worker process ahead, those in hand included. BullMQ has no such thing. */
  readonly prefetch: number
  readonly results: boolean
  /** Those that would take minutes do fewer jobs; a rate is compared. */
  readonly fewerJobs?: Readonly<Partial<Record<PeerName, number>>>
  /** What ours is to keep within, in seconds. */
  readonly withinS?: number
  /** The least that ours is to do, in jobs a second. */
  readonly perSecond?: number
}

/** The cluster demo's three rows, and many empty jobs. */
export const ROWS: readonly Row[] = [
  {
    name: 'five',
    title: '1,000 jobs of 0.1 s, 5 workers',
    jobs: 1000,
    ms: 100,
    workers: 5,
    concurrency: 1,
    prefetch: 2,
    results: true,
    withinS: 20.4,
  },
  {
    name: 'ten',
    title: '1,000 jobs of 0.1 s, 10 workers',
    jobs: 1000,
    ms: 100,
    workers: 10,
    concurrency: 1,
    prefetch: 2,
    results: true,
    withinS: 10.3,
  },
  {
    name: 'empty',
    title: '1,000 empty jobs, 2 workers',
    jobs: 1000,
    ms: 0,
    workers: 2,
    concurrency: 50,
    prefetch: 50,
    results: true,
    withinS: 0.15,
  },
  {
    name: 'many',
    title: '100,000 empty jobs, 2 workers',
    jobs: 100_000,
    ms: 0,
    workers: 2,
    concurrency: 100,
    prefetch: 100,
    results: false,
    fewerJobs: { celery: 5000, bullmq: 20_000 },
    perSecond: 10_000,
  },
]
