import { UnderstudyError } from '../../src/errors.ts'
import type { SqlValue } from './driver.ts'

export type Statement = (sql: string, values?: readonly SqlValue[]) => Promise<readonly Record<string, unknown>[]>

// Ids are compared byte by byte, blanks at their end included, which no collation of both products does.
const ID = 'VARBINARY(1000)'
const TEXT = 'MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'
// See words.ts.
const WORDS = 'MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL'
const END = 'ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET = utf8mb4'

/**
 * What leads from each version of the tables to the next. A step is never changed once released; one that was cut short
 * is begun anew, as no statement that makes a table can be undone.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS understudy_failures (
      n BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      id ${ID} NOT NULL UNIQUE,
      job_id ${ID} NOT NULL,
      requeues INT UNSIGNED NOT NULL,
      status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      reason VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
      failed_at BIGINT NOT NULL,
      attempt_count INT UNSIGNED NOT NULL,
      job ${TEXT} NOT NULL,
      queue ${TEXT} NOT NULL,
      error_class ${TEXT} NOT NULL,
      error_message ${TEXT} NOT NULL,
      error_code ${TEXT} NULL,
      preview ${TEXT} NOT NULL,
      worker ${TEXT} NOT NULL,
      broker_kind ${TEXT} NOT NULL,
      broker_name ${TEXT} NOT NULL,
      broker_url ${TEXT} NOT NULL,
      request_id ${TEXT} NULL,
      fingerprint ${ID} NOT NULL,
      error_words ${WORDS},
      preview_words ${WORDS},
      job_words ${WORDS},
      record LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
      args LONGBLOB NOT NULL,
      args_bytes INT UNSIGNED NOT NULL,
      batch ${ID} NULL,
      claimed_at BIGINT NULL,
      retried_at BIGINT NULL,
      retried_by ${TEXT} NULL,
      retry_job_id ${ID} NULL,
      resolved_at BIGINT NULL,
      KEY by_time (failed_at, id),
      KEY by_status (status, failed_at, id),
      KEY by_job (job(100), error_class(100)),
      KEY by_fingerprint (fingerprint, failed_at),
      KEY by_job_id (job_id),
      KEY by_batch (batch),
      KEY by_retry (retry_job_id),
      FULLTEXT KEY by_words (error_words, preview_words, job_words)
    ) ${END}`,
    `CREATE TABLE IF NOT EXISTS understudy_audits (
      n BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
      at BIGINT NOT NULL,
      actor ${TEXT} NOT NULL,
      action ${TEXT} NOT NULL,
      target ${TEXT} NOT NULL,
      touched BIGINT NOT NULL
    ) ${END}`,
    `CREATE TABLE IF NOT EXISTS understudy_paused_queues (queue ${ID} NOT NULL PRIMARY KEY) ${END}`,
    `CREATE TABLE IF NOT EXISTS understudy_runs (
      run ${ID} NOT NULL PRIMARY KEY,
      worker ${TEXT} NOT NULL,
      starts INT UNSIGNED NOT NULL,
      finished TINYINT NOT NULL,
      touched_at BIGINT NOT NULL,
      KEY by_time (touched_at)
    ) ${END}`,
    `CREATE TABLE IF NOT EXISTS understudy_results (
      job_id ${ID} NOT NULL PRIMARY KEY,
      result LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
      progress LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
      expires_at BIGINT NOT NULL,
      KEY by_time (expires_at)
    ) ${END}`,
  ],
]

const LOCK_WITHIN_S = 30

/**
 * Makes what is missing of the tables, one process at a time; a user who may not make any is enough where they are.
 *
 * @throws UnderstudyError `storage` where a newer version of this package was; and what `ask` throws.
 */
export async function makeTables(ask: Statement): Promise<void> {
  if ((await versionOf(ask)) === MIGRATIONS.length) return
  const [lock] = await ask("SELECT GET_LOCK(CONCAT('understudy ', MD5(DATABASE())), ?) AS taken", [LOCK_WITHIN_S])
  if (lock?.['taken'] !== 1) {
    throw new UnderstudyError('storage', 'another process makes the tables, and has not ended', { retriable: true })
  }
  try {
    await ask(`CREATE TABLE IF NOT EXISTS understudy_schema (version INT UNSIGNED NOT NULL PRIMARY KEY) ${END}`)
    const from = await versionOf(ask)
    for (const [index, steps] of MIGRATIONS.slice(from).entries()) {
      for (const step of steps) await ask(step)
      await ask('INSERT INTO understudy_schema (version) VALUES (?)', [from + index + 1])
    }
  } finally {
    await ask("SELECT RELEASE_LOCK(CONCAT('understudy ', MD5(DATABASE())))")
  }
}

async function versionOf(ask: Statement): Promise<number> {
  const [table] = await ask(
    "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'understudy_schema'",
  )
  if (table === undefined) return 0
  const [row] = await ask('SELECT COALESCE(MAX(version), 0) AS version FROM understudy_schema')
  const version = Number(row?.['version'])
  if (version <= MIGRATIONS.length) return version
  const message = `the tables were made by a newer understudy-mq (version ${version}, this one knows ${MIGRATIONS.length})`
  throw new UnderstudyError('storage', message)
}
