import type { DatabaseSync } from 'node:sqlite'
import { storedText } from './row.ts'

/** The results of a file, for the thread that keeps them. Times are milliseconds since the epoch. */
export interface ResultRows {
  readonly open: () => void
  readonly read: (jobIds: readonly string[], now: number) => ReadonlyMap<string, string>
  readonly writeResult: (jobId: string, text: string, expiresAt: number) => void
  readonly writeProgress: (jobId: string, text: string, expiresAt: number, now: number) => void
  readonly prune: (now: number) => void
}

const PRUNED_AT_ONCE = 200

export function resultRows(database: DatabaseSync): ResultRows {
  const read = database.prepare(
    'SELECT coalesce(result, progress) AS state FROM results WHERE job_id = ? AND expires_at > ?',
  )
  const result = database.prepare(
    `INSERT INTO results (job_id, result, progress, expires_at) VALUES (?, ?, NULL, ?)
     ON CONFLICT (job_id) DO UPDATE SET result = excluded.result, progress = NULL, expires_at = excluded.expires_at`,
  )
  // On the right is what was there before. Node 22 binds no numbered parameters.
  const progress = database.prepare(
    `INSERT INTO results (job_id, result, progress, expires_at) VALUES (?, NULL, ?, ?)
     ON CONFLICT (job_id) DO UPDATE SET progress = excluded.progress,
       expires_at = iif(result IS NULL OR expires_at <= ?, excluded.expires_at, expires_at),
       result = iif(expires_at <= ?, NULL, result)`,
  )
  const prune = database.prepare(
    'DELETE FROM results WHERE job_id IN (SELECT job_id FROM results WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)',
  )
  return {
    open: () => {},
    read: (jobIds, now) => {
      const found = new Map<string, string>()
      for (const jobId of jobIds) {
        const state = read.get(storedText(jobId), now)?.['state']
        if (typeof state === 'string') found.set(jobId, state)
      }
      return found
    },
    writeResult: (jobId, text, expiresAt) => void result.run(storedText(jobId), text, expiresAt),
    writeProgress: (jobId, text, expiresAt, now) => void progress.run(storedText(jobId), text, expiresAt, now, now),
    prune: (now) => void prune.run(now, PRUNED_AT_ONCE),
  }
}
