import type { Clock } from '../../src/clock.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { countByBrowsing } from './browse.ts'
import type { Conversation } from './conversation.ts'

const PREFETCH = 1000
const MOST_MS = 60_000

/**
 * Takes everything out of a queue, as STOMP has no purge: a subscription whose messages are acknowledged as they
 * come. It is over when a look at the queue shows nothing, or shows twice something that does not come: that is with
 * other consumers.
 *
 * @returns how many messages were taken.
 * @throws UnderstudyError `deadline`, retriable, when there still was more after 60 s; and what the broker or the
 * lost link says.
 */
export async function purgeByTaking(conversation: Conversation, target: string, clock: Clock): Promise<number> {
  if ((await countByBrowsing(conversation, target)) === 0) return 0
  const from = clock.now()
  let taken = 0
  const headers = { destination: target, ack: 'auto', 'activemq.prefetchSize': PREFETCH }
  // Of a lost link the next look tells.
  const following = await conversation.follow(headers, { message: () => (taken += 1), lost: () => {} })
  try {
    for (let quiet = 0; quiet < 2; ) {
      const before = taken
      if ((await countByBrowsing(conversation, target)) === 0) break
      quiet = taken === before ? quiet + 1 : 0
      if (clock.now() - from > MOST_MS) {
        const message = `${taken} messages were taken out within ${MOST_MS} ms, and more wait`
        throw new UnderstudyError('deadline', message, { retriable: true })
      }
    }
  } finally {
    await following.end()
  }
  return taken
}
