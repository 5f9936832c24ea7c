import type { Failure } from '../../jobs/failures/failure.ts'
import type { FailureStore } from '../../jobs/failures/store.ts'

/** Where stores keep one and the same set of failures, empty at first. */
export interface FailureStorePlace {
  /** A store on it that is not open yet, as another process would have one. */
  store(): FailureStore
  /** Every store on it is closed by now. */
  close(): Promise<void>
}

/** One test of the suite, on a place of its own. `open` gives open stores, which are closed behind it. */
export interface FailureStoreTest {
  /** A sentence about behaviour. */
  readonly title: string
  /** Resolves when the store behaves so, and rejects when it does not. */
  readonly run: (open: () => Promise<FailureStore>) => Promise<void>
}

/** Times of the suite lie before now, since ages are counted back from it. */
export const NOW: number = Date.now()

/** A failure like many, but for what is given. */
export function failure(fields: Partial<Failure> & { readonly jobId: string }): Failure {
  const { jobId, requeues = 0 } = fields
  return {
    id: `${jobId}.${requeues}`,
    job: 'image.resize',
    queue: 'images',
    broker: { kind: 'rabbitmq', name: 'rabbit@a', url: 'amqp://a:5672' },
    args: new TextEncoder().encode('[1]'),
    contentType: 'application/json',
    preview: 'resize(1)',
    headers: {},
    reason: 'exception',
    errorClass: 'Error',
    errorMessage: 'it failed',
    errorCode: undefined,
    stack: undefined,
    fingerprint: 'f0',
    attempts: [],
    requeues,
    worker: 'host:1:0',
    enqueuedAt: undefined,
    firstFailedAt: NOW - 1_000,
    failedAt: NOW - 1_000,
    expiresAt: undefined,
    traceparent: undefined,
    requestId: undefined,
    replyTo: undefined,
    priority: undefined,
    ...fields,
  }
}

/** This many failures of jobs `NAME-0`, `NAME-1`, …, each a millisecond younger than the one before. */
export function failures(name: string, count: number, fields: Partial<Failure> = {}): readonly Failure[] {
  return Array.from({ length: count }, (_, at) =>
    failure({ ...fields, jobId: `${name}-${at}`, failedAt: NOW - 100_000 + at }),
  )
}
