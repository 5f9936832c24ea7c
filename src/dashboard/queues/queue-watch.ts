import type { Clock } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import { UnderstudyError } from '../../errors.ts'
import type { FailureDesk } from '../../jobs/failures/desk.ts'
import { FAILED_QUEUE } from '../../jobs/job-host.ts'
import { plainQueueName } from '../../transport/destination.ts'
import type { QueueState } from '../../transport/queue-state.ts'
import { Glance, type Seen } from '../live/glance.ts'
import type { Tell } from '../tellable.ts'
import type { WorkerRoster } from '../workers/worker-roster.ts'

/** A queue as the pages tell of it. */
export interface WatchedQueue {
  readonly queue: string
  /** Undefined where the broker has no such queue, or could not be asked. */
  readonly state: QueueState | undefined
  /** Why it could not be asked; undefined where it could. */
  readonly error: string | undefined
  /** Whether operators paused it for all workers in the failure store, or every worker that takes from it. */
  readonly isPaused: boolean
  /** How many workers take from it, and how many of them are told not to for now. */
  readonly workers: { readonly all: number; readonly paused: number }
}

export interface QueueWatchOptions {
  readonly connection: Connection
  readonly clock: Clock
  readonly workers: WorkerRoster
  readonly failures: FailureDesk | undefined
  /** Always shown, beside those of the workers. */
  readonly named: readonly string[]
  readonly tell: Tell
  readonly onChange: () => void
}

const EVERY_MS = 1000
const QUEUE_TROUBLE = 'the queue could not be looked at'
// Each costs the broker a question a second while somebody looks.
const MOST_QUEUES = 200
const AT_A_TIME = 8

/** Watches what waits in queues, and takes nothing out of them. */
export class QueueWatch {
  readonly #options: QueueWatchOptions
  readonly #named: readonly string[]
  readonly #glance: Glance<readonly WatchedQueue[]>

  constructor(options: QueueWatchOptions) {
    this.#options = options
    this.#named = options.named.map(plainQueueName)
    this.#glance = new Glance({
      clock: options.clock,
      everyMs: EVERY_MS,
      look: () => this.#look(),
      trouble: QUEUE_TROUBLE,
      tell: options.tell,
      onSeen: options.onChange,
    })
  }

  /** The names that are watched: those that were given, those of workers, those that are paused, and that of failures. */
  names(paused: readonly string[] = []): readonly string[] {
    const ofWorkers = this.#options.workers.workers().flatMap(({ queues }) => queues.map(({ queue }) => queue))
    const found = new Set([...this.#named, ...[...ofWorkers, ...paused].toSorted((a, b) => a.localeCompare(b))])
    found.delete(FAILED_QUEUE)
    return [...[...found].slice(0, MOST_QUEUES), FAILED_QUEUE]
  }

  /** What was seen last; looks again in the background. */
  get seen(): Seen<readonly WatchedQueue[]> {
    this.#glance.poke()
    return this.#glance.seen
  }

  /** What is seen now, or was last where brokers take longer than `waitMs`. Never rejects. */
  fresh(waitMs: number): Promise<Seen<readonly WatchedQueue[]>> {
    return this.#glance.fresh(waitMs)
  }

  /** Something was done to queues: what was seen does not hold. */
  expire(): void {
    this.#glance.expire()
  }

  close(): Promise<void> {
    return this.#glance.close()
  }

  async #look(): Promise<readonly WatchedQueue[]> {
    const paused = (await this.#options.failures?.paused().catch(() => [])) ?? []
    const names = this.names(paused)
    const found: WatchedQueue[] = []
    const rest = names.entries()
    const ask = async (): Promise<void> => {
      for (const [index, queue] of rest)
        found[index] = { queue, ...this.#takersOf(queue, paused), ...(await this.#ask(queue)) }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, ask))
    const { links } = this.#options.connection
    const isAway = links.producer === undefined && links.listener === undefined
    // Then nothing is known anew, and what was seen before is shown as old.
    if (isAway && found.every(({ error }) => error !== undefined))
      throw new UnderstudyError('unreachable', 'no broker serves')
    return found
  }

  #takersOf(queue: string, paused: readonly string[]): Pick<WatchedQueue, 'isPaused' | 'workers'> {
    const takers = this.#options.workers
      .workers()
      .filter(({ isGone }) => !isGone)
      .flatMap(({ queues }) => queues.filter((one) => one.queue === queue))
    const workers = { all: takers.length, paused: takers.filter((one) => one.paused).length }
    return { workers, isPaused: paused.includes(queue) || (workers.all > 0 && workers.paused === workers.all) }
  }

  async #ask(queue: string): Promise<Pick<WatchedQueue, 'state' | 'error'>> {
    try {
      return { state: await this.#options.connection.inspect(queue), error: undefined }
    } catch (error) {
      return { state: undefined, error: this.#options.tell(QUEUE_TROUBLE, error) }
    }
  }
}
