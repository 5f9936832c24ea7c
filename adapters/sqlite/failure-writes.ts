import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Failure } from '../../src/jobs/failures/failure.ts'
import type { AuditEntry, ClaimOptions, ReclaimOptions } from '../../src/jobs/failures/store.ts'
import { bodyValues, KEPT_COLUMNS, rowValues, storedText } from './row.ts'

/** Changes of the failures, for the thread that writes. The numbers are rows that a read has picked. */
export interface FailureWrites {
  readonly open: () => void
  readonly keep: (failures: readonly Failure[]) => void
  readonly claim: (picked: readonly number[], options: ClaimOptions) => number
  readonly renew: (batch: string, at: number) => number
  readonly sendingAs: (id: string, as: { readonly batch: string; readonly retryJobId: string | undefined }) => boolean
  readonly retried: (
    failures: readonly { readonly id: string; readonly retryJobId: string }[],
    by: { readonly actor: string; readonly at: number },
  ) => void
  readonly release: (ids: readonly string[]) => void
  readonly reclaim: (claimedBefore: number, options: ReclaimOptions) => number
  readonly resolved: (jobId: string, requeues: number, at: number) => void
  readonly discard: (picked: readonly number[]) => number
  readonly remove: (picked: readonly number[]) => number
  readonly audit: (entry: AuditEntry) => void
  readonly setPaused: (queue: string, paused: boolean) => void
}

const PICKED = 'n IN (SELECT value FROM json_each(?))'
const CLAIM = `UPDATE failures SET status = 'retrying', batch = ?, claimed_at = ?, retried_by = ?`

export function failureWrites(database: DatabaseSync): FailureWrites {
  const keepRow = database.prepare(
    `INSERT INTO failures (${KEPT_COLUMNS.join(', ')}) VALUES (${KEPT_COLUMNS.map(() => '?').join(', ')})
     ON CONFLICT (id) DO NOTHING`,
  )
  const keepBody = database.prepare('INSERT INTO failure_bodies (n, detail, stack, args) VALUES (?, ?, ?, ?)')
  const claim = database.prepare(`${CLAIM}, retry_job_id = NULL WHERE ${PICKED} AND status = 'failed'`)
  const reclaim = database.prepare(
    `${CLAIM} WHERE status = 'retrying' AND n IN (
       SELECT n FROM failures WHERE status = 'retrying' AND claimed_at < ? AND substr(batch, 1, length(?)) = ?
       ORDER BY failed_at, id LIMIT ?)`,
  )
  const renew = database.prepare(`UPDATE failures SET claimed_at = ? WHERE batch = ? AND status = 'retrying'`)
  const sendingAs = database.prepare(
    `UPDATE failures SET retry_job_id = ? WHERE id = ? AND batch = ? AND status = 'retrying'`,
  )
  const retried = database.prepare(
    `UPDATE failures SET status = 'retried', retried_at = ?, retried_by = ?, retry_job_id = ?
     WHERE id = ? AND status = 'retrying'`,
  )
  const release = database.prepare(
    `UPDATE failures SET status = 'failed', batch = NULL, claimed_at = NULL, retried_by = NULL
     WHERE id = ? AND status = 'retrying'`,
  )
  // Where a worker was faster than who sent it back, the job that it came back as is not noted yet. One that is failed
  // was given back by somebody who did not know that it had gone.
  const resolvedAfterAll = database.prepare(
    `UPDATE failures SET resolved_at = ?, status = 'retried', retried_at = coalesce(retried_at, ?)
     WHERE resolved_at IS NULL AND requeues = ? AND status = 'failed' AND retry_job_id = ?`,
  )
  const resolved = database.prepare(
    `UPDATE failures SET resolved_at = ? WHERE resolved_at IS NULL AND status IN ('retrying', 'retried') AND requeues = ? AND n IN (
       SELECT n FROM failures WHERE retry_job_id = ?
       UNION SELECT n FROM failures WHERE job_id = ? AND retry_job_id IS NULL)`,
  )
  const discard = database.prepare(`UPDATE failures SET status = 'discarded' WHERE ${PICKED} AND status = 'failed'`)
  const remove = database.prepare(`DELETE FROM failures WHERE ${PICKED} AND status <> 'retrying'`)
  const audit = database.prepare('INSERT INTO audits (at, actor, action, target, count) VALUES (?, ?, ?, ?, ?)')
  const pause = database.prepare('INSERT INTO paused_queues (queue) VALUES (?) ON CONFLICT DO NOTHING')
  const resume = database.prepare('DELETE FROM paused_queues WHERE queue = ?')

  return {
    open: () => {},
    keep: (failures) => {
      for (const failure of failures) {
        const { changes, lastInsertRowid } = keepRow.run(...rowValues(failure))
        if (Number(changes) > 0) keepBody.run(lastInsertRowid, ...bodyValues(failure))
      }
    },
    claim: (picked, { batch, at, actor }) => changed(claim, storedText(batch), at, storedText(actor), json(picked)),
    renew: (batch, at) => changed(renew, at, storedText(batch)),
    sendingAs: (id, { batch, retryJobId }) =>
      changed(sendingAs, retryJobId === undefined ? null : storedText(retryJobId), storedText(id), storedText(batch)) >
      0,
    retried: (failures, { actor, at }) => {
      for (const { id, retryJobId } of failures)
        retried.run(at, storedText(actor), storedText(retryJobId), storedText(id))
    },
    release: (ids) => {
      for (const id of ids) release.run(storedText(id))
    },
    reclaim: (claimedBefore, { batch, at, actor, limit, of = '' }) => {
      const start = storedText(of)
      return changed(reclaim, storedText(batch), at, storedText(actor), claimedBefore, start, start, limit)
    },
    resolved: (jobId, requeues, at) => {
      const job = storedText(jobId)
      resolved.run(at, requeues - 1, job, job)
      resolvedAfterAll.run(at, at, requeues - 1, job)
    },
    discard: (picked) => changed(discard, json(picked)),
    remove: (picked) => changed(remove, json(picked)),
    audit: ({ at, actor, action, target, count }) =>
      void audit.run(at, storedText(actor), storedText(action), storedText(target), count),
    setPaused: (queue, paused) => void (paused ? pause : resume).run(storedText(queue)),
  }
}

function changed(statement: StatementSync, ...values: SQLInputValue[]): number {
  return Number(statement.run(...values).changes)
}

function json(picked: readonly number[]): string {
  return JSON.stringify(picked)
}
