/** The headers of a job's message; everything that is not the arguments. The message's id is the job's. */
export const HEADER = {
  /** The job's name. */
  job: 'understudy-job',
  /** The queue it was enqueued to; it may be read from another, such as a queue of dead letters. */
  queue: 'understudy-job-queue',
  /** Which attempt this is, from 1; left out for the first. */
  attempt: 'understudy-job-attempt',
  /** How often an operator sent it back; left out for never. */
  requeues: 'understudy-job-requeues',
  /** When it was enqueued, in milliseconds since the epoch. */
  enqueuedAt: 'understudy-job-enqueued-at',
  /** When it is of no use any more, in milliseconds since the epoch; left out for never. */
  expiresAt: 'understudy-job-expires-at',
  /** A short text about the arguments for people. */
  preview: 'understudy-job-preview',
  /** The request that it is a part of. */
  requestId: 'understudy-job-request-id',
  /** Jobs of one key are worked on once. */
  dedupKey: 'understudy-job-dedup-key',
  /** The failed attempts so far, as JSON: {@link AttemptRecord}, the last ones where they are many. */
  history: 'understudy-job-history',
} as const

/** One execution of one job: what a ledger remembers. */
export function runKey(jobId: string, requeues: number, attempt: number): string {
  return `${jobId}/${requeues}/${attempt}`
}
