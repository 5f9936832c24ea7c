import { UnderstudyError } from '../../errors.ts'
import type { Failure, KeptFailure } from './failure.ts'
import type { FailureQuery } from './query.ts'
import type { AuditEntry, ClaimOptions, FailureGroup, FailureStore, FoundFailures, SearchPage } from './store.ts'

/** A store whose adapter is loaded with its first use, so that nobody pays for a driver that they do not have. */
export class LazyFailureStore implements FailureStore {
  readonly kind: string
  readonly name: string
  readonly #load: () => Promise<FailureStore>
  #loading: Promise<FailureStore> | undefined
  #closed = false

  constructor(kind: string, name: string, load: () => Promise<FailureStore>) {
    this.kind = kind
    this.name = name
    this.#load = load
  }

  async open(): Promise<void> {
    await (await this.#store()).open()
  }

  async keep(failures: readonly Failure[]): Promise<void> {
    await (await this.#store()).keep(failures)
  }

  async get(id: string): Promise<KeptFailure | undefined> {
    return await (await this.#store()).get(id)
  }

  async ofJob(jobId: string): Promise<readonly KeptFailure[]> {
    return await (await this.#store()).ofJob(jobId)
  }

  async search(query: FailureQuery, page: SearchPage): Promise<FoundFailures> {
    return await (await this.#store()).search(query, page)
  }

  async count(query: FailureQuery): Promise<number> {
    return await (await this.#store()).count(query)
  }

  async groups(query: FailureQuery, limit: number): Promise<readonly FailureGroup[]> {
    return await (await this.#store()).groups(query, limit)
  }

  async claim(query: FailureQuery, options: ClaimOptions): Promise<number> {
    return await (await this.#store()).claim(query, options)
  }

  async claimed(batch: string, limit: number): Promise<readonly KeptFailure[]> {
    return await (await this.#store()).claimed(batch, limit)
  }

  async renew(batch: string, at: number): Promise<number> {
    return await (await this.#store()).renew(batch, at)
  }

  async sendingAs(
    id: string,
    as: { readonly batch: string; readonly retryJobId: string | undefined },
  ): Promise<boolean> {
    return await (await this.#store()).sendingAs(id, as)
  }

  async retried(
    failures: readonly { readonly id: string; readonly retryJobId: string }[],
    by: { readonly actor: string; readonly at: number },
  ): Promise<void> {
    await (await this.#store()).retried(failures, by)
  }

  async release(ids: readonly string[]): Promise<void> {
    await (await this.#store()).release(ids)
  }

  async reclaim(claimedBefore: number, options: ClaimOptions): Promise<number> {
    return await (await this.#store()).reclaim(claimedBefore, options)
  }

  async resolved(jobId: string, requeues: number, at: number): Promise<void> {
    await (await this.#store()).resolved(jobId, requeues, at)
  }

  async discard(query: FailureQuery): Promise<number> {
    return await (await this.#store()).discard(query)
  }

  async remove(query: FailureQuery): Promise<number> {
    return await (await this.#store()).remove(query)
  }

  async audit(entry: AuditEntry): Promise<void> {
    await (await this.#store()).audit(entry)
  }

  async audits(limit: number): Promise<readonly AuditEntry[]> {
    return await (await this.#store()).audits(limit)
  }

  async paused(): Promise<readonly string[]> {
    return await (await this.#store()).paused()
  }

  async setPaused(queue: string, paused: boolean): Promise<void> {
    await (await this.#store()).setPaused(queue, paused)
  }

  async close(): Promise<void> {
    this.#closed = true
    const store = await this.#loading?.catch(() => undefined)
    await store?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #store(): Promise<FailureStore> {
    if (this.#closed && !this.#loading)
      return Promise.reject(new UnderstudyError('closed', `the store ${this.name} was closed by its owner`))
    this.#loading ??= this.#load().catch((error: unknown) => {
      // Another try may find what this one did not.
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }
}
