import type { JobState } from '../../src/jobs/results/results.ts'
import type { ValkeyLink } from './link.ts'

/** What came of a job. */
function resultKey(jobId: string): string {
  return `understudy:result:${jobId}`
}

/** How far it is. A key of its own, so that a late word of progress hides no result. */
function progressKey(jobId: string): string {
  return `understudy:progress:${jobId}`
}

/** Where every state of a job is told to those who listen now. */
export function channelOf(jobId: string): string {
  return `understudy:job:${jobId}`
}

/** What is kept of a job, its result before its progress. */
export async function readState(link: ValkeyLink, jobId: string): Promise<string | undefined> {
  const [result, progress] = await link.ask((client) => client.mGet([resultKey(jobId), progressKey(jobId)]))
  return result ?? progress ?? undefined
}

/** Keeps a state and tells it, both or neither. */
export async function writeState(
  link: ValkeyLink,
  jobId: string,
  kind: JobState['kind'],
  text: string,
  ttlMs: number,
): Promise<void> {
  const options = { expiration: { type: 'PX', value: ttlMs } } as const
  await link.ask(async (client) => {
    const transaction = client.multi()
    if (kind === 'progress') transaction.set(progressKey(jobId), text, options)
    else transaction.set(resultKey(jobId), text, options).del(progressKey(jobId))
    await transaction.publish(channelOf(jobId), text).exec()
  })
}
