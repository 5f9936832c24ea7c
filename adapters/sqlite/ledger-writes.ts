import type { DatabaseSync } from 'node:sqlite'
import type { LedgerEntry } from '../../src/jobs/ledger/ledger.ts'
import { storedText } from './row.ts'

/** Changes of the ledger, for the thread that writes. Times are milliseconds since the epoch. */
export interface LedgerWrites {
  readonly open: () => void
  readonly begin: (run: string, worker: string, at: number) => LedgerEntry
  readonly finish: (run: string, at: number) => void
  readonly interrupted: (run: string) => void
}

export function ledgerWrites(database: DatabaseSync, keepForMs: number): LedgerWrites {
  const begin = database.prepare(
    `INSERT INTO runs (run, worker, starts, finished, begun_at) VALUES (?, ?, 1, 0, ?)
     ON CONFLICT (run) DO UPDATE SET starts = starts + 1, worker = excluded.worker, begun_at = excluded.begun_at
     RETURNING starts, finished`,
  )
  const finish = database.prepare(
    `INSERT INTO runs (run, worker, starts, finished, begun_at) VALUES (?, '', 1, 1, ?)
     ON CONFLICT (run) DO UPDATE SET finished = 1`,
  )
  const interrupted = database.prepare(
    'UPDATE runs SET starts = starts - 1 WHERE run = ? AND finished = 0 AND starts > 0',
  )
  // Two for each that begins: what is out of date goes faster than anything can come, and never much at once.
  const prune = database.prepare(
    'DELETE FROM runs WHERE run IN (SELECT run FROM runs WHERE begun_at < ? ORDER BY begun_at LIMIT 2)',
  )
  return {
    open: () => {},
    begin: (run, worker, at) => {
      const { starts, finished } = begin.get(storedText(run), storedText(worker), at) ?? {}
      prune.run(at - keepForMs)
      return { finished: finished === 1, starts: Number(starts) }
    },
    finish: (run, at) => void finish.run(storedText(run), at),
    interrupted: (run) => void interrupted.run(storedText(run)),
  }
}
