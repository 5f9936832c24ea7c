import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { FailureStatus, KeptFailure } from '../../src/jobs/failures/failure.ts'
import { nextPage, type PageCursor } from '../../src/jobs/failures/page.ts'
import type { FailureQuery } from '../../src/jobs/failures/query/query.ts'
import type { SqlCondition } from '../../src/jobs/failures/query/sql.ts'
import type {
  AuditEntry,
  FailureGroup,
  FailureShare,
  FailureTally,
  FoundFailures,
} from '../../src/jobs/failures/store.ts'
import { sqliteCondition } from './query-dialect.ts'
import { type FailureRow, fromRow, storedText } from './row.ts'

export interface PickOptions {
  /** Which of those that match. */
  readonly status: { readonly is: FailureStatus } | { readonly isNot: FailureStatus }
  readonly now: number
  readonly limit: number
  /** Nothing that was kept after this one; undefined for none that was kept after now. */
  readonly upTo: number | undefined
}

interface Picked {
  /** The rows' numbers, the eldest failure first. */
  readonly rows: readonly number[]
  readonly upTo: number
}

/** Looks into the failures, for the thread that reads. `now` is what ages are counted back from. */
export interface FailureReads {
  readonly open: () => void
  readonly get: (id: string) => KeptFailure | undefined
  readonly ofJob: (jobId: string) => readonly KeptFailure[]
  readonly search: (query: FailureQuery, now: number, limit: number, after: PageCursor | undefined) => FoundFailures
  readonly count: (query: FailureQuery, now: number) => number
  readonly groups: (query: FailureQuery, now: number, limit: number) => readonly FailureGroup[]
  readonly tally: (query: FailureQuery, now: number, limit: number) => FailureTally
  readonly pick: (query: FailureQuery, options: PickOptions) => Picked
  readonly claimed: (batch: string, limit: number) => readonly KeptFailure[]
  readonly audits: (limit: number) => readonly AuditEntry[]
  readonly paused: () => readonly string[]
}

/** What an answer may hold in bytes of arguments: a page of large jobs is a shorter page. */
const MAX_ANSWER_BYTES = 16_000_000

/** So many rows are looked up one by one in some milliseconds. */
const FEW = 5_000

const WHOLE = 'SELECT f.*, b.detail, b.stack, b.args FROM failures f JOIN failure_bodies b ON b.n = f.n'

/** @param few How many rows are looked up one by one rather than found on the way through all. */
export function failureReads(database: DatabaseSync, few: number = FEW): FailureReads {
  const rowsOf = (sql: string, ...values: SQLInputValue[]): Iterable<FailureRow> =>
    database.prepare(sql).iterate(...values) as Iterable<unknown> as Iterable<FailureRow>
  const all = <Row>(sql: string, ...values: SQLInputValue[]): Row[] =>
    database.prepare(sql).all(...values) as unknown[] as Row[]
  const matching = database.prepare(
    'SELECT count(*) AS rows FROM (SELECT 1 FROM failure_words WHERE failure_words MATCH ? LIMIT ?)',
  )
  const isRare = (match: string): boolean => Number(matching.get(match, few + 1)?.['rows']) <= few
  const conditionOf = (query: FailureQuery, now: number): SqlCondition => sqliteCondition(query, now, isRare)

  return {
    open: () => {},
    get: (id) => firstOf(rowsOf(`${WHOLE} WHERE f.id = ?`, storedText(id)), 1).failures[0],
    ofJob: (jobId) =>
      Array.from(rowsOf(`${WHOLE} WHERE f.job_id = ? ORDER BY f.requeues, f.failed_at`, storedText(jobId)), fromRow),
    search: (query, now, limit, after) => {
      const { sql, values } = conditionOf(query, now)
      const page = after ? 'AND (f.failed_at, f.id) < (?, ?)' : ''
      // The numbers first: sorting must not drag arguments and stacks along.
      const found = rowsOf(
        `${WHOLE} WHERE f.n IN (
           SELECT f.n FROM failures f WHERE ${sql} ${page} ORDER BY f.failed_at DESC, f.id DESC LIMIT ?
         ) ORDER BY f.failed_at DESC, f.id DESC`,
        ...values,
        ...(after ? [after.failedAt, storedText(after.id)] : []),
        limit + 1,
      )
      const { failures, more } = firstOf(found, limit)
      const last = failures.at(-1)
      return { failures, next: more && last ? nextPage(last) : undefined }
    },
    count: (query, now) => {
      const { sql, values } = conditionOf(query, now)
      const [row] = all<{ total: number }>(`SELECT count(*) AS total FROM failures f WHERE ${sql}`, ...values)
      return row?.total ?? 0
    },
    groups: (query, now, limit) => {
      const { sql, values } = conditionOf(query, now)
      // The rest is looked up for those that are shown.
      return all<FailureGroup>(
        `SELECT g.fingerprint, l.job, l.error_class AS errorClass, l.error_message AS errorMessage, g.count, g.firstAt, g.lastAt
         FROM (SELECT f.fingerprint, count(*) AS count, min(f.failed_at) AS firstAt, max(f.failed_at) AS lastAt
               FROM failures f WHERE ${sql} GROUP BY f.fingerprint ORDER BY count DESC, lastAt DESC, f.fingerprint LIMIT ?) g
         JOIN failures l ON l.n = (
           SELECT n FROM failures WHERE fingerprint = g.fingerprint AND failed_at = g.lastAt ORDER BY n DESC LIMIT 1)
         ORDER BY g.count DESC, g.lastAt DESC, g.fingerprint`,
        ...values,
        limit,
      )
    },
    tally: (query, now, limit) => {
      const { sql, values } = conditionOf(query, now)
      const [whole] = all<{ count: number; eldestAt: number | null }>(
        `SELECT count(*) AS count, min(f.failed_at) AS eldestAt FROM failures f WHERE ${sql}`,
        ...values,
      )
      const shares = all<FailureShare>(
        `SELECT f.queue, f.job, count(*) AS count FROM failures f WHERE ${sql}
         GROUP BY f.queue, f.job ORDER BY count DESC, f.queue, f.job LIMIT ?`,
        ...values,
        limit,
      )
      return { count: whole?.count ?? 0, eldestAt: whole?.eldestAt ?? undefined, shares }
    },
    pick: (query, { status, now, limit, upTo: bound }) => {
      const wanted: FailureQuery = { kind: 'field', field: 'status', text: 'is' in status ? status.is : status.isNot }
      const ofStatus: FailureQuery = 'is' in status ? wanted : { kind: 'not', of: wanted }
      const { sql, values } = conditionOf({ kind: 'and', of: [query, ofStatus] }, now)
      const [newest] = all<{ n: number | null }>('SELECT max(n) AS n FROM failures')
      const upTo = bound ?? newest?.n ?? 0
      const rows = all<{ n: number }>(
        `SELECT f.n FROM failures f WHERE ${sql} AND +f.n <= ? ORDER BY f.failed_at, f.id LIMIT ?`,
        ...values,
        upTo,
        limit,
      )
      return { rows: rows.map(({ n }) => n), upTo }
    },
    claimed: (batch, limit) => {
      const sql = `${WHOLE} WHERE f.batch = ? AND f.status = 'retrying' ORDER BY f.failed_at, f.id LIMIT ?`
      return firstOf(rowsOf(sql, storedText(batch), limit), limit).failures
    },
    audits: (limit) =>
      all<AuditEntry>('SELECT at, actor, action, target, count FROM audits ORDER BY at DESC, n DESC LIMIT ?', limit),
    paused: () => all<{ queue: string }>('SELECT queue FROM paused_queues ORDER BY queue').map(({ queue }) => queue),
  }
}

/** As many as there may be, and as their arguments allow, but always the first; and whether there is another one. */
function firstOf(
  rows: Iterable<FailureRow>,
  limit: number,
): { readonly failures: KeptFailure[]; readonly more: boolean } {
  const failures: KeptFailure[] = []
  let bytes = 0
  for (const row of rows) {
    if (failures.length === limit || bytes >= MAX_ANSWER_BYTES) return { failures, more: true }
    bytes += row.args?.byteLength ?? 0
    failures.push(fromRow(row))
  }
  return { failures, more: false }
}
