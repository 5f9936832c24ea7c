import type {
  AttemptRecord,
  Failure,
  FailureReason,
  FailureStatus,
  KeptFailure,
} from '../../src/jobs/failures/failure.ts'

/** A row of `failures` beside its row of `failure_bodies`. */
export interface FailureRow {
  readonly n: number
  readonly id: string
  readonly job_id: string
  readonly job: string
  readonly queue: string
  readonly status: FailureStatus
  readonly reason: FailureReason
  readonly error_class: string
  readonly error_message: string
  readonly error_code: string | null
  readonly preview: string
  readonly fingerprint: string
  readonly requeues: number
  readonly worker: string
  readonly broker_kind: string
  readonly broker_name: string
  readonly broker_url: string
  readonly request_id: string | null
  readonly failed_at: number
  readonly batch: string | null
  readonly claimed_at: number | null
  readonly retried_at: number | null
  readonly retried_by: string | null
  readonly retry_job_id: string | null
  readonly resolved_at: number | null
  readonly detail: string
  readonly stack: string | null
  /** Null where there are no bytes: node:sqlite of Node 22 writes them so. */
  readonly args: Uint8Array | null
}

/** The columns that are written when a failure is kept, in the order of {@link rowValues}. */
export const KEPT_COLUMNS = [
  'id',
  'job_id',
  'job',
  'queue',
  'status',
  'reason',
  'error_class',
  'error_message',
  'error_code',
  'preview',
  'fingerprint',
  'attempt_count',
  'requeues',
  'worker',
  'broker_kind',
  'broker_name',
  'broker_url',
  'request_id',
  'failed_at',
] as const

/** The texts that come back to the letter, whatever is in them. */
const EXACT_TEXTS = ['errorClass', 'errorMessage', 'preview', 'stack'] as const

/** What no query looks into, as JSON. */
interface Detail {
  readonly contentType?: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly attempts: readonly AttemptRecord[]
  readonly enqueuedAt?: number | undefined
  readonly firstFailedAt: number
  readonly expiresAt?: number | undefined
  readonly traceparent?: string | undefined
  readonly replyTo?: string | undefined
  readonly priority?: number | undefined
  /** Texts that SQLite's own columns cannot hold as they are. */
  readonly exact?: Partial<Record<(typeof EXACT_TEXTS)[number], string>>
}

/**
 * A text as a column holds it. SQLite's functions, and node:sqlite of Node 22, take a NUL for the end of a text; half
 * of a surrogate pair has no UTF-8.
 */
export function storedText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\u2400')
}

export function rowValues(failure: Failure): readonly (string | number | null)[] {
  const { broker } = failure
  return [
    storedText(failure.id),
    storedText(failure.jobId),
    storedText(failure.job),
    storedText(failure.queue),
    'failed',
    failure.reason,
    storedText(failure.errorClass),
    storedText(failure.errorMessage),
    storedOrNull(failure.errorCode),
    storedText(failure.preview),
    storedText(failure.fingerprint),
    failure.attempts.length,
    failure.requeues,
    storedText(failure.worker),
    storedText(broker.kind),
    storedText(broker.name),
    storedText(broker.url),
    storedOrNull(failure.requestId),
    failure.failedAt,
  ]
}

/** The values of a row of `failure_bodies` but its number: detail, stack, args. */
export function bodyValues(failure: Failure): readonly [string, string | null, Uint8Array] {
  const exact: Partial<Record<(typeof EXACT_TEXTS)[number], string>> = {}
  for (const name of EXACT_TEXTS) {
    const text = failure[name]
    if (text !== undefined && storedText(text) !== text) exact[name] = text
  }
  const detail: Detail = {
    contentType: failure.contentType,
    headers: failure.headers,
    attempts: failure.attempts,
    enqueuedAt: failure.enqueuedAt,
    firstFailedAt: failure.firstFailedAt,
    expiresAt: failure.expiresAt,
    traceparent: failure.traceparent,
    replyTo: failure.replyTo,
    priority: failure.priority,
    ...(Object.keys(exact).length > 0 ? { exact } : {}),
  }
  return [JSON.stringify(detail), storedOrNull(failure.stack), failure.args]
}

export function fromRow(row: FailureRow): KeptFailure {
  const detail = JSON.parse(row.detail) as Detail
  return {
    id: row.id,
    jobId: row.job_id,
    job: row.job,
    queue: row.queue,
    broker: { kind: row.broker_kind, name: row.broker_name, url: row.broker_url },
    args: row.args ?? new Uint8Array(),
    contentType: detail.contentType,
    preview: detail.exact?.preview ?? row.preview,
    headers: detail.headers,
    reason: row.reason,
    errorClass: detail.exact?.errorClass ?? row.error_class,
    errorMessage: detail.exact?.errorMessage ?? row.error_message,
    errorCode: row.error_code ?? undefined,
    stack: detail.exact?.stack ?? row.stack ?? undefined,
    fingerprint: row.fingerprint,
    attempts: detail.attempts,
    requeues: row.requeues,
    worker: row.worker,
    enqueuedAt: detail.enqueuedAt,
    firstFailedAt: detail.firstFailedAt,
    failedAt: row.failed_at,
    expiresAt: detail.expiresAt,
    traceparent: detail.traceparent,
    requestId: row.request_id ?? undefined,
    replyTo: detail.replyTo,
    priority: detail.priority,
    status: row.status,
    batch: row.batch ?? undefined,
    claimedAt: row.claimed_at ?? undefined,
    retriedAt: row.retried_at ?? undefined,
    retriedBy: row.retried_by ?? undefined,
    retryJobId: row.retry_job_id ?? undefined,
    resolvedAt: row.resolved_at ?? undefined,
  }
}

function storedOrNull(text: string | undefined): string | null {
  return text === undefined ? null : storedText(text)
}
