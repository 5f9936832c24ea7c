import type { Clock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { Conversation } from './conversation.ts'

/** What asks ActiveMQ for a delay, in milliseconds from when it takes the message. */
export const DELAY_HEADER = 'AMQ_SCHEDULED_DELAY'
/** What ActiveMQ adds to a message that its scheduler delivers, and to no other. */
export const SCHEDULED_HEADER = 'scheduledJobId'

// Goes with the connection, and is known to nobody else.
const PROBE_QUEUE = '/temp-queue/understudy-scheduler'
const ANSWER_WITHIN_MS = 10_000

/**
 * Whether the broker has a scheduler. One without (`schedulerSupport` is off by default) ignores the header and
 * delivers at once, without a word; so a message to ourselves is delayed by a millisecond, and what tells is whether
 * it comes with the mark of the scheduler. *Measured*: half a second with one, as it counts in half seconds.
 *
 * @throws UnderstudyError `deadline`, retriable, after 10 s; and what the broker or the lost link says.
 */
export async function hasScheduler(conversation: Conversation, clock: Clock): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>()
  const timer = clock.after(ANSWER_WITHIN_MS, () => {
    const message = `a message that shows whether the broker can delay did not come back within ${ANSWER_WITHIN_MS} ms`
    reject(new UnderstudyError('deadline', message, { retriable: true }))
  })
  const ask = async (): Promise<void> => {
    const following = await conversation.follow(
      { destination: PROBE_QUEUE, ack: 'auto' },
      { message: (headers) => resolve(headers[SCHEDULED_HEADER] !== undefined), lost: reject },
    )
    const end = (): void => void following.end()
    promise.then(end, end)
    const headers = { destination: PROBE_QUEUE, persistent: 'false', 'content-length': 0, [DELAY_HEADER]: 1 }
    await conversation.frame('SEND', headers)
  }
  ask().catch(reject)
  try {
    return await promise
  } finally {
    timer.cancel()
  }
}
