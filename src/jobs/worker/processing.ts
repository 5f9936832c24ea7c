import { UnderstudyError } from '../../errors.ts'
import { failureOf, withId } from '../failures/failure-of.ts'
import type { AttemptRecord, FailureReason } from '../failures/failure.ts'
import { thrownLine } from '../failures/thrown.ts'
import type { Job } from '../job.ts'
import type { JobEvent } from '../job-events.ts'
import { delayBefore, readRetry, type RetryPolicy } from '../retry-policy.ts'
import { decodeArgs } from '../serializer.ts'
import { validate } from '../standard-schema.ts'
import { RunContext } from './context.ts'
import { keepSafe } from './keeping.ts'
import { beginRun, finishRun, interruptRun, tellResolved } from './noting.ts'
import { Outcomes } from './outcomes.ts'
import { sendRetry } from './retrying.ts'
import { Run, type RunEnd } from './run.ts'
import type { Shop, Task } from './task.ts'
import { TimeLimit } from './time-limit.ts'

/** What is to be said to the broker: nothing where another delivery of it is to come. */
export type Verdict = 'ack' | 'leave'

/** A job together with what is worked out once for all its runs. */
interface KnownJob {
  readonly job: Job
  readonly policy: RetryPolicy
  /** One watch for all its runs; undefined where they may take for ever. */
  readonly limit: TimeLimit<Run> | undefined
}

/** A failure and what it is kept as. */
interface Failed {
  readonly reason: FailureReason
  readonly error: unknown
}

// How long a run that was told to end may take to do so, before its slot is given to another.
const END_GRACE_MS = 5000

/**
 * What is done with one delivery, in this order: too old? → known and readable? → begun, unless it is finished or was
 * begun too often → performed → told, noted, and only then acknowledged. A failure is safe elsewhere, as the next
 * attempt or as a record, before that. Never rejects.
 */
export class Processing {
  readonly #shop: Shop
  readonly #outcomes: Outcomes
  readonly #jobs = new Map<string, KnownJob>()
  readonly #maxLost: number

  constructor(shop: Shop, jobs: Iterable<Job>, maxLost: number) {
    this.#shop = shop
    this.#outcomes = new Outcomes(shop)
    this.#maxLost = maxLost
    for (const job of jobs) this.#jobs.set(job.name, this.#known(job))
  }

  /** Resolves when whoever is to be told late of a job has had a last chance. Never rejects. */
  lastWords(): Promise<void> {
    return this.#outcomes.lastWords()
  }

  /** Its timers are over. */
  close(): void {
    for (const { limit } of this.#jobs.values()) limit?.clear()
  }

  /** The link of a task in hand is gone: wherever its copy is begun meanwhile, no worker has died of it. */
  lost(task: Task): void {
    void interruptRun(this.#shop, task)
  }

  async process(task: Task): Promise<Verdict> {
    const { clock } = this.#shop.host
    const { delivery, envelope } = task
    task.began = clock.now()
    task.beganAt = clock.wallTime()
    if (envelope.expiresAt !== undefined && envelope.expiresAt <= task.beganAt) return await this.#expired(task)
    const known = this.#jobs.get(task.job)
    if (known === undefined) return await this.#keepUnread(task, { reason: 'unknown_job', error: unknownJob(task) })
    let args: unknown
    try {
      args = decodeArgs(known.job.serializer, delivery.bytes, delivery.contentType)
      if (known.job.schema) args = await validate(known.job.schema, args, `the arguments of ${task.job}`)
    } catch (error) {
      return await this.#keepUnread(task, { reason: 'decode', error })
    }
    const entry = await beginRun(this.#shop, task)
    if (entry === undefined) return await this.#interrupted(task)
    if (entry.finished) return this.#isDuplicate(task)
    if (task.isAborted) return await this.#keep(task, { reason: 'aborted', error: operatorsAbort() }, [])
    if (entry.starts > this.#maxLost) {
      const message = `workers were lost ${entry.starts - 1} times while they worked on it`
      return await this.#keep(task, { reason: 'worker_lost', error: new UnderstudyError('aborted', message) }, [])
    }
    if (delivery.isStale || this.#shop.letGo.aborted) return await this.#interrupted(task)
    this.#tell(task, { type: 'started', waitedMs: waitedMs(task), worker: this.#shop.worker })
    const end = await this.#perform(known, args, task)
    return await this.#conclude(known, end, task)
  }

  async #perform({ job, limit }: KnownJob, args: unknown, task: Task): Promise<RunEnd> {
    const { host } = this.#shop
    const run = new Run(host.clock)
    task.run = run
    // Whoever does not wait for its progress has it told in order all the same, and before the outcome.
    let told: Promise<void> | undefined
    let isTold = true
    const context = new RunContext(task, run, host.logger, (percent, message) => {
      const before = told
      const tell = async (): Promise<void> => {
        await before
        // Its end waits for what is behind the last one in vain.
        if (isTold || !run.isOver) isTold = await this.#outcomes.tellProgress(task, percent, message)
      }
      told = tell()
      return told
    })
    limit?.begin(run)
    run.start(() => job.perform(args, context))
    const end = await run.ended
    limit?.end(run)
    await told
    return end
  }

  /** A run that was told to end has not succeeded, whatever it returned: it may have returned because of that. */
  async #conclude({ policy }: KnownJob, end: RunEnd, task: Task): Promise<Verdict> {
    const { run, delivery, envelope } = task
    const interruption = run?.interruption
    if (end.kind === 'given-up') this.#sayGivenUp(task)
    if (interruption === 'stopping') return await this.#interrupted(task)
    if (interruption === undefined && end.kind === 'returned') return await this.#succeeded(end.value, task)
    const error = interruption === undefined && end.kind === 'threw' ? end.error : run?.reason
    const record = this.#record(task, error)
    let attempts = [...envelope.history, record]
    // What an operator wants holds whatever became of the link.
    if (interruption === 'aborted') return await this.#keep(task, { reason: 'aborted', error }, attempts)
    // It comes again all the same, and that is this attempt.
    if (delivery.isStale) return await this.#interrupted(task)
    if (envelope.attempt < policy.attempts && this.#isWorthIt(policy, error, envelope.attempt)) {
      const delayMs = delayBefore(policy.backoff, envelope.attempt + 1, this.#shop.host.random)
      const sent = await sendRetry(this.#shop, task, attempts, delayMs)
      if (sent === 'left') return await this.#interrupted(task)
      if (sent === 'sent') {
        await finishRun(this.#shop, task)
        const { worker } = this.#shop
        this.#tell(task, { type: 'retried', durationMs: this.#duration(task), delayMs, error, worker })
        return 'ack'
      }
      // Whoever reads the failure wonders where the other attempts are.
      attempts = [...envelope.history, { ...record, error: `${record.error}; not tried again: ${sent.refused}` }]
    }
    return await this.#keep(task, { reason: interruption === 'timeout' ? 'timeout' : 'exception', error }, attempts)
  }

  async #succeeded(value: unknown, task: Task): Promise<Verdict> {
    const { host, worker } = this.#shop
    const durationMs = this.#duration(task)
    if (host.results) await this.#outcomes.tell(task, { kind: 'succeeded', value, at: host.clock.wallTime() })
    await finishRun(this.#shop, task)
    if (task.envelope.requeues > 0) await tellResolved(this.#shop, task)
    this.#tell(task, { type: 'succeeded', durationMs, worker })
    return 'ack'
  }

  async #expired(task: Task): Promise<Verdict> {
    // A copy of what was finished in time is no failure.
    const entry = await beginRun(this.#shop, task)
    if (entry === undefined) return await this.#interrupted(task)
    if (entry.finished) return this.#isDuplicate(task)
    const { expiresAt = task.beganAt } = task.envelope
    const message = `it was of use until ${new Date(expiresAt).toISOString()}, and came ${Math.round(task.beganAt - expiresAt)} ms later`
    return await this.#keep(task, { reason: 'expired', error: new UnderstudyError('deadline', message) }, [])
  }

  /** Nothing was begun with it. */
  async #keepUnread(task: Task, failed: Failed): Promise<Verdict> {
    return await this.#keep(task, failed, [])
  }

  /** The last word: kept first, then told, then noted. */
  async #keep(task: Task, failed: Failed, attempts: readonly AttemptRecord[]): Promise<Verdict> {
    const { host, worker } = this.#shop
    const { reason, error } = failed
    const at = host.clock.wallTime()
    const history = attempts.length > 0 ? attempts : task.envelope.history
    const failure = failureOf(withId(task.delivery, task.jobId), { reason, error, worker, at, attempts: history })
    if (!(await keepSafe(this.#shop, task, { ...failure, queue: task.queue }))) return await this.#interrupted(task)
    const { errorClass, errorMessage } = failure
    await this.#outcomes.tell(task, { kind: 'failed', errorClass, errorMessage, reason, at })
    await finishRun(this.#shop, task)
    this.#tell(task, { type: 'failed', reason, durationMs: this.#duration(task), error, worker })
    return 'ack'
  }

  /** Another delivery of it comes, and nothing was spent. */
  async #interrupted(task: Task): Promise<Verdict> {
    await interruptRun(this.#shop, task)
    this.#tell(task, { type: 'interrupted', worker: this.#shop.worker })
    return 'leave'
  }

  #isDuplicate(task: Task): Verdict {
    this.#tell(task, { type: 'deduplicated' })
    return 'ack'
  }

  #isWorthIt({ retryIf }: RetryPolicy, error: unknown, attempt: number): boolean {
    try {
      return retryIf(error, attempt)
    } catch (thrown) {
      this.#shop.host.logger.warn({ error: thrownLine(thrown) }, 'retryIf threw; the job is not tried again')
      return false
    }
  }

  #known(job: Job): KnownJob {
    const { timeout } = job
    const late = (run: Run): void => {
      const reason = new UnderstudyError('deadline', `job ${job.name} was not done in ${timeout} ms`)
      run.interrupt('timeout', reason, END_GRACE_MS)
    }
    const limit = timeout === undefined ? undefined : new TimeLimit<Run>(this.#shop.host.clock, timeout, late)
    return { job, policy: readRetry(job.retry), limit }
  }

  #sayGivenUp({ job, jobId, run }: Task): void {
    const fields = { job, jobId, interruption: run?.interruption }
    this.#shop.host.logger.error(fields, 'a job did not end when it was told to; it goes on, and nobody waits for it')
  }

  #record(task: Task, error: unknown): AttemptRecord {
    return {
      attempt: task.envelope.attempt,
      at: task.beganAt,
      worker: this.#shop.worker,
      broker: task.delivery.endpoint,
      error: thrownLine(error),
      durationMs: this.#duration(task),
    }
  }

  #duration({ began }: Task): number {
    return this.#shop.host.clock.now() - began
  }

  #tell({ delivery, queue, job, jobId }: Task, what: EventOf<JobEvent>): void {
    // It will be acknowledged all the same.
    if (what.type === 'failed' || what.type === 'retried') delivery.noteFailure(what.error)
    try {
      this.#shop.host.tell({ ...what, queue, job, jobId })
    } catch {
      // The observer's trouble: the job must go on.
    }
  }
}

/** An event without what it is about. */
type EventOf<Event> = Event extends JobEvent ? Omit<Event, 'queue' | 'job' | 'jobId'> : never

/** What an operator's abort fires a run's signal with. */
export function operatorsAbort(): UnderstudyError {
  return new UnderstudyError('aborted', 'an operator aborted the job')
}

function unknownJob({ job }: Task): UnderstudyError {
  const message =
    job === '' ? 'the message does not say which job it is' : `no job ${JSON.stringify(job)} is known here`
  return new UnderstudyError('unsupported', message)
}

function waitedMs({ envelope, beganAt }: Task): number | undefined {
  const since = envelope.dueAt ?? (envelope.attempt === 1 ? envelope.enqueuedAt : undefined)
  return since === undefined ? undefined : Math.max(0, beganAt - since)
}
