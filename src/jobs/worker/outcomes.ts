import { isImpossible, messageOf, UnderstudyError } from '../../errors.ts'
import type { JobState, ResultsSession } from '../results/results.ts'
import { LateOutcomes, type Outcome } from './late-outcomes.ts'
import { Patience } from './patience.ts'
import type { Shop, Task } from './task.ts'

// What is done must be acknowledged some time, whatever is down: the results are waited for so long.
const IN_ALL_MS = 30_000
// Whoever waited has given up, and operators have read the failure.
const LATE_FOR_MS = 3_600_000

/**
 * Tells what comes of jobs, and how far they are. An outcome is tried for 30 s before its job is acknowledged. Results
 * that have been away for so long are waited for by no job more: its outcome is told late, when they answer again,
 * which one at a time looks for. A worker must not stand still for as long as nobody can be told anything.
 */
export class Outcomes {
  readonly #shop: Shop
  /** Since when every answer of the results was that they are away. */
  #awaySince: number | undefined
  readonly #late = new LateOutcomes()
  /** One of those is with the results, and not in the list. */
  #isTellingOne = false
  #tellingLate: Promise<void> | undefined

  constructor(shop: Shop) {
    this.#shop = shop
  }

  /**
   * Resolves when it is told, or will be late, or cannot be. Where it is what the job returned that cannot be told, it
   * is told as done without that: nobody should wait for it for ever.
   */
  async tell(task: Task, state: JobState): Promise<void> {
    const { results, clock } = this.#shop.host
    if (results === undefined) return
    const { jobId } = task
    const outcome: Outcome = { address: { jobId, replyTo: task.delivery.replyTo }, state }
    // It is of an earlier run, and must not come behind this one.
    this.#late.remove(jobId)
    const until = clock.now() + IN_ALL_MS
    let patience: Patience | undefined
    while (!this.#isAway) {
      const error = await this.#try(results, outcome)
      if (error === undefined) return
      this.#awaySince ??= clock.now()
      if (this.#shop.letGo.aborted) {
        this.#say(outcome, error, 'given up')
        return
      }
      if (this.#isAway || clock.now() >= until) {
        this.#say(outcome, error, 'it is told when they answer again')
        break
      }
      this.#say(outcome, error, 'tried again')
      patience ??= new Patience(clock)
      await patience.wait(this.#shop.letGo)
    }
    this.#tellLater(results, outcome)
  }

  /** Resolves with whether it was told. Lost progress is no failure of the job. */
  async tellProgress(task: Task, percent: number, message: string | undefined): Promise<boolean> {
    const { results, clock, logger } = this.#shop.host
    if (results === undefined || this.#isAway) return false
    const state: JobState = { kind: 'progress', percent, message, at: clock.wallTime() }
    const address = { jobId: task.jobId, replyTo: task.delivery.replyTo }
    try {
      await this.#shop.bounds.within('the results', () => results.put(address, state))
      return true
    } catch (error) {
      logger.warn({ jobId: task.jobId, error: messageOf(error) }, 'the progress of a job could not be told')
      return false
    }
  }

  /** What is late is tried a last time, before the worker ends. Never rejects. */
  async lastWords(): Promise<void> {
    const { results, logger } = this.#shop.host
    const outcomes = this.#late.size + (this.#isTellingOne ? 1 : 0)
    if (results === undefined || outcomes === 0) return
    // Said first: the worker may not wait for the end.
    logger.error({ outcomes }, 'outcomes that could not be told are lost unless the results answer now')
    await this.#tellingLate
    const [first, ...others] = this.#late.takeAll()
    if (first === undefined || (await this.#tellIfWanted(results, first)) !== undefined) return
    // One after the other they could take longer than a worker waits.
    await Promise.all(others.map((outcome) => this.#tellIfWanted(results, outcome)))
  }

  get #isAway(): boolean {
    return this.#awaySince !== undefined && this.#shop.host.clock.now() - this.#awaySince >= IN_ALL_MS
  }

  #tellLater(results: ResultsSession, outcome: Outcome): void {
    this.#keepLate(outcome)
    this.#tellingLate ??= this.#tellLate(results)
  }

  #keepLate(outcome: Outcome): void {
    for (const givenUp of this.#late.add(outcome))
      this.#say(givenUp, undefined, 'given up, as there is no room for more that wait')
  }

  /** Never rejects. */
  async #tellLate(results: ResultsSession): Promise<void> {
    const { clock } = this.#shop.host
    const { letGo } = this.#shop
    let patience = new Patience(clock)
    await patience.wait(letGo)
    while (!letGo.aborted) {
      const outcome = this.#late.take()
      if (outcome === undefined) break
      this.#isTellingOne = true
      const error = await this.#tellIfWanted(results, outcome)
      this.#isTellingOne = false
      if (error === undefined) {
        patience = new Patience(clock)
        continue
      }
      // Another one may be luckier, as not every trouble is everybody's.
      if (!this.#late.has(outcome.address.jobId)) this.#keepLate(outcome)
      await patience.wait(letGo)
    }
    this.#tellingLate = undefined
  }

  /** Resolves as `#try`. */
  async #tellIfWanted(results: ResultsSession, outcome: Outcome): Promise<unknown> {
    return (await this.#isOutdated(results, outcome)) ? undefined : await this.#try(results, outcome)
  }

  /** Whether somebody has told of a later run meanwhile, or it is too late for anybody. */
  async #isOutdated(results: ResultsSession, { address: { jobId }, state }: Outcome): Promise<boolean> {
    if (this.#shop.host.clock.wallTime() - state.at >= LATE_FOR_MS) return true
    try {
      const known = await this.#shop.bounds.within('the results', () => results.get(jobId))
      return known !== undefined && known.kind !== 'progress' && known.at > state.at
    } catch {
      // Away, or a kind that keeps nothing.
      return false
    }
  }

  /** Resolves with why they are away; with undefined once it is told, or cannot ever be. */
  async #try(results: ResultsSession, outcome: Outcome): Promise<unknown> {
    try {
      await this.#shop.bounds.within('the results', () => this.#put(results, outcome))
    } catch (error) {
      if (!isImpossible(error) && !isUnkeepable(error)) return error ?? new Error('no reason')
      this.#say(outcome, error, 'given up')
    }
    if (this.#isAway)
      this.#shop.host.logger.info({ outcomes: this.#late.size }, 'the results answer again; what waited is told now')
    this.#awaySince = undefined
    return undefined
  }

  async #put(results: ResultsSession, outcome: Outcome): Promise<void> {
    const { address, state } = outcome
    try {
      await results.put(address, state)
    } catch (error) {
      if (state.kind !== 'succeeded' || state.value === undefined || !isUnkeepable(error)) throw error
      this.#shop.host.logger.error(
        { jobId: address.jobId, error: messageOf(error) },
        'what a job returned cannot be told; the job is told as done, without it',
      )
      outcome.state = { ...state, value: undefined }
      await results.put(address, outcome.state)
    }
  }

  #say({ address: { jobId } }: Outcome, error: unknown, what: string): void {
    const fields = { jobId, ...(error === undefined ? {} : { error: messageOf(error) }) }
    this.#shop.host.logger.error(fields, `the outcome of a job could not be told; ${what}`)
  }
}

/** A store will not take this, now or later. */
function isUnkeepable(error: unknown): boolean {
  return error instanceof UnderstudyError && error.code === 'storage' && !error.retriable
}
