import type { Clock, Timer } from '../../clock.ts'
import type { UnderstudyError } from '../../errors.ts'
import type { JobState } from './results.ts'
import { parseState } from './state-text.ts'

/** How long after a look at a job the next one is; longer the longer there is nothing new. */
const SHORTEST_MS = 100
const LONGEST_MS = 1_000
const GROWTH = 1.5
/** Looks that are due nearly together are one. */
const TOGETHER_MS = 20
const MOST_AT_ONCE = 500

interface Follower {
  readonly take: (state: JobState) => void
  readonly ended: (error: UnderstudyError) => void
  last: string | undefined
}

interface Followed {
  readonly followers: Set<Follower>
  dueAt: number
  intervalMs: number
}

/** What is known of these jobs, as text. */
export type ReadStates = (jobIds: readonly string[]) => Promise<ReadonlyMap<string, string>>

/** Looks now and then at jobs that somebody follows, at many in one question, and never at two questions at a time. */
export class Polling {
  readonly #clock: Clock
  readonly #read: ReadStates
  readonly #jobs = new Map<string, Followed>()
  #timer: Timer | undefined
  #timerAt = 0
  #isLooking = false

  constructor(clock: Clock, read: ReadStates) {
    this.#clock = clock
    this.#read = read
  }

  follow(jobId: string, take: (state: JobState) => void, ended: (error: UnderstudyError) => void): { close(): void } {
    const follower: Follower = { take, ended, last: undefined }
    const dueAt = this.#clock.now()
    const followed = this.#jobs.get(jobId) ?? { followers: new Set(), dueAt, intervalMs: SHORTEST_MS }
    followed.dueAt = dueAt
    followed.followers.add(follower)
    this.#jobs.set(jobId, followed)
    // Looking through all of them for each that comes would be too much.
    if (this.#timer === undefined || this.#timerAt > dueAt) this.#schedule()
    return { close: () => this.#leave(jobId, follower) }
  }

  /** Tells all who follow that nothing more will come. */
  end(error: UnderstudyError): void {
    const all = [...this.#jobs.values()]
    this.#jobs.clear()
    this.#schedule()
    for (const { followers } of all) for (const { ended } of followers) ended(error)
  }

  #leave(jobId: string, follower: Follower): void {
    const followed = this.#jobs.get(jobId)
    if (followed?.followers.delete(follower) !== true || followed.followers.size > 0) return
    this.#jobs.delete(jobId)
    if (this.#jobs.size === 0) this.#schedule()
  }

  #schedule(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#isLooking || this.#jobs.size === 0) return
    let next = Number.POSITIVE_INFINITY
    for (const { dueAt } of this.#jobs.values()) next = Math.min(next, dueAt)
    this.#timerAt = next
    this.#timer = this.#clock.after(Math.max(next - this.#clock.now(), 0), () => void this.#look())
  }

  async #look(): Promise<void> {
    this.#timer = undefined
    this.#isLooking = true
    const until = this.#clock.now() + TOGETHER_MS
    const due: string[] = []
    for (const [jobId, { dueAt }] of this.#jobs) {
      if (dueAt <= until && due.push(jobId) === MOST_AT_ONCE) break
    }
    // A store that does not answer is asked again: whoever follows has a deadline of their own.
    const states = await this.#read(due).catch(() => undefined)
    for (const jobId of due) this.#tell(jobId, states?.get(jobId), states === undefined)
    this.#isLooking = false
    this.#schedule()
  }

  #tell(jobId: string, text: string | undefined, hasFailed: boolean): void {
    const followed = this.#jobs.get(jobId)
    if (followed === undefined) return
    // Behind those that were not asked about: they are next.
    this.#jobs.delete(jobId)
    this.#jobs.set(jobId, followed)
    const { followers } = followed
    const state = text === undefined ? undefined : readable(jobId, text)
    const news = text === undefined ? [] : [...followers].filter(({ last }) => last !== text)
    if (news.length > 0) followed.intervalMs = SHORTEST_MS
    if (hasFailed) followed.intervalMs = LONGEST_MS
    followed.dueAt = this.#clock.now() + followed.intervalMs
    followed.intervalMs = Math.min(followed.intervalMs * GROWTH, LONGEST_MS)
    if (state === undefined) return
    if (state.kind !== 'progress') this.#jobs.delete(jobId)
    for (const follower of news) {
      follower.last = text
      // One of them may have sent another away.
      if (followers.has(follower)) follower.take(state)
    }
  }
}

function readable(jobId: string, text: string): JobState | undefined {
  try {
    return parseState(jobId, text)
  } catch {
    return undefined
  }
}
