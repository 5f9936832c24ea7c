import { parseDestination } from '../../transport/destination.ts'
import type { RedactedEndpoint } from '../../transport/endpoint.ts'
import { HEADER } from '../envelope.ts'
import { type AttemptRecord, type Failure, failureId, type FailureReason } from './failure.ts'
import { fingerprint } from './fingerprint.ts'
import { describeThrown, withoutCredentials } from './thrown.ts'

/** The message that a job came in; a listener's `Delivery` is one. */
export interface FailedDelivery {
  readonly id: string
  readonly bytes: Uint8Array
  readonly contentType: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Where it was sent to, such as `queue://orders`. */
  readonly destination: string
  readonly endpoint: RedactedEndpoint
  readonly replyTo: string | undefined
}

/** What came of it. Times are milliseconds since the epoch. */
export interface FailedRun {
  readonly reason: FailureReason
  /** Whatever was thrown. */
  readonly error: unknown
  /** `host:pid:n` of whoever keeps it. */
  readonly worker: string
  readonly at: number
  /** Every failed attempt, this one included. Defaults to what the message's history says. */
  readonly attempts?: readonly AttemptRecord[]
}

const MOST_PREVIEW_CHARACTERS = 200

/** The record of a job that failed for good. Total: never throws, whatever the message holds and whatever was thrown. */
export function failureOf(delivery: FailedDelivery, run: FailedRun): Failure {
  const { [HEADER.history]: history, ...headers } = delivery.headers
  const job = headers[HEADER.job] ?? ''
  const requeues = wholeNumber(headers[HEADER.requeues]) ?? 0
  const attempts = run.attempts ?? readAttempts(history)
  const thrown = describeThrown(run.error)
  return {
    id: failureId(delivery.id, requeues),
    jobId: delivery.id,
    job,
    queue: headers[HEADER.queue] ?? queueOf(delivery.destination),
    broker: brokerOf(delivery.endpoint),
    args: delivery.bytes,
    contentType: delivery.contentType,
    preview: headers[HEADER.preview] ?? beginningOf(delivery.bytes),
    headers,
    reason: run.reason,
    ...thrown,
    fingerprint: fingerprint(job, thrown.errorClass, thrown.errorMessage),
    attempts,
    requeues,
    worker: run.worker,
    enqueuedAt: wholeNumber(headers[HEADER.enqueuedAt]),
    firstFailedAt: attempts[0]?.at ?? run.at,
    failedAt: run.at,
    expiresAt: wholeNumber(headers[HEADER.expiresAt]),
    traceparent: headers['traceparent'],
    requestId: headers[HEADER.requestId],
    replyTo: delivery.replyTo,
    priority: wholeNumber(headers[HEADER.priority]),
  }
}

/** A header that counts; undefined for what is no whole number from 0 up. */
function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

function queueOf(destination: string): string {
  try {
    return parseDestination(destination).name
  } catch {
    return destination
  }
}

/** An endpoint such as `amqp://broker-1:5672`, which has no credentials. */
function brokerOf(endpoint: RedactedEndpoint): Failure['broker'] {
  const [scheme = '', address = ''] = endpoint.split('://', 2)
  return { kind: scheme.replace(/\+ssl$|(?<=^amqp)s$/, ''), name: address, url: endpoint }
}

/** For people, where the sender gave no preview: the beginning of the body, where that is text. */
export function beginningOf(bytes: Uint8Array): string {
  const text = Buffer.from(
    bytes.buffer,
    bytes.byteOffset,
    Math.min(bytes.byteLength, 4 * MOST_PREVIEW_CHARACTERS),
  ).toString()
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\u0008\u000e-\u001f]/.test(text.slice(0, MOST_PREVIEW_CHARACTERS))) return `${bytes.byteLength} bytes`
  const line = withoutCredentials(text.replaceAll(/[\s\u007f-\u009f]+/g, ' ').trim())
  return line.slice(0, MOST_PREVIEW_CHARACTERS).toWellFormed()
}

/** The attempts in a message's history, those alone that can be read. */
export function readAttempts(history: string | undefined): readonly AttemptRecord[] {
  if (history === undefined) return []
  try {
    const value: unknown = JSON.parse(history)
    return Array.isArray(value) ? value.filter(isAttempt) : []
  } catch {
    return []
  }
}

export function isAttempt(value: unknown): value is AttemptRecord {
  if (typeof value !== 'object' || value === null) return false
  const { attempt, at, worker, broker, error, durationMs } = value as Record<string, unknown>
  const counts = [attempt, at, durationMs].every((number) => Number.isFinite(number))
  return counts && [worker, broker, error].every((text) => typeof text === 'string')
}
