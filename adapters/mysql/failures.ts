import type { Clock } from '../../src/clock.ts'
import type { Failure, KeptFailure } from '../../src/jobs/failures/failure.ts'
import { checkLimit } from '../../src/jobs/failures/page.ts'
import type { FailureQuery } from '../../src/jobs/failures/query/query.ts'
import { queryToSql, type SqlCondition, type SqlDialect } from '../../src/jobs/failures/query/sql.ts'
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
import type { Database } from './database.ts'
import { FailureReads } from './failure-reads.ts'
import { databaseOf, MYSQL_OPTIONS, type MysqlOptions } from './options.ts'
import { mysqlDialect, NO_WORDS } from './query-dialect.ts'
import { KEPT_COLUMNS, rowValues } from './row.ts'

/** How much goes in one statement: servers bound its size, and rows that are changed are locked to its end. */
const ROWS_AT_ONCE = 200
const BYTES_AT_ONCE = 2_000_000
const LARGE_BYTES = 250_000
const BITE_ROWS = 5_000

const CLAIM = `UPDATE understudy_failures SET status = 'retrying', batch = ?, claimed_at = ?, retried_by = ?`
const PLAIN = mysqlDialect(NO_WORDS)
const OLDEST_FIRST = 'ORDER BY failed_at, id'
const INSERT = `INSERT INTO understudy_failures (${KEPT_COLUMNS.join(', ')}) VALUES`
const ROW = `(${KEPT_COLUMNS.map(() => '?').join(', ')})`
// Unlike IGNORE, which would also cut what is too long for its column.
const IS_KEPT = 'ON DUPLICATE KEY UPDATE id = id'

/** Kept failures in MySQL 8 or MariaDB 10.6 and later, for workers on any number of hosts. */
export class MysqlFailures implements FailureStore {
  readonly kind = 'mysql'
  readonly name: string
  readonly #clock: Clock
  readonly #database: Database
  readonly #reads: FailureReads
  #dialect: Promise<SqlDialect> | undefined

  constructor(options: MysqlOptions) {
    const { database, clock, shown } = databaseOf('mysqlFailures', options, MYSQL_OPTIONS)
    this.name = shown
    this.#clock = clock
    this.#database = database
    this.#reads = new FailureReads(database)
  }

  open(): Promise<void> {
    return this.#database.open()
  }

  async keep(failures: readonly Failure[]): Promise<void> {
    for (const portion of portions(failures)) {
      const [first] = portion
      if (portion.length === 1 && first !== undefined && first.args.byteLength > LARGE_BYTES) {
        await this.#database.settleLarge(`${INSERT} ${ROW} ${IS_KEPT}`, rowValues(first))
      } else {
        const sql = `${INSERT} ${portion.map(() => ROW).join(', ')} ${IS_KEPT}`
        await this.#database.settle(sql, portion.flatMap(rowValues))
      }
    }
  }

  get(id: string): Promise<KeptFailure | undefined> {
    return this.#reads.get(id)
  }

  ofJob(jobId: string): Promise<readonly KeptFailure[]> {
    return this.#reads.ofJob(jobId)
  }

  async search(query: FailureQuery, page: SearchPage): Promise<FoundFailures> {
    const now = this.#clock.wallTime()
    return await this.#reads.search(await this.#condition(query, now), queryToSql(query, PLAIN, now), page)
  }

  async count(query: FailureQuery): Promise<number> {
    return await this.#reads.count(await this.#condition(query))
  }

  async groups(query: FailureQuery, limit: number): Promise<readonly FailureGroup[]> {
    checkLimit('limit', limit, 1_000)
    return await this.#reads.groups(await this.#condition(query), limit)
  }

  async tally(query: FailureQuery, limit: number): Promise<FailureTally> {
    checkLimit('limit', limit, 1_000)
    return await this.#reads.tally(await this.#condition(query), limit)
  }

  async claim(query: FailureQuery, { batch, limit, actor, at }: ClaimOptions): Promise<number> {
    checkLimit('limit', limit, Number.MAX_SAFE_INTEGER)
    const { sql, values } = await this.#condition(query, at)
    const upTo = await this.#reads.newest()
    // A statement that is given up as too late is carried out all the same: whoever asked is told that nothing was
    // claimed, and it is finished by others a minute later. So each of them is a small one.
    for (let claimed = 0; ; ) {
      const most = Math.min(BITE_ROWS, limit - claimed)
      const { affectedRows } = await this.#database.change(
        `${CLAIM}, retry_job_id = NULL WHERE status = 'failed' AND n + 0 <= ? AND ${sql} ${OLDEST_FIRST} LIMIT ${most}`,
        [Buffer.from(batch), at, actor, upTo, ...values],
      )
      claimed += affectedRows
      if (affectedRows < most || claimed === limit) return claimed
    }
  }

  async claimed(batch: string, limit: number): Promise<readonly KeptFailure[]> {
    checkLimit('limit', limit, Number.MAX_SAFE_INTEGER)
    return await this.#reads.claimed(batch, limit)
  }

  async renew(batch: string, at: number): Promise<number> {
    const { affectedRows } = await this.#database.settle(
      `UPDATE understudy_failures SET claimed_at = ? WHERE batch = ? AND status = 'retrying'`,
      [at, Buffer.from(batch)],
    )
    return affectedRows
  }

  async sendingAs(
    id: string,
    { batch, retryJobId }: { readonly batch: string; readonly retryJobId: string | undefined },
  ): Promise<boolean> {
    const key = [Buffer.from(id), Buffer.from(batch)]
    await this.#database.settle(
      `UPDATE understudy_failures SET retry_job_id = ? WHERE id = ? AND batch = ? AND status = 'retrying'`,
      [retryJobId === undefined ? null : Buffer.from(retryJobId), ...key],
    )
    // Where it was noted before, nothing is changed, and the server does not count it.
    const rows = await this.#database.rows(
      `SELECT 1 FROM understudy_failures WHERE id = ? AND batch = ? AND status = 'retrying'`,
      key,
    )
    return rows.length > 0
  }

  async retried(
    failures: readonly { readonly id: string; readonly retryJobId: string }[],
    { actor, at }: { readonly actor: string; readonly at: number },
  ): Promise<void> {
    for (const some of slices(failures, ROWS_AT_ONCE)) {
      const jobIds = some.map(() => 'WHEN ? THEN ?').join(' ')
      await this.#database.settle(
        `UPDATE understudy_failures SET status = 'retried', retried_at = ?, retried_by = ?,
           retry_job_id = CASE id ${jobIds} END
         WHERE status = 'retrying' AND id IN (${some.map(() => '?').join(', ')})`,
        [
          at,
          actor,
          ...some.flatMap(({ id, retryJobId }) => [Buffer.from(id), Buffer.from(retryJobId)]),
          ...some.map(({ id }) => Buffer.from(id)),
        ],
      )
    }
  }

  async release(ids: readonly string[]): Promise<void> {
    for (const some of slices(ids, ROWS_AT_ONCE)) {
      await this.#database.settle(
        `UPDATE understudy_failures SET status = 'failed', batch = NULL, claimed_at = NULL, retried_by = NULL
         WHERE status = 'retrying' AND id IN (${some.map(() => '?').join(', ')})`,
        some.map((id) => Buffer.from(id)),
      )
    }
  }

  async reclaim(claimedBefore: number, { batch, limit, actor, at, of = '' }: ReclaimOptions): Promise<number> {
    checkLimit('limit', limit, Number.MAX_SAFE_INTEGER)
    const { affectedRows } = await this.#database.change(
      `${CLAIM} WHERE status = 'retrying' AND claimed_at < ? AND LEFT(batch, ?) = ? ${OLDEST_FIRST} LIMIT ${limit}`,
      [Buffer.from(batch), at, actor, claimedBefore, Buffer.byteLength(of), Buffer.from(of)],
    )
    return affectedRows
  }

  async resolved(jobId: string, requeues: number, at: number): Promise<void> {
    // Where a worker was faster than who sent it back, the job that it came back as is not noted yet.
    const id = Buffer.from(jobId)
    await this.#database.settle(
      `UPDATE understudy_failures SET resolved_at = ?
       WHERE (retry_job_id = ? OR (job_id = ? AND retry_job_id IS NULL))
         AND requeues = ? AND status IN ('retrying', 'retried') AND resolved_at IS NULL`,
      [at, id, id, requeues - 1],
    )
    // Given back by somebody who did not know that it had gone.
    await this.#database.settle(
      `UPDATE understudy_failures SET resolved_at = ?, retried_at = COALESCE(retried_at, ?), status = 'retried'
       WHERE retry_job_id = ? AND requeues = ? AND status = 'failed' AND resolved_at IS NULL`,
      [at, at, id, requeues - 1],
    )
  }

  async discard(query: FailureQuery): Promise<number> {
    return await this.#inBites(query, `UPDATE understudy_failures SET status = 'discarded' WHERE status = 'failed'`)
  }

  async remove(query: FailureQuery): Promise<number> {
    return await this.#inBites(query, `DELETE FROM understudy_failures WHERE status <> 'retrying'`)
  }

  async audit({ at, actor, action, target, count }: AuditEntry): Promise<void> {
    await this.#database.change(
      'INSERT INTO understudy_audits (at, actor, action, target, touched) VALUES (?, ?, ?, ?, ?)',
      [at, actor, action, target, count],
    )
  }

  async audits(limit: number): Promise<readonly AuditEntry[]> {
    checkLimit('limit', limit, 100_000)
    return await this.#database.rows<AuditEntry>(
      `SELECT at, actor, action, target, touched AS count FROM understudy_audits ORDER BY at DESC, n DESC LIMIT ${limit}`,
    )
  }

  async paused(): Promise<readonly string[]> {
    const rows = await this.#database.rows<{ queue: Buffer }>(
      'SELECT queue FROM understudy_paused_queues ORDER BY queue',
    )
    return rows.map(({ queue }) => queue.toString())
  }

  async setPaused(queue: string, paused: boolean): Promise<void> {
    const sql = paused
      ? 'INSERT INTO understudy_paused_queues (queue) VALUES (?) ON DUPLICATE KEY UPDATE queue = queue'
      : 'DELETE FROM understudy_paused_queues WHERE queue = ?'
    await this.#database.settle(sql, [Buffer.from(queue)])
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #condition(query: FailureQuery, now: number = this.#clock.wallTime()): Promise<SqlCondition> {
    this.#dialect ??= this.#wordLengths().catch((error: unknown) => {
      this.#dialect = undefined
      throw error
    })
    return queryToSql(query, await this.#dialect, now)
  }

  async #wordLengths(): Promise<SqlDialect> {
    const [lengths] = await this.#database.rows<{ least: number; most: number }>(
      'SELECT @@innodb_ft_min_token_size AS least, @@innodb_ft_max_token_size AS most',
    )
    return mysqlDialect(lengths ?? { least: 3, most: 84 })
  }

  /** A large change a bite at a time, so that others get in between. What was kept meanwhile is not touched. */
  async #inBites(query: FailureQuery, change: string): Promise<number> {
    const { sql, values } = await this.#condition(query)
    const upTo = await this.#reads.newest()
    for (let changed = 0; ; ) {
      const { affectedRows } = await this.#database.change(`${change} AND n <= ? AND ${sql} LIMIT ${BITE_ROWS}`, [
        upTo,
        ...values,
      ])
      changed += affectedRows
      if (affectedRows < BITE_ROWS) return changed
    }
  }
}

/** Each within the bounds of a statement; one that is large goes alone. */
function portions(failures: readonly Failure[]): readonly (readonly Failure[])[] {
  const all: Failure[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const failure of failures) {
    const size = failure.args.byteLength
    const portion = all.at(-1)
    if (
      portion === undefined ||
      portion.length === ROWS_AT_ONCE ||
      bytes + size > BYTES_AT_ONCE ||
      size > LARGE_BYTES
    ) {
      all.push([failure])
      bytes = size > LARGE_BYTES ? Number.POSITIVE_INFINITY : size
    } else {
      portion.push(failure)
      bytes += size
    }
  }
  return all
}
