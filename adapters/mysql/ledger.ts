import { UnderstudyError } from '../../src/errors.ts'
import { type Ledger, type LedgerEntry, RUNS_KEPT_FOR_MS } from '../../src/jobs/ledger/ledger.ts'
import { Batches } from './batches.ts'
import type { Database } from './database.ts'
import { checkWhole, databaseOf, MYSQL_OPTIONS, type MysqlOptions } from './options.ts'

export interface MysqlLedgerOptions extends MysqlOptions {
  /** How long a run is remembered, in milliseconds; longer than any job is on its way. Defaults to 7 days. */
  readonly keepForMs?: number
}

interface Beginning {
  readonly run: string
  readonly worker: string
}

const TOGETHER = 200
/** After how many that begin those that are out of date are looked for, and how many go at once. */
const PRUNE_EVERY = 50
const PRUNED_AT_ONCE = 200
/** What the column takes. */
const MOST_BYTES = 1_000

/** A ledger in MySQL or MariaDB, which workers on any number of hosts share. */
export function openMysqlLedger(options: MysqlLedgerOptions): Ledger {
  const { keepForMs = RUNS_KEPT_FOR_MS } = options
  const { database, clock } = databaseOf('mysqlLedger', options, { ...MYSQL_OPTIONS, keepForMs: true })
  checkWhole('mysqlLedger', 'keepForMs', keepForMs)
  let begun = 0
  const begins = new Batches<Beginning, LedgerEntry>(TOGETHER, async (some) => {
    const now = clock.wallTime()
    const entries = await beginAll(database, some, now)
    begun += some.length
    if (begun >= PRUNE_EVERY) {
      begun = 0
      const sql = `DELETE FROM understudy_runs WHERE touched_at < ? ORDER BY touched_at LIMIT ${PRUNED_AT_ONCE}`
      await database.settle(sql, [now - keepForMs])
    }
    return entries
  })
  const finishes = new Batches<string, void>(TOGETHER, async (runs) => {
    const now = clock.wallTime()
    const sorted = [...new Set(runs)].sort()
    await database.settle(
      `INSERT INTO understudy_runs (run, worker, starts, finished, touched_at)
       VALUES ${sorted.map(() => "(?, '', 1, 1, ?)").join(', ')}
       ON DUPLICATE KEY UPDATE finished = 1, touched_at = VALUES(touched_at)`,
      sorted.flatMap((run) => [Buffer.from(run), now]),
    )
    return runs.map(() => {})
  })
  const close = (): Promise<void> => database.close()
  return {
    kind: 'mysql',
    open: () => database.open(),
    begin: async (run, worker) => await begins.add({ run: fitting(run), worker }),
    finish: async (run) => await finishes.add(fitting(run)),
    interrupted: async (run) => {
      const sql = 'UPDATE understudy_runs SET starts = starts - 1 WHERE run = ? AND finished = 0 AND starts > 0'
      await database.change(sql, [Buffer.from(run)])
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function beginAll(database: Database, some: readonly Beginning[], now: number): Promise<readonly LedgerEntry[]> {
  // In one order everywhere: those who begin the same runs wait for each other instead of colliding.
  const sorted = some.toSorted((one, other) => (one.run < other.run ? -1 : 1))
  const runs = [...new Set(sorted.map(({ run }) => run))]
  const rows = await database.transaction(async (ask) => {
    await ask(
      `INSERT INTO understudy_runs (run, worker, starts, finished, touched_at)
       VALUES ${sorted.map(() => '(?, ?, 1, 0, ?)').join(', ')}
       ON DUPLICATE KEY UPDATE starts = starts + 1, worker = VALUES(worker), touched_at = VALUES(touched_at)`,
      sorted.flatMap(({ run, worker }) => [Buffer.from(run), worker, now]),
    )
    // Until the commit nobody else begins them.
    return (await ask(
      `SELECT run, starts, finished FROM understudy_runs WHERE run IN (${runs.map(() => '?').join(', ')})`,
      runs.map((run) => Buffer.from(run)),
    )) as readonly { readonly run: Buffer; readonly starts: number; readonly finished: number }[]
  })
  const known = new Map(rows.map(({ run, starts, finished }) => [run.toString(), { starts, finished }]))
  // The same run twice in one batch: the last of them made it as many as it is.
  const left = new Map<string, number>()
  for (const { run } of some) left.set(run, (left.get(run) ?? 0) + 1)
  return some.map(({ run }) => {
    const { starts, finished } = known.get(run) ?? { starts: 1, finished: 0 }
    const behind = (left.get(run) ?? 1) - 1
    left.set(run, behind)
    return { finished: finished === 1, starts: starts - behind }
  })
}

/** One that does not fit must not take the others of its batch with it. */
function fitting(run: string): string {
  if (Buffer.byteLength(run) <= MOST_BYTES) return run.toWellFormed()
  throw new UnderstudyError('storage', `a run of more than ${MOST_BYTES} bytes cannot be noted: ${run.slice(0, 40)}…`)
}
