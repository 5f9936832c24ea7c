import { randomUUID } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { messageOf, UnderstudyError } from '../../errors.ts'
import type { FailureDesk } from '../../jobs/failures/desk.ts'
import type { FailureQuery } from '../../jobs/failures/query.ts'
import { RequeueError, type RequeueOutcome } from '../../jobs/failures/requeue-outcome.ts'
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

/** The requeues of this server: they go on when the page is left. One at a time for each who starts them. */
export class RequeueRuns {
  readonly #desk: FailureDesk
  readonly #clock: Clock
  readonly #running = new Map<string, Running>()
  readonly #ended = new Map<string, RequeueRun>()
  #isClosed = false

  constructor(desk: FailureDesk, clock: Clock) {
    this.#desk = desk
    this.#clock = clock
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
      startedAt: this.#clock.wallTime(),
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
    if (!running) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.after(atMostMs, resolve)
    await Promise.race([running.ended, promise])
    timer.cancel()
  }

  /** Stops all, and resolves when they have put back what did not go. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const id of this.#running.keys()) this.cancel(id)
    await Promise.all(Array.from(this.#running.values(), ({ ended }) => ended))
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
      run.trouble = messageOf(error)
    }
    if (run.outcome) {
      run.claimed = run.outcome.claimed
      run.sent = run.outcome.sent
    }
    run.endedAt = this.#clock.wallTime()
    this.#running.delete(run.id)
    this.#ended.set(run.id, run)
    for (const id of this.#ended.keys()) if (this.#ended.size > MOST_REMEMBERED) this.#ended.delete(id)
  }
}
