import { randomUUID } from 'node:crypto'
import { UnderstudyError } from '../../../errors.ts'
import type { FailureDesk } from '../../../jobs/failures/desk.ts'
import type { FailureQuery } from '../../../jobs/failures/query/query.ts'
import { RequeueError, type RequeueOutcome } from '../../../jobs/failures/requeue/outcome.ts'
import type { DashboardContext } from '../../context.ts'
import type { RequeueChoice } from './requeue-form.ts'

/** One requeue that somebody started here. Times are milliseconds since the epoch. */
export interface RequeueRun {
  readonly id: string
  readonly actor: string
  /** What is sent back, in words. */
  readonly what: string
  readonly choice: RequeueChoice
  readonly startedAt: number
  /** How many there are to be sent, as was said before. */
  readonly expected: number
  readonly claimed: number | undefined
  readonly sent: number
  /** Whether somebody wanted it to stop. */
  readonly isCancelled: boolean
  readonly endedAt: number | undefined
  readonly outcome: RequeueOutcome | undefined
  /** Why not all went; undefined where all did, or nobody knows yet. */
  readonly trouble: string | undefined
}

export interface RequeueStart {
  readonly query: FailureQuery
  readonly what: string
  readonly choice: RequeueChoice
  readonly actor: string
  readonly expected: number
}

type Writable = { -readonly [Key in keyof RequeueRun]: RequeueRun[Key] }

interface Running {
  readonly run: Writable
  readonly stop: AbortController
  readonly ended: Promise<void>
}

const MOST_AT_ONCE = 4
/** Of those that have ended. */
const MOST_REMEMBERED = 50
/** A store that hangs must not keep a process from its end. */
const CLOSE_MS = 10_000

type RunsHost = Pick<DashboardContext, 'clock' | 'logger' | 'tell'>

/** The requeues of this server: they go on when the page is left. One at a time for each who starts them. */
export class RequeueRuns {
  readonly #desk: FailureDesk
  readonly #host: RunsHost
  readonly #running = new Map<string, Running>()
  readonly #ended = new Map<string, RequeueRun>()
  #isClosed = false

  constructor(desk: FailureDesk, host: RunsHost) {
    this.#desk = desk
    this.#host = host
  }

  get(id: string): RequeueRun | undefined {
    return this.#running.get(id)?.run ?? this.#ended.get(id)
  }

  /** Those that have not ended. */
  running(): readonly RequeueRun[] {
    return Array.from(this.#running.values(), ({ run }) => run)
  }

  /** Those that have not ended, and those that ended last. */
  recent(): readonly RequeueRun[] {
    return [...this.running(), ...[...this.#ended.values()].slice(-MOST_AT_ONCE)]
  }

  /** The one that this visitor has started, and that has not ended. */
  of(actor: string): RequeueRun | undefined {
    return this.running().find((run) => run.actor === actor)
  }

  /** @throws UnderstudyError `pending-full` while another one of the same actor runs, or too many of all. */
  start({ query, what, choice, actor, expected }: RequeueStart): RequeueRun {
    if (this.#isClosed) throw new UnderstudyError('pending-full', 'the dashboard is being closed')
    if (this.of(actor))
      throw new UnderstudyError('pending-full', 'you are sending failures back already: one at a time')
    if (this.#running.size >= MOST_AT_ONCE)
      throw new UnderstudyError(
        'pending-full',
        `${MOST_AT_ONCE} are sending failures back already: wait until one is done`,
      )
    const run: Writable = {
      id: randomUUID(),
      actor,
      what,
      choice,
      startedAt: this.#host.clock.wallTime(),
      expected,
      claimed: undefined,
      sent: 0,
      isCancelled: false,
      endedAt: undefined,
      outcome: undefined,
      trouble: undefined,
    }
    const stop = new AbortController()
    const ended = this.#run(run, query, stop.signal)
    this.#running.set(run.id, { run, stop, ended })
    return run
  }

  /** Lets it stop as soon as it can: what has not gone stays failed. Does nothing to one that has ended. */
  cancel(id: string): void {
    const running = this.#running.get(id)
    if (!running) return
    running.run.isCancelled = true
    running.stop.abort(new UnderstudyError('aborted', 'it was stopped'))
  }

  /** Resolves when it has ended, or after so many milliseconds. Never rejects. */
  async wait(id: string, atMostMs: number): Promise<void> {
    const running = this.#running.get(id)
    if (running) await this.#within(atMostMs, running.ended)
  }

  /**
   * Stops all, and resolves when they have put back what did not go, or after ten seconds: what they hold then is given
   * back by `reconcile`, as workers do every minute. Never rejects.
   */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const id of this.#running.keys()) this.cancel(id)
    await this.#within(CLOSE_MS, Promise.all(Array.from(this.#running.values(), ({ ended }) => ended)))
    if (this.#running.size > 0)
      this.#host.logger.warn(
        { runs: this.#running.size },
        'the dashboard was closed while failures were being sent back',
      )
  }

  async #within(ms: number, ended: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#host.clock.after(ms, resolve)
    await Promise.race([ended, promise])
    timer.cancel()
  }

  async #run(run: Writable, query: FailureQuery, signal: AbortSignal): Promise<void> {
    // Started after this tick: whoever starts it has it in the list by then.
    await Promise.resolve()
    try {
      run.outcome = await this.#desk.requeue(query, {
        ...run.choice,
        actor: run.actor,
        signal,
        onProgress: ({ claimed, sent }) => {
          run.claimed = claimed
          run.sent = sent
        },
      })
    } catch (error) {
      if (error instanceof RequeueError) run.outcome = error.outcome
      // It repeats the message of its cause, of whomever that is.
      const reason = error instanceof RequeueError && !(error.cause instanceof UnderstudyError) ? error.cause : error
      run.trouble = this.#host.tell('not all could be sent back', reason)
    }
    if (run.outcome) {
      run.claimed = run.outcome.claimed
      run.sent = run.outcome.sent
    }
    run.endedAt = this.#host.clock.wallTime()
    this.#running.delete(run.id)
    this.#ended.set(run.id, run)
    for (const id of this.#ended.keys()) if (this.#ended.size > MOST_REMEMBERED) this.#ended.delete(id)
  }
}
