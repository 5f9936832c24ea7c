import type { SendOptions } from '../../../producer/composer.ts'
import { WrittenBody } from '../../../producer/payload.ts'
import { HEADER, OWN_PREFIX } from '../../envelope.ts'
import type { Failure } from '../failure.ts'

/** What is other than before when a failed job is sent back. */
export interface ReturnChanges {
  /** Where it goes, such as `images`. Defaults to where it was enqueued. */
  readonly queue?: string | undefined
  /** A new identity, for a job that is not the same any more. Defaults to the job's own. */
  readonly jobId?: string | undefined
  readonly args?: Uint8Array | undefined
  readonly contentType?: string | undefined
  readonly preview?: string | undefined
  /** The application's headers, in place of all that it had. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface ReturningMessage {
  readonly queue: string
  readonly jobId: string
  readonly payload: WrittenBody
  readonly options: SendOptions
}

/**
 * A failed job as it goes back to its queue: the same job, sent back once more, at its first attempt, with its
 * arguments, its headers, its priority and the place that waits for its result. What is over stays behind: its attempts,
 * when it was due, and when it expired.
 */
export function returningMessage(failure: Failure, changes: ReturnChanges = {}): ReturningMessage {
  const { args = failure.args, contentType = failure.contentType } = changes
  const queue = changes.queue ?? failure.queue
  const jobId = changes.jobId ?? failure.jobId
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(failure.headers)) {
    const own = name.startsWith(OWN_PREFIX)
    if (own ? !LEFT_BEHIND.has(name) : changes.headers === undefined && !OF_BROKERS.test(name)) headers[name] = value
  }
  Object.assign(headers, changes.headers)
  // A worker sends its retries to the queue of this header.
  if (headers[HEADER.queue] !== undefined) headers[HEADER.queue] = queue
  if (changes.preview !== undefined) headers[HEADER.preview] = changes.preview
  headers[HEADER.requeues] = String(failure.requeues + 1)
  return {
    queue,
    jobId,
    payload: new WrittenBody(Buffer.from(args.buffer, args.byteOffset, args.byteLength), contentType),
    options: {
      id: jobId,
      headers,
      ...(failure.priority === undefined ? {} : { priority: failure.priority }),
      ...(failure.replyTo === undefined ? {} : { replyTo: failure.replyTo }),
    },
  }
}

const LEFT_BEHIND: ReadonlySet<string> = new Set([
  HEADER.attempt,
  HEADER.requeues,
  HEADER.history,
  HEADER.dueAt,
  HEADER.expiresAt,
])

/**
 * What brokers write into letters that they gave up. RabbitMQ takes a message for one that goes in circles by its
 * `x-death`, and ActiveMQ keeps the first `original-…` for good.
 */
const OF_BROKERS =
  /^(?:x-death|x-(?:first|last)-death-(?:queue|reason|exchange)|x-delivery-count|dlqDeliveryFailureCause|original-(?:destination|expiration)|original(?:Destination|Expiration))$/
