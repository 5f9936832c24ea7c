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
  /** Undefined while it is not performed. */
  run: Run | undefined
}

export function readTask(delivery: Delivery, source: string): Task {
  const envelope = readEnvelope(delivery.headers)
  return {
    delivery,
    envelope,
    job: envelope.job,
    jobId: delivery.id,
    queue: envelope.queue ?? source,
    key: runKey(delivery.id, envelope.requeues, envelope.attempt),
    began: 0,
    beganAt: 0,
    begun: false,
    run: undefined,
  }
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
