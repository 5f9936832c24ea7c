import { UnderstudyError } from '../../errors.ts'
import { OpenedOnce } from '../opened-once.ts'
import type { Failure, KeptFailure } from './failure.ts'
import type { FailureQuery } from './query/query.ts'
import type {
  AuditEntry,
  ClaimOptions,
  FailureGroup,
  FailureStore,
  FailureTally,
  FoundFailures,
  SearchPage,
  ReclaimOptions,
} from './store.ts'

/** A store whose adapter is loaded with its first use, so that nobody pays for a driver that they do not have. */
export class LazyFailureStore implements FailureStore {
  readonly kind: string
  readonly name: string
  readonly #store: OpenedOnce<FailureStore>
  #closed = false

  constructor(kind: string, name: string, load: () => Promise<FailureStore>) {
    this.kind = kind
    this.name = name
    this.#store = new OpenedOnce(async () => {
      if (this.#closed) throw new UnderstudyError('closed', `the store ${name} was closed by its owner`)
      return await load()
    })
  }

  async open(): Promise<void> {
    await (await this.#store.get()).open()
  }

  async keep(failures: readonly Failure[]): Promise<void> {
    await (await this.#store.get()).keep(failures)
  }

  async get(id: string): Promise<KeptFailure | undefined> {
    return await (await this.#store.get()).get(id)
  }

  async ofJob(jobId: string): Promise<readonly KeptFailure[]> {
    return await (await this.#store.get()).ofJob(jobId)
  }

  async search(query: FailureQuery, page: SearchPage): Promise<FoundFailures> {
    return await (await this.#store.get()).search(query, page)
  }

  async count(query: FailureQuery): Promise<number> {
    return await (await this.#store.get()).count(query)
  }

  async groups(query: FailureQuery, limit: number): Promise<readonly FailureGroup[]> {
    return await (await this.#store.get()).groups(query, limit)
  }

  async tally(query: FailureQuery, limit: number): Promise<FailureTally> {
    return await (await this.#store.get()).tally(query, limit)
  }

  async claim(query: FailureQuery, options: ClaimOptions): Promise<number> {
    return await (await this.#store.get()).claim(query, options)
  }

  async claimed(batch: string, limit: number): Promise<readonly KeptFailure[]> {
    return await (await this.#store.get()).claimed(batch, limit)
  }

  async renew(batch: string, at: number): Promise<number> {
    return await (await this.#store.get()).renew(batch, at)
  }

  async sendingAs(
    id: string,
    as: { readonly batch: string; readonly retryJobId: string | undefined },
  ): Promise<boolean> {
    return await (await this.#store.get()).sendingAs(id, as)
  }

  async retried(
    failures: readonly { readonly id: string; readonly retryJobId: string }[],
    by: { readonly actor: string; readonly at: number },
  ): Promise<void> {
    await (await this.#store.get()).retried(failures, by)
  }

  async release(ids: readonly string[]): Promise<void> {
    await (await this.#store.get()).release(ids)
  }

  async reclaim(claimedBefore: number, options: ReclaimOptions): Promise<number> {
    return await (await this.#store.get()).reclaim(claimedBefore, options)
  }

  async resolved(jobId: string, requeues: number, at: number): Promise<void> {
    await (await this.#store.get()).resolved(jobId, requeues, at)
  }

  async discard(query: FailureQuery): Promise<number> {
    return await (await this.#store.get()).discard(query)
  }

  async remove(query: FailureQuery): Promise<number> {
    return await (await this.#store.get()).remove(query)
  }

  async audit(entry: AuditEntry): Promise<void> {
    await (await this.#store.get()).audit(entry)
  }

  async audits(limit: number): Promise<readonly AuditEntry[]> {
    return await (await this.#store.get()).audits(limit)
  }

  async paused(): Promise<readonly string[]> {
    return await (await this.#store.get()).paused()
  }

  async setPaused(queue: string, paused: boolean): Promise<void> {
    await (await this.#store.get()).setPaused(queue, paused)
  }

  async close(): Promise<void> {
    this.#closed = true
    const store = await this.#store.peek()
    await store?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
