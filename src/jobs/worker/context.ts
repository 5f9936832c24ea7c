import { UnderstudyError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { applicationHeaders } from '../envelope.ts'
import type { JobContext } from '../job.ts'
import type { Run } from './run.ts'
import type { Task } from './task.ts'

/** What `perform` is told of its run. What costs something is made when it is asked for. */
export class RunContext implements JobContext {
  readonly #task: Task
  readonly #run: Run
  readonly #logger: Logger
  readonly #tell: (percent: number, message: string | undefined) => Promise<void>
  #headers: Readonly<Record<string, string>> | undefined
  #log: Logger | undefined

  /** `tell` passes progress on, and never rejects. */
  constructor(
    task: Task,
    run: Run,
    logger: Logger,
    tell: (percent: number, message: string | undefined) => Promise<void>,
  ) {
    this.#task = task
    this.#run = run
    this.#logger = logger
    this.#tell = tell
  }

  get jobId(): string {
    return this.#task.jobId
  }

  get job(): string {
    return this.#task.job
  }

  get queue(): string {
    return this.#task.queue
  }

  get attempt(): number {
    return this.#task.envelope.attempt
  }

  get requeues(): number {
    return this.#task.envelope.requeues
  }

  get redelivered(): boolean {
    return this.#task.delivery.redelivered
  }

  get requestId(): string | undefined {
    return this.#task.envelope.requestId
  }

  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= applicationHeaders(this.#task.delivery.headers)
    return this.#headers
  }

  get signal(): AbortSignal {
    return this.#run.signal
  }

  get log(): Logger {
    this.#log ??= named(this.#logger, { job: this.job, jobId: this.jobId, attempt: this.attempt })
    return this.#log
  }

  /** A function of its own, so that `({ progress })` works. */
  get progress(): JobContext['progress'] {
    return async (percent, message) => {
      if (!Number.isFinite(percent) || percent < 0 || percent > 100)
        throw new UnderstudyError('invalid-option', `progress goes from 0 to 100, not to ${String(percent)}`)
      // What a run that was given up goes on to say is of no run any more.
      if (!this.#run.isOver) await this.#tell(percent, message)
    }
  }
}

function named(logger: Logger, about: object): Logger {
  return {
    debug: (fields, message) => logger.debug({ ...about, ...fields }, message),
    info: (fields, message) => logger.info({ ...about, ...fields }, message),
    warn: (fields, message) => logger.warn({ ...about, ...fields }, message),
    error: (fields, message) => logger.error({ ...about, ...fields }, message),
  }
}
