import { parseDestination } from '../../transport/destination.ts'
import type { RedactedEndpoint } from '../../transport/endpoint.ts'
import { HEADER, readEnvelope } from '../envelope.ts'
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

/** The same message as that of this job, for one whose sender gave it no id. */
export function withId(
  { bytes, contentType, headers, destination, endpoint, replyTo }: FailedDelivery,
  id: string,
): FailedDelivery {
  return { id, bytes, contentType, headers, destination, endpoint, replyTo }
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
  const { [HEADER.history]: _, ...headers } = delivery.headers
  const envelope = readEnvelope(delivery.headers)
  const { job, requeues, history } = envelope
  const attempts = run.attempts ?? history
  const thrown = describeThrown(run.error)
  return {
    id: failureId(delivery.id, requeues),
    jobId: delivery.id,
    job,
    queue: envelope.queue ?? queueOf(delivery.destination),
    broker: brokerOf(delivery.endpoint),
    args: delivery.bytes,
    contentType: delivery.contentType,
    preview: envelope.preview === '' ? beginningOf(delivery.bytes) : envelope.preview,
    headers,
    reason: run.reason,
    ...thrown,
    fingerprint: fingerprint(job, thrown.errorClass, thrown.errorMessage),
    attempts,
    requeues,
    worker: run.worker,
    enqueuedAt: envelope.enqueuedAt,
    firstFailedAt: attempts[0]?.at ?? run.at,
    failedAt: run.at,
    expiresAt: envelope.expiresAt,
    traceparent: headers['traceparent'],
    requestId: envelope.requestId,
    replyTo: delivery.replyTo,
    priority: envelope.priority,
  }
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
