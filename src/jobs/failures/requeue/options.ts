import type { Connection } from '../../../connection.ts'
import { UnderstudyError } from '../../../errors.ts'
import { queueNameOf } from '../../../transport/destination.ts'
import { checkNames, type NamesOf } from '../../../transport/option-names.ts'

/** Another broker to send failed jobs to. Whose connection it is, closes it. */
export interface OtherBroker {
  readonly connection: Connection
  /** Defaults to the queue that each job was enqueued to. */
  readonly queue?: string
}

/** How far a requeue is. */
export interface RequeueProgress {
  /** How many are to be sent. */
  readonly claimed: number
  readonly sent: number
}

/** How failed jobs are sent back. */
export interface RequeueOptions {
  /** How many at most, the eldest first. Defaults to all that match. */
  readonly limit?: number
  /** How many a second. Defaults to as many as the broker takes. */
  readonly rate?: number
  /**
   * Milliseconds since they failed: what is older stays as it is, and is counted. It guards against jobs that should
   * not run any more, since a time to live of the job's own ended with its first life. Defaults to none.
   */
  readonly maxAge?: number
  /** Only says how many would go. Defaults to false. */
  readonly dryRun?: boolean
  /** Another queue, or another broker. Defaults to the queue that each job was enqueued to. */
  readonly to?: string | OtherBroker
  /** Who does it, for the audit. Defaults to `user@host`. */
  readonly actor?: string
  /** So many go first, and the rest when each of them has succeeded. Defaults to 0: all go at once. */
  readonly canary?: number
  /** How many milliseconds the first ones may take. Defaults to 60,000. */
  readonly canaryTimeout?: number
  /** Stops: what has not gone stays failed. Defaults to none. */
  readonly signal?: AbortSignal
  /** Called now and then. Defaults to nobody. */
  readonly onProgress?: (progress: RequeueProgress) => void
}

const NAMES: NamesOf<RequeueOptions> = {
  limit: true,
  rate: true,
  maxAge: true,
  dryRun: true,
  to: true,
  actor: true,
  canary: true,
  canaryTimeout: true,
  signal: true,
  onProgress: true,
}

/** More than any store holds, and small enough for every database's own LIMIT. */
export const NO_LIMIT = 2_147_483_647

/** @throws UnderstudyError `invalid-option`, naming the option. */
export function checkRequeueOptions(options: RequeueOptions): void {
  checkNames('requeue', options, NAMES)
  const { limit, rate, maxAge, canary, canaryTimeout, to } = options
  if (limit !== undefined) checkWhole('limit', limit, 1)
  if (canary !== undefined) checkWhole('canary', canary, 0)
  checkPositive('rate', rate)
  checkPositive('maxAge', maxAge)
  checkPositive('canaryTimeout', canaryTimeout)
  const queue = typeof to === 'string' ? to : to?.queue
  if (queue !== undefined) returnQueueName(queue)
}

/** The plain name of a queue that failed jobs may go back to. @throws UnderstudyError `invalid-option`. */
export function returnQueueName(text: string): string {
  return queueNameOf(text, 'jobs are sent back to queues')
}

function checkWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= NO_LIMIT) return
  throw new UnderstudyError('invalid-option', `${name} must be a whole number from ${least} up, not ${value}`)
}

function checkPositive(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return
  throw new UnderstudyError('invalid-option', `${name} must be a number above 0, not ${value}`)
}
