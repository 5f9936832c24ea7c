import { createHash, randomUUID } from 'node:crypto'
import type { Delivery } from '../../listener/delivery.ts'
import { type Envelope, readEnvelope, runKey } from '../envelope.ts'
import type { JobHost } from '../job-host.ts'
import type { Bounds } from './bounds.ts'
import type { Run } from './run.ts'

/** One delivery in a worker's hands, and what is known of it. */
export interface Task {
  readonly delivery: Delivery
  readonly envelope: Envelope
  /** The job's name; empty where the message does not say. */
  readonly job: string
  readonly jobId: string
  /** Where it was enqueued to; where it was read from, if the message does not say. */
  readonly queue: string
  /** What the ledger knows it by. */
  readonly key: string
  /** When it got its slot: milliseconds of the clock's own, and since the epoch. */
  began: number
  beganAt: number
  /** Whether the ledger counts this start, as one that did not end. */
  begun: boolean
  /** An operator wants it ended, and it was not performed yet. */
  isAborted: boolean
  /** Undefined while it is not performed. */
  run: Run | undefined
}

export function readTask(delivery: Delivery, source: string): Task {
  const envelope = readEnvelope(delivery.headers)
  const jobId = identityOf(delivery.id)
  return {
    delivery,
    envelope,
    job: envelope.job,
    jobId,
    queue: envelope.queue ?? source,
    key: runKey(jobId, envelope.requeues, envelope.attempt),
    began: 0,
    beganAt: 0,
    begun: false,
    isAborted: false,
    run: undefined,
  }
}

// What every store has room for, with what is put behind it.
const MOST_ID_BYTES = 900

/**
 * Which job it is. AMQP wants no id of a message, and what has none must not be taken for the same job as all others
 * without: each copy is a job of its own then. One that is too long for stores is the same for all its copies.
 */
function identityOf(id: string): string {
  if (id === '') return randomUUID()
  if (id.length * 3 <= MOST_ID_BYTES || Buffer.byteLength(id) <= MOST_ID_BYTES) return id
  return `long-${createHash('sha256').update(id).digest('hex')}`
}

/** What the parts of a worker share. */
export interface Shop {
  readonly host: JobHost
  /** `host:pid:n`. */
  readonly worker: string
  /** How long stores may take. */
  readonly bounds: Bounds
  /** Fires when the worker waits for nothing any more: what is not done by then is done by another delivery. */
  readonly letGo: AbortSignal
}
