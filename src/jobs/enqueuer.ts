import type { Clock } from '../clock.ts'
import type { Connection } from '../connection.ts'
import { UnderstudyError } from '../errors.ts'
import type { EnqueueManyOptions, EnqueueOptions } from './enqueue-options.ts'
import { FollowedJob } from './followed-job.ts'
import type { Job } from './job.ts'
import type { JobObserver } from './job-events.ts'
import { JobHandle } from './job-handle.ts'
import { type JobMessage, messageOf } from './job-message.ts'
import type { JobQueues } from './job-queues.ts'
import type { ResultsSession } from './results/results.ts'
import { validate } from './standard-schema.ts'

export interface EnqueuerOptions {
  readonly connection: Pick<Connection, 'send'>
  readonly queues: JobQueues
  /** Opens the results at the first call; undefined where the application has none. */
  readonly results: (() => Promise<ResultsSession>) | undefined
  readonly tell: JobObserver
  readonly clock: Clock
}

// A job that is never heard of again stays followed until then.
const MOST_FOLLOWED = 100_000

interface Followed {
  readonly job: FollowedJob
  close(): void
}

/** Sends jobs, and follows those whose results are wanted. */
export class Enqueuer {
  readonly #options: EnqueuerOptions
  /** In the order in which they were enqueued. */
  readonly #followed = new Map<FollowedJob, Followed>()
  #closed = false

  constructor(options: EnqueuerOptions) {
    this.#options = options
  }

  /** The options have been checked. */
  async enqueue<Result>(
    job: Job<unknown, unknown, Result>,
    args: unknown,
    options: EnqueueOptions,
  ): Promise<JobHandle<Result>> {
    const message = await this.#message(job, args, options)
    const { id, queue } = message
    const { clock } = this.#options
    const followed = options.result === false ? undefined : await this.#follow(message)
    try {
      await this.#send(job, message)
    } catch (error) {
      followed?.close()
      throw error
    }
    return new JobHandle<Result>({ id, job: job.name, queue, followed: followed?.job, clock })
  }

  /** The same without a handle. */
  dispatch(job: Job, args: unknown, options: EnqueueManyOptions): Promise<void> {
    // The hot path of long lists: no more promises than the sending needs.
    let message: JobMessage | Promise<JobMessage>
    try {
      message = this.#message(job, args, options)
    } catch (error) {
      return Promise.reject(error)
    }
    return message instanceof Promise ? message.then((made) => this.#send(job, made)) : this.#send(job, message)
  }

  /** Nobody hears of what is followed any more. */
  close(): void {
    this.#closed = true
    const error = new UnderstudyError('closed', 'the application was closed before the job ended')
    for (const followed of this.#followed.values()) {
      followed.job.lose(error)
      followed.close()
    }
  }

  /** At once, unless the schema or the queue takes its time. */
  #message(job: Job, args: unknown, options: EnqueueOptions): JobMessage | Promise<JobMessage> {
    if (this.#closed) throw new UnderstudyError('closed', 'the application was closed')
    const { schema, name } = job
    const read = schema === undefined ? args : validate(schema, args, `arguments of job ${name}`)
    return read instanceof Promise
      ? read.then((value) => this.#compose(job, args, value, options))
      : this.#compose(job, args, read, options)
  }

  #compose(job: Job, args: unknown, read: unknown, options: EnqueueOptions): JobMessage | Promise<JobMessage> {
    const message = messageOf(job, args, read, options, this.#options.clock.wallTime())
    return this.#options.queues.prepare(message.queue)?.then(() => message) ?? message
  }

  #send(job: Job, { id, queue, destination, body, options }: JobMessage): Promise<void> {
    return this.#options.connection.send(destination, body, options).then(() => {
      this.#options.tell({ type: 'enqueued', queue, job: job.name, jobId: id })
    })
  }

  /** Begins before the job is sent, so that nothing of it is missed. */
  async #follow(message: JobMessage): Promise<Followed | undefined> {
    if (this.#options.results === undefined) return undefined
    const results = await this.#options.results()
    const job: FollowedJob = new FollowedJob(message.id, (ended) => this.#followed.delete(ended))
    const watch = await results.watch(
      message.id,
      (state) => job.take(state),
      (error) => job.lose(error),
      message.isNew,
    )
    if (results.replyTo !== undefined) message.options.replyTo = results.replyTo
    const close = (): void => {
      this.#followed.delete(job)
      watch.close()
    }
    const followed: Followed = { job, close }
    if (this.#followed.size >= MOST_FOLLOWED) this.#dropEldest()
    // It may have ended already: another of the same id has.
    if (job.outcome === undefined) this.#followed.set(job, followed)
    return followed
  }

  #dropEldest(): void {
    const eldest = this.#followed.values().next().value
    const message = `${MOST_FOLLOWED} later jobs are waited for: nobody hears of this one any more`
    eldest?.job.lose(new UnderstudyError('pending-full', message))
    eldest?.close()
  }
}
