import { createHash, randomUUID } from 'node:crypto'
import { WrittenBody } from '../producer/payload.ts'
import type { SendOptions } from '../producer/composer.ts'
import { jobQueueName } from './define-job.ts'
import type { EnqueueOptions } from './enqueue-options.ts'
import { HEADER } from './envelope.ts'
import type { Job } from './job.ts'
import { previewOf } from './preview.ts'
import { encodeArgs } from './serializer.ts'

/** A job as it is sent. */
export interface JobMessage {
  readonly id: string
  /** Whether the id was made just now, so that nobody can know of the job yet. */
  readonly isNew: boolean
  readonly queue: string
  /** Where it is published: the queue, or what brings it there. */
  readonly destination: string
  readonly body: WrittenBody
  readonly options: { -readonly [Name in keyof SendOptions]: SendOptions[Name] }
}

/**
 * The message of a job. The options have been checked.
 *
 * @param args what the enqueuer gave: it is sent, and the worker's schema reads it anew.
 * @param read what the schema made of it; a job's own preview sees this.
 * @param now wall time in milliseconds.
 * @throws UnderstudyError `invalid-option` for arguments that the serializer cannot write.
 */
export function messageOf(job: Job, args: unknown, read: unknown, options: EnqueueOptions, now: number): JobMessage {
  const { delay = 0, ttl, priority, dedupKey, requestId, signal } = options
  const queue = options.queue === undefined ? job.queue : jobQueueName('enqueue', options.queue)
  const body = encodeArgs(job.serializer, args)
  const id = options.id ?? (dedupKey === undefined ? randomUUID() : dedupId(queue, job.name, dedupKey))
  // What `writeEnvelope` would say, said without a copy: this is the hot path.
  const headers: Record<string, string> = options.headers === undefined ? {} : { ...options.headers }
  headers[HEADER.job] = job.name
  headers[HEADER.queue] = queue
  headers[HEADER.enqueuedAt] = String(Math.round(now))
  const preview = previewOf(job, read, body)
  if (preview !== '') headers[HEADER.preview] = preview
  const send: JobMessage['options'] = { id, headers }
  if (delay > 0) {
    send.delayMs = delay
    headers[HEADER.dueAt] = String(Math.round(now + delay))
  }
  if (ttl !== undefined) {
    headers[HEADER.expiresAt] = String(Math.round(now + delay + ttl))
    // Brokers count from the sending, and one that drops a delayed message early would lose it.
    if (delay === 0) send.expireAfterMs = ttl
  }
  if (priority !== undefined) {
    send.priority = priority
    headers[HEADER.priority] = String(priority)
  }
  if (requestId !== undefined) {
    send.correlationId = requestId
    headers[HEADER.requestId] = requestId
  }
  if (dedupKey !== undefined) headers[HEADER.dedupKey] = dedupKey
  if (signal !== undefined) send.signal = signal
  return {
    id,
    isNew: options.id === undefined && dedupKey === undefined,
    queue,
    destination: options.to ?? (options.queue === undefined ? job.to : undefined) ?? `queue://${queue}`,
    body: new WrittenBody(body, job.serializer.contentType),
    options: send,
  }
}

/** The same for the same three, in every process. */
function dedupId(queue: string, job: string, key: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([queue, job, key]))
    .digest('hex')
  return `dedup-${hash.slice(0, 40)}`
}
