import type { JobState, ResultAddress } from '../../src/jobs/results/results.ts'
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

const INBOX = 'topic://understudy.results.'

/** Where whoever made a job hears of all that he made, by the job's reply destination; undefined for any other. */
export function inboxChannel(replyTo: string | undefined): string | undefined {
  return replyTo?.startsWith(INBOX) ? `understudy:results:${replyTo.slice(INBOX.length)}` : undefined
}

/** What is kept of a job, its result before its progress. */
export async function readState(link: ValkeyLink, jobId: string): Promise<string | undefined> {
  const [result, progress] = await link.ask((client) => client.mGet([resultKey(jobId), progressKey(jobId)]))
  return result ?? progress ?? undefined
}

/** The same of many, without those of which nothing is kept. */
export async function readStates(
  link: ValkeyLink,
  jobIds: readonly string[],
): Promise<(readonly [jobId: string, text: string])[]> {
  const answers = await link.ask((client) => client.mGet(jobIds.flatMap((id) => [resultKey(id), progressKey(id)])))
  return jobIds.flatMap((id, index) => {
    const text = answers[2 * index] ?? answers[2 * index + 1] ?? undefined
    return text === undefined ? [] : [[id, text] as const]
  })
}

/** Keeps a state and tells it, both or neither. */
export async function writeState(
  link: ValkeyLink,
  { jobId, replyTo }: ResultAddress,
  kind: JobState['kind'],
  text: string,
  ttlMs: number,
): Promise<void> {
  const options = { expiration: { type: 'PX', value: ttlMs } } as const
  await link.ask(async (client) => {
    const transaction = client.multi()
    if (kind === 'progress') transaction.set(progressKey(jobId), text, options)
    else transaction.set(resultKey(jobId), text, options).del(progressKey(jobId))
    const inbox = inboxChannel(replyTo)
    if (inbox !== undefined) transaction.publish(inbox, `${jobId}\n${text}`)
    await transaction.publish(channelOf(jobId), text).exec()
  })
}
