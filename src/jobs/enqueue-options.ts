import { UnderstudyError } from '../errors.ts'
import { parseDestination } from '../transport/destination.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import { OWN_PREFIX } from './envelope.ts'

/** Durations are milliseconds. */
export interface EnqueueManyOptions {
  /** How long the broker holds the job back before any worker has it. Defaults to 0. */
  readonly delay?: number
  /**
   * How long the job is of use, counted from when it is due. A worker that gets it later keeps it as `expired`, and
   * without a delay the broker may drop it then. Defaults to for ever.
   */
  readonly ttl?: number
  /** 0 (lowest) to 9. On RabbitMQ the queue needs `maxPriority`. Defaults to the broker's 4. */
  readonly priority?: number
  /** What the request is called that the job is a part of: `context.requestId`. Of 1 to 200 characters. */
  readonly requestId?: string
  /** Headers of one's own: `context.headers`. Their names do not begin with `understudy-`. Defaults to none. */
  readonly headers?: Readonly<Record<string, string>>
  /** Defaults to the job's own queue. */
  readonly queue?: string
  /**
   * Where it is published, such as `exchange://user.commands/user.account.create`: from there the broker brings it to
   * the queue, which has to be bound. Defaults to the job's own `to`; where another queue is given, to that queue.
   */
  readonly to?: string
  /** Whether a handle can tell the result. Defaults to yes where the application has results. */
  readonly result?: boolean
  /** Gives the sending up; what was written by then ends as `unknown`. Defaults to none. */
  readonly signal?: AbortSignal
}

export interface EnqueueOptions extends EnqueueManyOptions {
  /** The job's identity, of 1 to 200 characters. Defaults to a random UUID. */
  readonly id?: string
  /**
   * Jobs of one name, queue and key are worked on once: their id is made of the three, and a worker's ledger knows it
   * again, for as long as it remembers. Of 1 to 1,000 characters. Not together with `id`. Defaults to none.
   */
  readonly dedupKey?: string
}

const ENQUEUE_MANY_OPTIONS: NamesOf<EnqueueManyOptions> = {
  delay: true,
  ttl: true,
  priority: true,
  requestId: true,
  headers: true,
  queue: true,
  to: true,
  result: true,
  signal: true,
}
const ENQUEUE_OPTIONS: NamesOf<EnqueueOptions> = { ...ENQUEUE_MANY_OPTIONS, id: true, dedupKey: true }

const LONGEST_ID = 200
const LONGEST_KEY = 1000
// Beyond the year 5000; a wall time stays a whole number of milliseconds.
const LONGEST_MS = 1e14

/** @throws UnderstudyError `invalid-option`, naming the option. */
export function checkEnqueueOptions(options: EnqueueOptions): void {
  checkNames('enqueue', options, ENQUEUE_OPTIONS)
  checkValues(options)
  const { id, dedupKey } = options
  if (id !== undefined) checkText('id', id, LONGEST_ID)
  if (dedupKey === undefined) return
  checkText('dedupKey', dedupKey, LONGEST_KEY)
  if (id !== undefined) throw invalid('a dedupKey makes the id of a job: give one of the two')
}

/** @throws UnderstudyError `invalid-option`, naming the option. */
export function checkEnqueueManyOptions(options: EnqueueManyOptions): void {
  const { id, dedupKey } = options as EnqueueOptions
  if (id !== undefined || dedupKey !== undefined)
    throw invalid(`many jobs cannot have one ${id === undefined ? 'dedupKey' : 'id'}: enqueue them one by one`)
  checkNames('enqueueMany', options, ENQUEUE_MANY_OPTIONS)
  checkValues(options)
}

function checkValues({ delay, ttl, priority, requestId, headers, result, to }: EnqueueManyOptions): void {
  if (delay !== undefined && !(delay >= 0 && delay <= LONGEST_MS && typeof delay === 'number'))
    throw invalid(`delay must be milliseconds from 0 on, not ${String(delay)}`)
  if (ttl !== undefined && !(ttl > 0 && ttl <= LONGEST_MS && typeof ttl === 'number'))
    throw invalid(`ttl must be milliseconds above 0, not ${String(ttl)}`)
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 9))
    throw invalid(`priority must be a whole number from 0 to 9, not ${String(priority)}`)
  if (requestId !== undefined) checkText('requestId', requestId, LONGEST_ID)
  if (headers !== undefined) checkHeaders(headers)
  if (to !== undefined) parseDestination(to)
  if (result !== undefined && typeof result !== 'boolean') throw invalid('result must be true or false')
}

function checkText(name: string, value: unknown, longest: number): void {
  const fits = typeof value === 'string' && value.length >= 1 && value.length <= longest
  // oxlint-disable-next-line no-control-regex
  if (fits && !/[\u0000-\u001f\u007f]/.test(value)) return
  throw invalid(`${name} must be a text of 1 to ${longest} characters without control characters`)
}

function checkHeaders(headers: Readonly<Record<string, unknown>>): void {
  if (typeof headers !== 'object' || headers === null) throw invalid('headers must be an object of texts')
  for (const name of Object.keys(headers)) {
    const shown = JSON.stringify(name.slice(0, 64))
    if (name.toLowerCase().startsWith(OWN_PREFIX))
      throw invalid(`header ${shown}: names of ${OWN_PREFIX} are not yours`)
    if (typeof headers[name] !== 'string') throw invalid(`header ${shown} must be text, not ${typeof headers[name]}`)
  }
}

function invalid(message: string): UnderstudyError {
  return new UnderstudyError('invalid-option', `enqueue: ${message}`)
}
