import { messageOf, UnderstudyError } from '../../errors.ts'
import type { SendOptions } from '../../producer/composer.ts'
import { type AttemptRecord, type Failure, failureId, type FailureReason } from './failure.ts'

/** Marks the messages of `FAILED_QUEUE` that a worker wrote. */
export const FAILURE_RECORD_TYPE = 'application/vnd.understudy.failure+json'

/** A failure as a message for `FAILED_QUEUE`, which keeps its id however often it is sent. */
export function failureMessage(failure: Failure): { readonly payload: Uint8Array; readonly options: SendOptions } {
  return {
    payload: Buffer.from(formatFailure(failure)),
    options: { id: failure.id, contentType: FAILURE_RECORD_TYPE },
  }
}

/** A failure, or a kept one, as one line of JSON: the arguments as base64, what is undefined left out. */
export function formatFailure(failure: Failure): string {
  const { buffer, byteOffset, byteLength } = failure.args
  return JSON.stringify({ ...failure, args: Buffer.from(buffer, byteOffset, byteLength).toString('base64') })
}

/**
 * Reads what {@link formatFailure} wrote; what it does not know it leaves out.
 *
 * @throws UnderstudyError `decode` for anything else.
 */
export function parseFailure(text: string): Failure {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UnderstudyError('decode', `the record of a failure is not JSON: ${messageOf(cause)}`, { cause })
  }
  if (typeof value !== 'object' || value === null) throw invalid('it is no object')
  const fields = new Fields(value as Record<string, unknown>)
  const jobId = fields.text('jobId')
  const requeues = fields.count('requeues')
  const broker = new Fields(fields.object('broker'))
  const failure: Failure = {
    id: failureId(jobId, requeues),
    jobId,
    job: fields.text('job'),
    queue: fields.text('queue'),
    broker: { kind: broker.text('kind'), name: broker.text('name'), url: broker.text('url') },
    args: Buffer.from(fields.text('args'), 'base64'),
    contentType: fields.optionalText('contentType'),
    preview: fields.text('preview'),
    headers: fields.texts('headers'),
    reason: fields.reason('reason'),
    errorClass: fields.text('errorClass'),
    errorMessage: fields.text('errorMessage'),
    errorCode: fields.optionalText('errorCode'),
    stack: fields.optionalText('stack'),
    fingerprint: fields.text('fingerprint'),
    attempts: fields.list('attempts').filter(isAttempt),
    requeues,
    worker: fields.text('worker'),
    enqueuedAt: fields.optionalCount('enqueuedAt'),
    firstFailedAt: fields.count('firstFailedAt'),
    failedAt: fields.count('failedAt'),
    expiresAt: fields.optionalCount('expiresAt'),
    traceparent: fields.optionalText('traceparent'),
    requestId: fields.optionalText('requestId'),
    replyTo: fields.optionalText('replyTo'),
    priority: fields.optionalCount('priority'),
  }
  return failure
}

const REASONS: Readonly<Record<FailureReason, true>> = {
  exception: true,
  timeout: true,
  expired: true,
  decode: true,
  unknown_job: true,
  aborted: true,
  worker_lost: true,
  dead_lettered: true,
}

/** The fields of an object out of JSON, each checked when it is read. */
class Fields {
  readonly #values: Record<string, unknown>

  constructor(values: Record<string, unknown>) {
    this.#values = values
  }

  text(name: string): string {
    const value = this.#values[name]
    if (typeof value === 'string') return value
    throw invalid(`its ${name} is no text`)
  }

  optionalText(name: string): string | undefined {
    return this.#values[name] === undefined ? undefined : this.text(name)
  }

  count(name: string): number {
    const value = this.#values[name]
    if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value)
    throw invalid(`its ${name} is no whole number`)
  }

  optionalCount(name: string): number | undefined {
    return this.#values[name] === undefined ? undefined : this.count(name)
  }

  object(name: string): Record<string, unknown> {
    const value = this.#values[name]
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    throw invalid(`its ${name} is no object`)
  }

  texts(name: string): Record<string, string> {
    const values = this.object(name)
    const odd = Object.keys(values).find((key) => typeof values[key] !== 'string')
    if (odd !== undefined) throw invalid(`its ${name} hold what is no text`)
    return values as Record<string, string>
  }

  list(name: string): readonly unknown[] {
    const value = this.#values[name]
    if (Array.isArray(value)) return value
    throw invalid(`its ${name} is no list`)
  }

  reason(name: string): FailureReason {
    const value = this.text(name)
    if (Object.hasOwn(REASONS, value)) return value as FailureReason
    throw invalid(`its ${name} is none that is known`)
  }
}

function isAttempt(value: unknown): value is AttemptRecord {
  if (typeof value !== 'object' || value === null) return false
  const { attempt, at, worker, broker, error, durationMs } = value as Partial<Record<keyof AttemptRecord, unknown>>
  return (
    [attempt, at, durationMs].every(Number.isFinite) &&
    [worker, broker, error].every((text) => typeof text === 'string')
  )
}

function invalid(what: string): UnderstudyError {
  return new UnderstudyError('decode', `this is no record of a failure: ${what}`)
}
