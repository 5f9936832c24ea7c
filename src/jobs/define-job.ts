import { UnderstudyError } from '../errors.ts'
import { parseDestination, queueNameOf } from '../transport/destination.ts'
import { checkNames, type NamesOf } from '../transport/option-names.ts'
import type { Job, JobOptions } from './job.ts'
import type { Backoff, RetryOptions } from './retry-policy.ts'
import { jsonSerializer, type Serializer } from './serializer.ts'
import type { StandardSchema } from './standard-schema.ts'

const DEFAULT_QUEUE = 'jobs'
const LONGEST_NAME = 200
// Longer than any timer of Node's, and no job of a message broker.
const LONGEST_MS = 2 ** 31 - 1
const MOST_ATTEMPTS = 1_000_000

const JOB_OPTIONS: NamesOf<JobOptions<unknown, unknown, unknown>> = {
  name: true,
  queue: true,
  to: true,
  schema: true,
  serializer: true,
  retry: true,
  timeout: true,
  preview: true,
  perform: true,
}
const RETRY_OPTIONS: NamesOf<RetryOptions> = { attempts: true, backoff: true, retryIf: true }
const BACKOFF_OPTIONS: NamesOf<Backoff> = { type: true, delay: true, max: true, jitter: true }

/**
 * A kind of job: what it is called, where it goes, what its arguments are and what is done with them. Enqueue it with
 * `App.enqueue`, work on it with `App.worker`; both sides may import the same definition.
 *
 * @throws UnderstudyError `invalid-option`, naming the option.
 */
export function defineJob<Input, Args, Result>(
  options: JobOptions<Input, Args, Result> & { readonly schema: StandardSchema<Input, Args> },
): Job<Input, Args, Result>
export function defineJob<Args, Result>(
  options: JobOptions<Args, Args, Result> & { readonly schema?: undefined },
): Job<Args, Args, Result>
export function defineJob<Input, Args, Result>(options: JobOptions<Input, Args, Result>): Job<Input, Args, Result> {
  check(typeof options === 'object' && options !== null, 'a job is defined by its options')
  checkNames('job', options, JOB_OPTIONS)
  const { name, queue = DEFAULT_QUEUE, schema, serializer = jsonSerializer, retry, timeout } = options
  checkJobName(name)
  if (options.to !== undefined) parseDestination(options.to)
  const of = `job ${name}`
  check(
    schema === undefined || typeof schema?.['~standard']?.validate === 'function',
    `${of}: schema must be a Standard Schema, such as one of zod or valibot`,
  )
  check(isSerializer(serializer), `${of}: serializer must have contentType, encode and decode`)
  if (retry !== undefined) checkRetry(of, retry)
  if (timeout !== undefined) checkRange(of, 'timeout', timeout, 1, LONGEST_MS)
  check(['undefined', 'function'].includes(typeof options.preview), `${of}: preview must be a function`)
  check(typeof options.perform === 'function', `${of}: perform must be a function`)
  return Object.freeze({ ...options, queue: jobQueueName(of, queue), serializer })
}

/** @throws UnderstudyError `invalid-option` for a name of no characters, too many, or some that cannot be shown. */
function checkJobName(name: unknown): void {
  check(typeof name === 'string' && name !== '', 'a job has a name, such as image.resize')
  const shown = JSON.stringify(name.slice(0, 64))
  check(
    name.length <= LONGEST_NAME,
    `a job's name has at most ${LONGEST_NAME} characters: ${shown}… has ${name.length}`,
  )
  // oxlint-disable-next-line no-control-regex
  check(!/[\u0000-\u001f\u007f-\u009f]/.test(name), `a job's name has no control characters: ${shown} does`)
}

/**
 * The bare name of a queue that jobs go to.
 *
 * @throws UnderstudyError `invalid-option` for what is none.
 */
export function jobQueueName(what: string, queue: string): string {
  check(typeof queue === 'string', `${what}: queue must be the name of a queue`)
  return queueNameOf(queue, `${what}: jobs go to queues`)
}

function isSerializer({ contentType, encode, decode }: Record<keyof Serializer, unknown>): boolean {
  return typeof contentType === 'string' && typeof encode === 'function' && typeof decode === 'function'
}

function checkRetry(of: string, retry: RetryOptions): void {
  check(typeof retry === 'object' && retry !== null, `${of}: retry must be an object`)
  checkNames('retry', retry, RETRY_OPTIONS)
  const { attempts, backoff, retryIf } = retry
  if (attempts !== undefined) {
    check(Number.isInteger(attempts), `${of}: retry.attempts must be a whole number, not ${attempts}`)
    checkRange(of, 'retry.attempts', attempts, 1, MOST_ATTEMPTS)
  }
  check(retryIf === undefined || typeof retryIf === 'function', `${of}: retry.retryIf must be a function`)
  if (backoff === undefined) return
  check(typeof backoff === 'object' && backoff !== null, `${of}: retry.backoff must be an object`)
  checkNames('backoff', backoff, BACKOFF_OPTIONS)
  const { type, delay, max, jitter } = backoff
  const isKnown = type === undefined || type === 'exponential' || type === 'fixed'
  check(isKnown, `${of}: retry.backoff.type must be exponential or fixed, not ${JSON.stringify(type)}`)
  if (delay !== undefined) checkRange(of, 'retry.backoff.delay', delay, 0, LONGEST_MS)
  if (max !== undefined) checkRange(of, 'retry.backoff.max', max, 0, LONGEST_MS)
  if (jitter !== undefined) checkRange(of, 'retry.backoff.jitter', jitter, 0, 1)
}

function checkRange(of: string, option: string, value: number, least: number, most: number): void {
  const fits = Number.isFinite(value) && value >= least && value <= most
  check(fits, `${of}: ${option} must be a number from ${least} to ${most}, not ${String(value)}`)
}

function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new UnderstudyError('invalid-option', message)
}
