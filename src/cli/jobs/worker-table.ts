import type { WorkerDescription } from '../../jobs/worker/description.ts'
import { age } from './age.ts'
import { textTable } from '../terminal/text-table.ts'

/** Workers as a table for a terminal, and under it what they are at. */
export function workerTable(workers: readonly WorkerDescription[], now: number, width: number): string {
  const table = textTable(
    [
      { title: 'WORKER', most: 30 },
      { title: 'STATE' },
      { title: 'BUSY', align: 'right' },
      { title: 'DONE', align: 'right' },
      { title: 'FAILED', align: 'right' },
      { title: 'UP', align: 'right' },
      { title: 'QUEUES' },
    ],
    workers.map(({ name, state, slots, concurrency, done, since, queues }) => [
      name,
      state,
      `${slots.length}/${concurrency}`,
      String(done.succeeded),
      String(done.failed),
      age(since, now),
      queues.map(({ queue, paused }) => (paused ? `${queue} (paused)` : queue)).join(', '),
    ]),
    width,
  )
  const busy = workers.flatMap(({ name, slots }) =>
    slots.map(({ job, jobId, queue, attempt, since }) => [name, job, jobId, queue, String(attempt), age(since, now)]),
  )
  if (busy.length === 0) return table
  const columns = [
    { title: 'WORKER', most: 16 },
    { title: 'JOB', most: 20 },
    { title: 'ID', most: 12 },
    { title: 'QUEUE', most: 12 },
    { title: 'TRY', align: 'right' as const },
    { title: 'SINCE' },
  ]
  return `${table}\n${textTable(columns, busy, width)}`
}
