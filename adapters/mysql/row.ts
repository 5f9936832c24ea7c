import type { Failure, FailureStatus, KeptFailure } from '../../src/jobs/failures/failure.ts'
import type { SqlValue } from './driver.ts'
import { wordsColumn } from './words.ts'

/** What is read of a row of `understudy_failures`. */
export interface FailureRow {
  readonly record: string
  readonly args: Buffer
  readonly status: FailureStatus
  readonly batch: Buffer | null
  readonly claimed_at: number | null
  readonly retried_at: number | null
  readonly retried_by: string | null
  readonly retry_job_id: Buffer | null
  readonly resolved_at: number | null
}

export const READ_COLUMNS =
  'record, args, status, batch, claimed_at, retried_at, retried_by, retry_job_id, resolved_at' as const

/** The columns that are written when a failure is kept, in the order of {@link rowValues}. */
export const KEPT_COLUMNS = [
  'id',
  'job_id',
  'requeues',
  'status',
  'reason',
  'failed_at',
  'attempt_count',
  'job',
  'queue',
  'error_class',
  'error_message',
  'error_code',
  'preview',
  'worker',
  'broker_kind',
  'broker_name',
  'broker_url',
  'request_id',
  'fingerprint',
  'error_words',
  'preview_words',
  'job_words',
  'record',
  'args',
  'args_bytes',
] as const

/**
 * The failure itself is the JSON of `record`, which gives it back to the letter; the other columns are what queries look
 * into.
 */
export function rowValues({ args, ...failure }: Failure): readonly SqlValue[] {
  const { broker, errorClass, errorMessage, errorCode, preview, job } = failure
  return [
    failure.id,
    failure.jobId,
    failure.requeues,
    'failed',
    failure.reason,
    failure.failedAt,
    failure.attempts.length,
    job,
    failure.queue,
    errorClass,
    errorMessage,
    errorCode ?? null,
    preview,
    failure.worker,
    broker.kind,
    broker.name,
    broker.url,
    failure.requestId ?? null,
    failure.fingerprint,
    wordsColumn([errorClass, errorMessage, errorCode ?? '']),
    wordsColumn([preview]),
    wordsColumn([job]),
    JSON.stringify(failure),
    Buffer.from(args.buffer, args.byteOffset, args.byteLength),
    args.byteLength,
  ]
}

/** JSON has no undefined: what was so is left out of it. */
const ABSENT = {
  contentType: undefined,
  errorCode: undefined,
  stack: undefined,
  enqueuedAt: undefined,
  expiresAt: undefined,
  traceparent: undefined,
  requestId: undefined,
  replyTo: undefined,
  priority: undefined,
}

export function fromRow(row: FailureRow): KeptFailure {
  return {
    ...ABSENT,
    ...(JSON.parse(row.record) as Omit<Failure, 'args'>),
    args: new Uint8Array(row.args.buffer, row.args.byteOffset, row.args.byteLength),
    status: row.status,
    batch: row.batch?.toString(),
    claimedAt: row.claimed_at ?? undefined,
    retriedAt: row.retried_at ?? undefined,
    retriedBy: row.retried_by ?? undefined,
    retryJobId: row.retry_job_id?.toString(),
    resolvedAt: row.resolved_at ?? undefined,
  }
}
