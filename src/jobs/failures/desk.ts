import { messageOf, UnderstudyError } from '../../errors.ts'
import type { OpenHost } from '../job-host.ts'
import { defaultActor } from './actor.ts'
import { collect, type CollectOptions, type CollectOutcome } from './collector.ts'
import { type DeskHost, openDesk } from './desk-host.ts'
import { editAndSend, type FailureEdit } from './edit.ts'
import { formatFailure } from './failure-record.ts'
import type { KeptFailure } from './failure.ts'
import type { FailureQuery } from './query/query.ts'
import { queryInWords, readFailureQuery } from './query/read.ts'
import { reconcile, type ReconcileOptions, type ReconcileOutcome } from './requeue/reconciler.ts'
import type { RequeueOptions } from './requeue/options.ts'
import { RequeueError, type RequeueOutcome } from './requeue/outcome.ts'
import { requeue } from './requeue/requeue.ts'
import type { AuditEntry, FailureGroup, FailureTally, FoundFailures } from './store.ts'

/** Who does it, for the audit. */
export interface ActorOption {
  /** Defaults to `user@host`. */
  readonly actor?: string
}

export interface ClearOptions extends ActorOption {
  /** Nothing is forgotten without this. */
  readonly confirm: true
}

/** How much of a list is wanted. */
export interface LimitOption {
  /** How many at most. Defaults to 100. */
  readonly limit?: number
}

/** Which page of the failures that a query finds. */
export interface SearchOptions {
  /** How many at most, from 1 to 1,000. Defaults to 100. */
  readonly limit?: number
  /** The `next` of the page before. Defaults to the first page. */
  readonly after?: string | undefined
}

const DEFAULT_LIMIT = 100
const EXPORT_PAGE = 100
const ALL: FailureQuery = { kind: 'all' }

/**
 * Where failed jobs are searched and sent back. A query is text as `docs/failures.md` describes it, such as
 * `error:"ECONNREFUSED" job:image.* age<2h`, or a tree of the same; an empty one means all. Whatever changes something
 * leaves an entry in the audit.
 *
 * Every method throws UnderstudyError `invalid-option` for a query that cannot be read, `unsupported` where the
 * application keeps no failures, and what the store throws.
 */
export class FailureDesk {
  readonly #open: OpenHost

  constructor(open: OpenHost) {
    this.#open = open
  }

  /** The latest first. */
  async search(query: string | FailureQuery = ALL, options: SearchOptions = {}): Promise<FoundFailures> {
    const { limit = DEFAULT_LIMIT, after } = options
    const read = readFailureQuery(query)
    const { store } = await this.#desk()
    return await store.search(read, { limit, after })
  }

  /** One failure with all that is known of it; undefined where it is not kept. */
  async show(id: string): Promise<KeptFailure | undefined> {
    const { store } = await this.#desk()
    return await store.get(id)
  }

  /** Every failure of one job, the first first. */
  async ofJob(jobId: string): Promise<readonly KeptFailure[]> {
    const { store } = await this.#desk()
    return await store.ofJob(jobId)
  }

  /** How many failures a query finds; all of them when not given. */
  async count(query: string | FailureQuery = ALL): Promise<number> {
    const read = readFailureQuery(query)
    const { store } = await this.#desk()
    return await store.count(read)
  }

  /** By fingerprint, the largest group first. */
  async groups(
    query: string | FailureQuery = ALL,
    { limit = DEFAULT_LIMIT }: LimitOption = {},
  ): Promise<readonly FailureGroup[]> {
    const read = readFailureQuery(query)
    const { store } = await this.#desk()
    return await store.groups(read, limit)
  }

  /** How many there are, since when, and of which queues and jobs, the largest share first. */
  async tally(query: string | FailureQuery = ALL, { limit = DEFAULT_LIMIT }: LimitOption = {}): Promise<FailureTally> {
    const read = readFailureQuery(query)
    const { store } = await this.#desk()
    return await store.tally(read, limit)
  }

  /**
   * Sends back what matches now and is `failed`: with the same id, the same arguments and headers, at its first attempt
   * and without an expiry. What fails meanwhile is not touched; of two who do the same at once each job is sent by one.
   *
   * @throws RequeueError where not all went, or the signal fired: it says how many did; the rest is failed as before.
   */
  async requeue(query: string | FailureQuery, options: RequeueOptions = {}): Promise<RequeueOutcome> {
    const desk = await this.#desk()
    const actor = options.actor ?? defaultActor()
    const audit = async ({ sent }: RequeueOutcome): Promise<void> => {
      if (options.dryRun !== true) await this.#audit(desk, 'requeue', queryInWords(query), sent, actor)
    }
    try {
      const outcome = await requeue(desk, query, { ...options, actor })
      await audit(outcome)
      return outcome
    } catch (error) {
      if (error instanceof RequeueError) await audit(error.outcome)
      throw error
    }
  }

  /**
   * Sends one failed job with other arguments, headers or to another queue, as a new job. Resolves with its id.
   *
   * @throws UnderstudyError `invalid-option` for a failure that is not there, or not `failed`; SendError when no broker
   * confirmed it: then it is failed as before.
   */
  async edit(id: string, edit: FailureEdit, { actor = defaultActor() }: ActorOption = {}): Promise<string> {
    const desk = await this.#desk()
    const jobId = await editAndSend(desk, id, edit, actor)
    await this.#audit(desk, 'edit', `${id} as ${jobId}`, 1, actor)
    return jobId
  }

  /** Forgets what matches, except what is being sent back. Resolves with how many. */
  async remove(query: string | FailureQuery, { actor = defaultActor() }: ActorOption = {}): Promise<number> {
    return await this.#change('remove', query, actor, (desk, read) => desk.store.remove(read))
  }

  /** Marks what matches and is `failed` as not wanted any more: it stays to be seen. Resolves with how many. */
  async discard(query: string | FailureQuery, { actor = defaultActor() }: ActorOption = {}): Promise<number> {
    return await this.#change('discard', query, actor, (desk, read) => desk.store.discard(read))
  }

  /**
   * Forgets everything, except what is being sent back. Resolves with how many.
   *
   * @throws UnderstudyError `invalid-option` without `confirm: true`.
   */
  async clear({ confirm, actor = defaultActor() }: ClearOptions): Promise<number> {
    // Callers without types are asked too.
    if ((confirm as unknown) !== true)
      throw new UnderstudyError('invalid-option', 'clear forgets every failure: it needs confirm: true')
    return await this.#change('clear', ALL, actor, (desk) => desk.store.remove(ALL))
  }

  /** What matches as lines of JSON, the latest first, the arguments as base64. What is kept meanwhile is left out. */
  async *export(query: string | FailureQuery = ALL): AsyncGenerator<string, void, undefined> {
    const read = readFailureQuery(query)
    const { store } = await this.#desk()
    let after: string | undefined
    do {
      const page = await store.search(read, { limit: EXPORT_PAGE, after })
      for (const failure of page.failures) yield formatFailure(failure)
      after = page.next
    } while (after !== undefined)
  }

  /** What was done here, the latest first. */
  async audits({ limit = DEFAULT_LIMIT }: LimitOption = {}): Promise<readonly AuditEntry[]> {
    const { store } = await this.#desk()
    return await store.audits(limit)
  }

  /** Queues that nobody may work on for now. */
  async paused(): Promise<readonly string[]> {
    const { store } = await this.#desk()
    return await store.paused()
  }

  /** Workers on this store take nothing from these queues, those that start later too. What is in hand goes on. */
  async pause(queues: readonly string[], { actor = defaultActor() }: ActorOption = {}): Promise<void> {
    await this.#setPaused('pause', queues, actor)
  }

  /** Workers on this store take from these queues again. */
  async resume(queues: readonly string[], { actor = defaultActor() }: ActorOption = {}): Promise<void> {
    await this.#setPaused('resume', queues, actor)
  }

  /** Leaves an entry in the audit of what was done elsewhere, such as the purge of a queue. Never rejects. */
  async note(
    action: string,
    target: string,
    count: number,
    { actor = defaultActor() }: ActorOption = {},
  ): Promise<void> {
    const desk = await this.#desk().catch(() => undefined)
    if (desk) await this.#audit(desk, action, target, count, actor)
  }

  /**
   * Carries on requeues whose process died; workers do it every minute.
   *
   * @throws RequeueError when not all could be sent: the rest is failed as before.
   */
  async reconcile(options: ReconcileOptions = {}): Promise<ReconcileOutcome> {
    return await reconcile(await this.#desk(), options)
  }

  /**
   * Keeps what waits in queues of failures and of dead letters, and takes it out of them once it is kept.
   *
   * @throws UnderstudyError `invalid-option`, and what ends the listener.
   */
  async collect(options: CollectOptions = {}): Promise<CollectOutcome> {
    return await collect(await this.#desk(), options)
  }

  async #setPaused(action: 'pause' | 'resume', queues: readonly string[], actor: string): Promise<void> {
    const desk = await this.#desk()
    for (const queue of queues) await desk.store.setPaused(queue, action === 'pause')
    if (queues.length > 0) await this.#audit(desk, action, queues.join(', '), queues.length, actor)
  }

  async #change(
    action: string,
    query: string | FailureQuery,
    actor: string,
    change: (desk: DeskHost, read: FailureQuery) => Promise<number>,
  ): Promise<number> {
    const read = readFailureQuery(query)
    const desk = await this.#desk()
    const count = await change(desk, read)
    await this.#audit(desk, action, queryInWords(query), count, actor)
    return count
  }

  /** It is done by now: an audit that cannot be written must not say that it failed. */
  async #audit(desk: DeskHost, action: string, target: string, count: number, actor: string): Promise<void> {
    try {
      await desk.store.audit({ at: desk.clock.wallTime(), actor, action, target, count })
    } catch (error) {
      desk.logger.error({ action, target, count, actor, error: messageOf(error) }, 'the audit could not be written')
    }
  }

  #desk(): Promise<DeskHost> {
    return openDesk(this.#open)
  }
}
