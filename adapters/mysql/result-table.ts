import type { ResultTable } from '../../src/jobs/results/table-results.ts'
import { Batches } from './batches.ts'
import { databaseOf, MYSQL_OPTIONS, type MysqlOptions } from './options.ts'

/** How results are kept in MySQL or MariaDB. */
export interface MysqlResultsOptions extends Omit<MysqlOptions, 'clock'> {
  /** How long a state is kept after it was put, in milliseconds. Defaults to 86,400,000, a day. */
  readonly ttl?: number
}

const PRUNED_AT_ONCE = 200
const TOGETHER = 200
/** What is larger goes alone. */
const SMALL = 20_000
/** What the column takes. */
const MOST_ID_BYTES = 1_000

interface Outcome {
  readonly jobId: string
  readonly text: string
  readonly expiresAt: number
}

/** @throws UnderstudyError `invalid-option`. */
export function mysqlResultTable(options: MysqlResultsOptions): ResultTable {
  const { clock: _, ...names } = MYSQL_OPTIONS
  const { database } = databaseOf('mysqlResults', options, { ...names, ttl: true })
  const write = async (some: readonly Outcome[]): Promise<void> => {
    await database.settle(
      `INSERT INTO understudy_results (job_id, result, progress, expires_at)
       VALUES ${some.map(() => '(?, ?, NULL, ?)').join(', ')}
       ON DUPLICATE KEY UPDATE result = VALUES(result), progress = NULL, expires_at = VALUES(expires_at)`,
      some.flatMap(({ jobId, text, expiresAt }) => [Buffer.from(jobId), text, expiresAt]),
    )
  }
  const outcomes = new Batches<Outcome, void>(TOGETHER, async (some) => {
    await write(some)
    return some.map(() => {})
  })
  return {
    open: () => database.open(),
    read: async (jobIds, now) => {
      if (jobIds.length === 0) return new Map()
      const rows = await database.rows<{ job_id: Buffer; state: string }>(
        `SELECT job_id, COALESCE(result, progress) AS state FROM understudy_results
         WHERE expires_at > ? AND job_id IN (${jobIds.map(() => '?').join(', ')})`,
        [now, ...jobIds.map((jobId) => Buffer.from(jobId))],
      )
      return new Map(rows.map(({ job_id, state }) => [job_id.toString(), state]))
    },
    writeResult: async (jobId, text, expiresAt) => {
      const outcome = { jobId, text, expiresAt }
      const isSmall = text.length <= SMALL && Buffer.byteLength(jobId) <= MOST_ID_BYTES
      await (isSmall ? outcomes.add(outcome) : write([outcome]))
    },
    writeProgress: async (jobId, text, expiresAt, now) => {
      // From the left to the right: what is said of the result first holds for the time behind it.
      await database.settle(
        `INSERT INTO understudy_results (job_id, result, progress, expires_at) VALUES (?, NULL, ?, ?)
         ON DUPLICATE KEY UPDATE result = IF(expires_at <= ?, NULL, result), progress = VALUES(progress),
           expires_at = IF(result IS NULL, VALUES(expires_at), expires_at)`,
        [Buffer.from(jobId), text, expiresAt, now],
      )
    },
    prune: async (now) => {
      const sql = `DELETE FROM understudy_results WHERE expires_at <= ? ORDER BY expires_at LIMIT ${PRUNED_AT_ONCE}`
      await database.settle(sql, [now])
    },
    close: () => database.close(),
  }
}
