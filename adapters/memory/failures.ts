import { type Clock, systemClock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { Failure, KeptFailure } from '../../src/jobs/failures/failure.ts'
import { nextPage, type PageCursor, readPage } from '../../src/jobs/failures/page.ts'
import type { FailureQuery } from '../../src/jobs/failures/query/query.ts'
import type {
  AuditEntry,
  ClaimOptions,
  FailureGroup,
  FailureShare,
  FailureStore,
  FailureTally,
  FoundFailures,
  SearchPage,
  ReclaimOptions,
} from '../../src/jobs/failures/store.ts'
import { matches } from './failure-query.ts'

/** How many failures are kept in memory. */
export interface MemoryFailuresOptions {
  /** How many it keeps; those beyond are refused, and none is forgotten for another. Defaults to 100,000. */
  readonly maxFailures?: number
  /** Defaults to the system's. */
  readonly clock?: Clock
}

const MOST_AUDITS = 10_000

/**
 * Failures in the memory of this process, for an application's own tests: they go with it. It looks at every failure
 * for every question.
 *
 * @throws UnderstudyError `invalid-option` for a bound that is not a whole number from 1 to 10,000,000.
 */
export function memoryFailures(options: MemoryFailuresOptions = {}): FailureStore {
  const { maxFailures = 100_000, clock = systemClock } = options
  if (!Number.isInteger(maxFailures) || maxFailures < 1 || maxFailures > 10_000_000) {
    const message = `maxFailures must be a whole number from 1 to 10,000,000, not ${maxFailures}`
    throw new UnderstudyError('invalid-option', message)
  }
  return new MemoryFailures(maxFailures, clock, emptyMemory())
}

/** What stores in one process may share. */
export interface FailureMemory {
  readonly kept: Map<string, KeptFailure>
  readonly audits: AuditEntry[]
  readonly paused: Set<string>
}

export function emptyMemory(): FailureMemory {
  return { kept: new Map(), audits: [], paused: new Set() }
}

export class MemoryFailures implements FailureStore {
  readonly kind = 'memory'
  readonly name = 'memory'
  readonly #most: number
  readonly #clock: Clock
  readonly #memory: FailureMemory
  #isClosed = false

  constructor(most: number, clock: Clock, memory: FailureMemory) {
    this.#most = most
    this.#clock = clock
    this.#memory = memory
  }

  async open(): Promise<void> {
    this.#isClosed = false
  }

  async keep(failures: readonly Failure[]): Promise<void> {
    const fresh = new Map<string, Failure>()
    for (const failure of failures)
      if (!this.#open.kept.has(failure.id) && !fresh.has(failure.id)) fresh.set(failure.id, failure)
    if (this.#open.kept.size + fresh.size > this.#most)
      throw new UnderstudyError('storage', `the store in memory is full: it keeps ${this.#most} failures`)
    for (const [id, failure] of fresh)
      this.#open.kept.set(id, { ...failure, args: new Uint8Array(failure.args), ...UNTOUCHED })
  }

  async get(id: string): Promise<KeptFailure | undefined> {
    return this.#open.kept.get(id)
  }

  async ofJob(jobId: string): Promise<readonly KeptFailure[]> {
    const all = [...this.#open.kept.values()].filter((failure) => failure.jobId === jobId)
    return all.toSorted((one, other) => one.requeues - other.requeues)
  }

  async search(query: FailureQuery, page: SearchPage): Promise<FoundFailures> {
    const last = readPage(page)
    const found = this.#eldestFirst(query)
      .toReversed()
      .filter((failure) => last === undefined || ascending(failure, last) < 0)
    const failures = found.slice(0, page.limit)
    const end = failures.at(-1)
    return { failures, next: found.length > page.limit && end ? nextPage(end) : undefined }
  }

  async count(query: FailureQuery): Promise<number> {
    return this.#matching(query).length
  }

  async groups(query: FailureQuery, limit: number): Promise<readonly FailureGroup[]> {
    const groups = new Map<string, FailureGroup>()
    for (const { fingerprint, job, errorClass, errorMessage, failedAt } of this.#eldestFirst(query)) {
      const before = groups.get(fingerprint)
      const [count, firstAt] = before ? [before.count + 1, before.firstAt] : [1, failedAt]
      groups.set(fingerprint, { fingerprint, job, errorClass, errorMessage, count, firstAt, lastAt: failedAt })
    }
    const largestFirst = [...groups.values()].toSorted(
      (one, other) => other.count - one.count || other.lastAt - one.lastAt,
    )
    return largestFirst.slice(0, limit)
  }

  async tally(query: FailureQuery, limit: number): Promise<FailureTally> {
    const found = this.#eldestFirst(query)
    const shares = new Map<string, FailureShare>()
    for (const { queue, job } of found) {
      const key = JSON.stringify([queue, job])
      shares.set(key, { queue, job, count: (shares.get(key)?.count ?? 0) + 1 })
    }
    const largestFirst = [...shares.values()].toSorted(
      (one, other) => other.count - one.count || compare(one.queue, other.queue) || compare(one.job, other.job),
    )
    return { count: found.length, eldestAt: found[0]?.failedAt, shares: largestFirst.slice(0, limit) }
  }

  async claim(query: FailureQuery, { batch, limit, actor, at }: ClaimOptions): Promise<number> {
    const failed = this.#eldestFirst(query, at).filter(({ status }) => status === 'failed')
    const claimed = failed.slice(0, limit)
    const change = { status: 'retrying', batch, claimedAt: at, retriedBy: actor, retryJobId: undefined } as const
    for (const failure of claimed) this.#change(failure, change)
    return claimed.length
  }

  async claimed(batch: string, limit: number): Promise<readonly KeptFailure[]> {
    return this.#ofBatch(batch).slice(0, limit)
  }

  async renew(batch: string, at: number): Promise<number> {
    const mine = this.#ofBatch(batch)
    for (const failure of mine) this.#change(failure, { claimedAt: at })
    return mine.length
  }

  async sendingAs(
    id: string,
    { batch, retryJobId }: { readonly batch: string; readonly retryJobId: string | undefined },
  ): Promise<boolean> {
    const failure = this.#open.kept.get(id)
    if (failure?.status !== 'retrying' || failure.batch !== batch) return false
    this.#change(failure, { retryJobId })
    return true
  }

  async retried(
    failures: readonly { readonly id: string; readonly retryJobId: string }[],
    { actor, at }: { readonly actor: string; readonly at: number },
  ): Promise<void> {
    for (const { id, retryJobId } of failures) {
      const failure = this.#open.kept.get(id)
      if (failure?.status !== 'retrying') continue
      this.#change(failure, { status: 'retried', retriedAt: at, retriedBy: actor, retryJobId })
    }
  }

  async release(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const failure = this.#open.kept.get(id)
      if (failure?.status === 'retrying') this.#change(failure, UNCLAIMED)
    }
  }

  async reclaim(claimedBefore: number, { batch, limit, actor, at, of = '' }: ReclaimOptions): Promise<number> {
    const left = this.#eldestFirst(ALL).filter(
      ({ status, claimedAt = Infinity, batch: before = '' }) =>
        status === 'retrying' && claimedAt < claimedBefore && before.startsWith(of),
    )
    const taken = left.slice(0, limit)
    for (const failure of taken) this.#change(failure, { batch, claimedAt: at, retriedBy: actor })
    return taken.length
  }

  async resolved(jobId: string, requeues: number, at: number): Promise<void> {
    const failure = [...this.#open.kept.values()].find(
      (kept) => kept.requeues === requeues - 1 && (kept.retryJobId ?? kept.jobId) === jobId,
    )
    if (!failure || failure.resolvedAt !== undefined) return
    if (failure.status === 'retrying' || failure.status === 'retried') this.#change(failure, { resolvedAt: at })
    // Where it was not sent back, this is about something else.
    else if (failure.status === 'failed' && failure.retryJobId !== undefined)
      this.#change(failure, { resolvedAt: at, status: 'retried', retriedAt: at })
  }

  async discard(query: FailureQuery): Promise<number> {
    const failed = this.#matching(query).filter(({ status }) => status === 'failed')
    for (const failure of failed) this.#change(failure, { status: 'discarded' })
    return failed.length
  }

  async remove(query: FailureQuery): Promise<number> {
    const idle = this.#matching(query).filter(({ status }) => status !== 'retrying')
    for (const { id } of idle) this.#open.kept.delete(id)
    return idle.length
  }

  async audit(entry: AuditEntry): Promise<void> {
    this.#open.audits.push({ ...entry })
    if (this.#open.audits.length > MOST_AUDITS) this.#open.audits.shift()
  }

  async audits(limit: number): Promise<readonly AuditEntry[]> {
    return this.#open.audits.slice(-limit).toReversed()
  }

  async paused(): Promise<readonly string[]> {
    return [...this.#open.paused].toSorted()
  }

  async setPaused(queue: string, paused: boolean): Promise<void> {
    if (paused) this.#open.paused.add(queue)
    else this.#open.paused.delete(queue)
  }

  /** What it keeps is there again once it is opened again. */
  async close(): Promise<void> {
    this.#isClosed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #open(): FailureMemory {
    if (this.#isClosed) throw new UnderstudyError('closed', 'the store in memory was closed')
    return this.#memory
  }

  #matching(query: FailureQuery, now: number = this.#clock.wallTime()): KeptFailure[] {
    return [...this.#open.kept.values()].filter((failure) => matches(query, failure, now))
  }

  #eldestFirst(query: FailureQuery, now?: number): KeptFailure[] {
    return this.#matching(query, now).toSorted(ascending)
  }

  #ofBatch(batch: string): KeptFailure[] {
    const mine = [...this.#open.kept.values()].filter(
      (failure) => failure.status === 'retrying' && failure.batch === batch,
    )
    return mine.toSorted(ascending)
  }

  #change(failure: KeptFailure, change: Partial<KeptFailure>): void {
    this.#open.kept.set(failure.id, { ...failure, ...change })
  }
}

const ALL: FailureQuery = { kind: 'all' }

const UNCLAIMED = { status: 'failed', batch: undefined, claimedAt: undefined, retriedBy: undefined } as const

/** As it is while nobody has claimed it. */
const UNTOUCHED = {
  status: 'failed',
  batch: undefined,
  claimedAt: undefined,
  retriedAt: undefined,
  retriedBy: undefined,
  retryJobId: undefined,
  resolvedAt: undefined,
} as const satisfies Partial<KeptFailure>

function ascending(one: PageCursor, other: PageCursor): number {
  if (one.failedAt !== other.failedAt) return one.failedAt - other.failedAt
  return compare(one.id, other.id)
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1
}
