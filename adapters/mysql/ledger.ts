import type { Ledger } from '../../src/jobs/ledger/ledger.ts'
import { checkWhole, databaseOf, MYSQL_OPTIONS, type MysqlOptions } from './options.ts'

export interface MysqlLedgerOptions extends MysqlOptions {
  /** How long a run is remembered, in milliseconds; longer than any job is on its way. Defaults to 7 days. */
  readonly keepForMs?: number
}

const KEEP_FOR_MS = 604_800_000
/** After how many that begin those that are out of date are looked for, and how many go at once. */
const PRUNE_EVERY = 50
const PRUNED_AT_ONCE = 100

/** A ledger in MySQL or MariaDB, which workers on any number of hosts share. */
export function openMysqlLedger(options: MysqlLedgerOptions): Ledger {
  const { keepForMs = KEEP_FOR_MS } = options
  const { database, clock } = databaseOf('mysqlLedger', options, { ...MYSQL_OPTIONS, keepForMs: true })
  checkWhole('mysqlLedger', 'keepForMs', keepForMs)
  let begun = 0
  const prune = async (now: number): Promise<void> => {
    const sql = `DELETE FROM understudy_runs WHERE touched_at < ? ORDER BY touched_at LIMIT ${PRUNED_AT_ONCE}`
    await database.settle(sql, [now - keepForMs])
  }
  const close = (): Promise<void> => database.close()
  return {
    kind: 'mysql',
    open: () => database.open(),
    begin: async (run, worker) => {
      const now = clock.wallTime()
      // One statement counts and tells: both products give back what LAST_INSERT_ID was set to, and nothing for a new
      // row.
      const { insertId } = await database.change(
        `INSERT INTO understudy_runs (run, worker, starts, finished, touched_at) VALUES (?, ?, 1, 0, ?)
         ON DUPLICATE KEY UPDATE starts = starts + 1 + 0 * LAST_INSERT_ID(2 * (starts + 1) + finished),
           worker = VALUES(worker), touched_at = VALUES(touched_at)`,
        [Buffer.from(run), worker, now],
      )
      begun += 1
      if (begun % PRUNE_EVERY === 0) await prune(now)
      if (insertId === 0) return { finished: false, starts: 1 }
      return { finished: insertId % 2 === 1, starts: Math.floor(insertId / 2) }
    },
    finish: async (run) => {
      await database.settle(
        `INSERT INTO understudy_runs (run, worker, starts, finished, touched_at) VALUES (?, '', 1, 1, ?)
         ON DUPLICATE KEY UPDATE finished = 1, touched_at = VALUES(touched_at)`,
        [Buffer.from(run), clock.wallTime()],
      )
    },
    interrupted: async (run) => {
      const sql = 'UPDATE understudy_runs SET starts = starts - 1 WHERE run = ? AND finished = 0 AND starts > 0'
      await database.change(sql, [Buffer.from(run)])
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
