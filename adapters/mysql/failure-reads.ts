import type { KeptFailure } from '../../src/jobs/failures/failure.ts'
import { nextPage, readPage } from '../../src/jobs/failures/page.ts'
import type { SqlCondition } from '../../src/jobs/failures/query/sql.ts'
import type { FailureGroup, FailureTally, FoundFailures, SearchPage } from '../../src/jobs/failures/store.ts'
import type { Database } from './database.ts'
import type { SqlValue } from './driver.ts'
import { type FailureRow, fromRow, READ_COLUMNS } from './row.ts'

/** What an answer may hold in bytes of arguments: a page of large jobs is a shorter page. */
const MOST_BYTES = 16_000_000
/** How many of the latest are looked at one by one before an index of words is asked. */
const LOOKED_THROUGH = 1_000
const PLACE = 'n, id, failed_at, args_bytes'

interface Place {
  readonly n: number
  readonly id: Buffer
  readonly failed_at: number
  readonly args_bytes: number
}

/** Looks into the failures of a database. */
export class FailureReads {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async get(id: string): Promise<KeptFailure | undefined> {
    const [row] = await this.#database.rows<FailureRow>(
      `SELECT ${READ_COLUMNS} FROM understudy_failures WHERE id = ?`,
      [Buffer.from(id)],
    )
    return row && fromRow(row)
  }

  async ofJob(jobId: string): Promise<readonly KeptFailure[]> {
    const rows = await this.#database.rows<FailureRow>(
      `SELECT ${READ_COLUMNS} FROM understudy_failures WHERE job_id = ? ORDER BY requeues, failed_at`,
      [Buffer.from(jobId)],
    )
    return rows.map(fromRow)
  }

  /**
   * `plain` means the same as the condition and uses no index of words. With such an index the server collects all rows
   * that have the words before it sorts them; where many have them, a page is full after a short way through the latest.
   */
  async search(condition: SqlCondition, plain: SqlCondition, page: SearchPage): Promise<FoundFailures> {
    const after = readPage(page)
    // The latest first; those of one moment by their id.
    const behind = after === undefined ? '' : 'AND failed_at <= ? AND (failed_at < ? OR id < ?)'
    const place = after === undefined ? [] : [after.failedAt, after.failedAt, Buffer.from(after.id)]
    const order = `ORDER BY failed_at DESC, id DESC LIMIT`
    const most = page.limit + 1
    const near =
      condition.sql === plain.sql
        ? []
        : await this.#database.rows<Place>(
            `SELECT ${PLACE} FROM understudy_failures JOIN (
               SELECT n AS latest FROM understudy_failures WHERE TRUE ${behind} ${order} ${most + LOOKED_THROUGH}
             ) AS latest ON n = latest WHERE ${plain.sql} ${order} ${most}`,
            [...place, ...plain.values],
          )
    const found =
      near.length === most
        ? near
        : await this.#places(`${condition.sql} ${behind} ${order} ${most}`, [...condition.values, ...place])
    const shown = withinBytes(found.slice(0, page.limit))
    const last = shown.length < found.length ? shown.at(-1) : undefined
    return {
      failures: await this.#at(shown, 'failed_at DESC, id DESC'),
      next: last && nextPage({ failedAt: last.failed_at, id: last.id.toString() }),
    }
  }

  async count({ sql, values }: SqlCondition): Promise<number> {
    const [row] = await this.#database.rows<{ total: number }>(
      `SELECT COUNT(*) AS total FROM understudy_failures WHERE ${sql}`,
      values,
    )
    return row?.total ?? 0
  }

  async groups({ sql, values }: SqlCondition, limit: number): Promise<readonly FailureGroup[]> {
    const groups = await this.#database.rows<GroupRow>(
      // The latest of each is the greatest of its time and its number in one text.
      `SELECT fingerprint, COUNT(*) AS total, MIN(failed_at) AS first_at, MAX(failed_at) AS last_at,
         MAX(CONCAT(LPAD(failed_at, 20, '0'), ' ', LPAD(n, 20, '0'))) AS latest
       FROM understudy_failures WHERE ${sql}
       GROUP BY fingerprint ORDER BY total DESC, last_at DESC, fingerprint LIMIT ${limit}`,
      values,
    )
    if (groups.length === 0) return []
    const numberOf = ({ latest }: GroupRow): number => Number(latest.split(' ')[1])
    const rows = await this.#database.rows<LatestRow>(
      `SELECT n, job, error_class, error_message FROM understudy_failures WHERE n IN (${groups.map(numberOf).join(', ')})`,
    )
    const byNumber = new Map(rows.map((row) => [row.n, row]))
    // One that was removed meanwhile leaves its group without a face.
    return groups.flatMap((group) => {
      const latest = byNumber.get(numberOf(group))
      if (latest === undefined) return []
      return {
        fingerprint: group.fingerprint.toString(),
        job: latest.job,
        errorClass: latest.error_class,
        errorMessage: latest.error_message,
        count: group.total,
        firstAt: group.first_at,
        lastAt: group.last_at,
      }
    })
  }

  async tally({ sql, values }: SqlCondition, limit: number): Promise<FailureTally> {
    const [whole] = await this.#database.rows<{ total: number; eldest: number | null }>(
      `SELECT COUNT(*) AS total, MIN(failed_at) AS eldest FROM understudy_failures WHERE ${sql}`,
      values,
    )
    const shares = await this.#database.rows<{ queue: string; job: string; total: number }>(
      `SELECT queue, job, COUNT(*) AS total FROM understudy_failures WHERE ${sql}
       GROUP BY queue, job ORDER BY total DESC, queue, job LIMIT ${limit}`,
      values,
    )
    return {
      count: whole?.total ?? 0,
      eldestAt: whole?.eldest ?? undefined,
      shares: shares.map(({ queue, job, total }) => ({ queue, job, count: total })),
    }
  }

  async claimed(batch: string, limit: number): Promise<readonly KeptFailure[]> {
    const found = await this.#places(`batch = ? AND status = 'retrying' ORDER BY failed_at, id LIMIT ${limit}`, [
      Buffer.from(batch),
    ])
    return await this.#at(withinBytes(found), 'failed_at, id')
  }

  /** The number of the latest that was kept. */
  async newest(): Promise<number> {
    const [row] = await this.#database.rows<{ n: number }>('SELECT COALESCE(MAX(n), 0) AS n FROM understudy_failures')
    return row?.n ?? 0
  }

  /** Where they are, without their arguments: sorting must not drag those along. */
  async #places(where: string, values: readonly SqlValue[]): Promise<readonly Place[]> {
    const sql = `SELECT ${PLACE} FROM understudy_failures WHERE ${where}`
    return await this.#database.rows<Place>(sql, values)
  }

  async #at(places: readonly Place[], order: string): Promise<readonly KeptFailure[]> {
    if (places.length === 0) return []
    const numbers = places.map(({ n }) => n).join(', ')
    const rows = await this.#database.rows<FailureRow>(
      `SELECT ${READ_COLUMNS} FROM understudy_failures WHERE n IN (${numbers}) ORDER BY ${order}`,
    )
    return rows.map(fromRow)
  }
}

interface GroupRow {
  readonly fingerprint: Buffer
  readonly total: number
  readonly first_at: number
  readonly last_at: number
  readonly latest: string
}

interface LatestRow {
  readonly n: number
  readonly job: string
  readonly error_class: string
  readonly error_message: string
}

/** As many as their arguments allow; always the first. */
function withinBytes(places: readonly Place[]): readonly Place[] {
  let bytes = 0
  const end = places.findIndex(({ args_bytes }, index) => (bytes += args_bytes) > MOST_BYTES && index > 0)
  return end === -1 ? places : places.slice(0, end)
}
