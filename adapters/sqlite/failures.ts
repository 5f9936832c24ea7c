import { basename } from 'node:path'
import { type Clock, systemClock } from '../../src/clock.ts'
import type { Failure, KeptFailure } from '../../src/jobs/failures/failure.ts'
import { checkLimit, readPage } from '../../src/jobs/failures/page.ts'
import type { FailureQuery } from '../../src/jobs/failures/query/query.ts'
import type {
  AuditEntry,
  ClaimOptions,
  FailureGroup,
  FailureStore,
  FailureTally,
  FoundFailures,
  SearchPage,
  ReclaimOptions,
} from '../../src/jobs/failures/store.ts'
import { slices } from '../../src/jobs/slices.ts'
import type { FailureReads, PickOptions } from './failure-reads.ts'
import type { FailureWrites } from './failure-writes.ts'
import { databasePath } from './path.ts'
import { DatabaseThread } from './thread.ts'

/** How failures are kept in a file. */
export interface SqliteFailuresOptions {
  /** What ages are counted back from. Defaults to the system's. */
  readonly clock?: Clock
}

/** How much of a large change is done at once, so that what others keep gets in between. */
const ROWS_AT_ONCE = 500
const BYTES_AT_ONCE = 4_000_000

/** Kept failures in a file of this host. Changes and reads have a thread each, so that no search holds up a worker. */
export class SqliteFailures implements FailureStore {
  readonly kind = 'sqlite'
  readonly name: string
  readonly #clock: Clock
  readonly #writes: DatabaseThread<keyof FailureWrites, FailureWrites>
  readonly #reads: DatabaseThread<keyof FailureReads, FailureReads>

  constructor(path: string, { clock = systemClock }: SqliteFailuresOptions = {}) {
    const file = databasePath(path)
    this.name = basename(file)
    this.#clock = clock
    this.#writes = new DatabaseThread({ kind: 'failure-writes', path: file })
    this.#reads = new DatabaseThread({ kind: 'failure-reads', path: file })
  }

  open(): Promise<void> {
    return this.#writes.call('open')
  }

  async keep(failures: readonly Failure[]): Promise<void> {
    await Promise.all(portions(failures).map((portion) => this.#writes.call('keep', portion)))
  }

  get(id: string): Promise<KeptFailure | undefined> {
    return this.#reads.call('get', id)
  }

  ofJob(jobId: string): Promise<readonly KeptFailure[]> {
    return this.#reads.call('ofJob', jobId)
  }

  async search(query: FailureQuery, page: SearchPage): Promise<FoundFailures> {
    const after = readPage(page)
    return await this.#reads.call('search', query, this.#clock.wallTime(), page.limit, after)
  }

  count(query: FailureQuery): Promise<number> {
    return this.#reads.call('count', query, this.#clock.wallTime())
  }

  async groups(query: FailureQuery, limit: number): Promise<readonly FailureGroup[]> {
    checkLimit('limit', limit, 1_000)
    return await this.#reads.call('groups', query, this.#clock.wallTime(), limit)
  }

  async tally(query: FailureQuery, limit: number): Promise<FailureTally> {
    checkLimit('limit', limit, 1_000)
    return await this.#reads.call('tally', query, this.#clock.wallTime(), limit)
  }

  async claim(query: FailureQuery, options: ClaimOptions): Promise<number> {
    const { at: now, limit } = options
    const change = (rows: readonly number[]): Promise<number> => this.#writes.call('claim', rows, options)
    return await this.#changeAll(query, { status: { is: 'failed' }, now, limit }, change)
  }

  claimed(batch: string, limit: number): Promise<readonly KeptFailure[]> {
    return this.#reads.call('claimed', batch, limit)
  }

  renew(batch: string, at: number): Promise<number> {
    return this.#writes.call('renew', batch, at)
  }

  sendingAs(id: string, as: { readonly batch: string; readonly retryJobId: string | undefined }): Promise<boolean> {
    return this.#writes.call('sendingAs', id, as)
  }

  async retried(
    failures: readonly { readonly id: string; readonly retryJobId: string }[],
    by: { readonly actor: string; readonly at: number },
  ): Promise<void> {
    await Promise.all(slices(failures, ROWS_AT_ONCE).map((slice) => this.#writes.call('retried', slice, by)))
  }

  async release(ids: readonly string[]): Promise<void> {
    await Promise.all(slices(ids, ROWS_AT_ONCE).map((slice) => this.#writes.call('release', slice)))
  }

  reclaim(claimedBefore: number, options: ReclaimOptions): Promise<number> {
    return this.#writes.call('reclaim', claimedBefore, options)
  }

  resolved(jobId: string, requeues: number, at: number): Promise<void> {
    return this.#writes.call('resolved', jobId, requeues, at)
  }

  async discard(query: FailureQuery): Promise<number> {
    const change = (rows: readonly number[]): Promise<number> => this.#writes.call('discard', rows)
    return await this.#changeAll(query, { status: { is: 'failed' }, ...this.#everything() }, change)
  }

  async remove(query: FailureQuery): Promise<number> {
    const change = (rows: readonly number[]): Promise<number> => this.#writes.call('remove', rows)
    return await this.#changeAll(query, { status: { isNot: 'retrying' }, ...this.#everything() }, change)
  }

  audit(entry: AuditEntry): Promise<void> {
    return this.#writes.call('audit', entry)
  }

  async audits(limit: number): Promise<readonly AuditEntry[]> {
    checkLimit('limit', limit, 100_000)
    return await this.#reads.call('audits', limit)
  }

  paused(): Promise<readonly string[]> {
    return this.#reads.call('paused')
  }

  setPaused(queue: string, paused: boolean): Promise<void> {
    return this.#writes.call('setPaused', queue, paused)
  }

  async close(): Promise<void> {
    // The last one to go tidies the write-ahead log up, which takes a connection that may write.
    await this.#reads.close()
    await this.#writes.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #everything(): { readonly now: number; readonly limit: number } {
    return { now: this.#clock.wallTime(), limit: Number.MAX_SAFE_INTEGER }
  }

  /**
   * Looks for what matches without a lock, then changes it in portions; a portion that somebody else was faster at
   * comes back shorter, and what is missing is looked for again. Nothing that was kept since the beginning is touched.
   */
  async #changeAll(
    query: FailureQuery,
    options: Omit<PickOptions, 'upTo'>,
    change: (rows: readonly number[]) => Promise<number>,
  ): Promise<number> {
    let changed = 0
    let upTo: number | undefined
    while (changed < options.limit) {
      const limit = options.limit - changed
      const picked = await this.#reads.call('pick', query, { ...options, limit, upTo })
      upTo = picked.upTo
      // One after the other: what others keep meanwhile gets its turn.
      for (const rows of slices(picked.rows, ROWS_AT_ONCE)) changed += await change(rows)
      if (picked.rows.length < limit) break
    }
    return changed
  }
}

function portions(failures: readonly Failure[]): readonly (readonly Failure[])[] {
  const all: Failure[][] = []
  let portion: Failure[] = []
  let bytes = 0
  for (const failure of failures) {
    if (portion.length === ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE) portion = []
    if (portion.length === 0) {
      all.push(portion)
      bytes = 0
    }
    portion.push(withOwnBytes(failure))
    bytes += failure.args.byteLength
  }
  return all
}

/** A view of a large buffer would take the whole of it to the thread. */
function withOwnBytes(failure: Failure): Failure {
  const { args } = failure
  return args.byteLength === args.buffer.byteLength ? failure : { ...failure, args: Uint8Array.from(args) }
}
