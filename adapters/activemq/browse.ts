import type { UnderstudyError } from '../../src/errors.ts'
import type { Conversation, Following } from './conversation.ts'

/** How far a look at a queue counts. */
const MOST_COUNTED = 1000
const MOST_BYTES = 64 * 1024 * 1024
// How many messages the broker has under way to us at a time.
const WINDOW = 100

/**
 * Counts what stands in a queue by ActiveMQ's browser: what is delivered to a consumer and not acknowledged is
 * counted with the rest, and so is nothing past 1,000 messages or 64 MiB, or past what the broker has memory to
 * show. Holds no body. Makes the queue where there is none, as every SUBSCRIBE does.
 *
 * @param target the queue as STOMP writes it.
 * @throws UnderstudyError what the broker or the lost link says.
 */
export async function countByBrowsing(conversation: Conversation, target: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // It may be lost while the SUBSCRIBE is, which says so itself.
  promise.catch(() => {})
  let count = 0
  let bytes = 0
  let following: Following | undefined
  const fail = (error: UnderstudyError): void => reject(error)
  const headers = { destination: target, browser: 'true', ack: 'client', 'activemq.prefetchSize': WINDOW }
  try {
    following = await conversation.follow(headers, {
      message: (headers, bodyBytes) => {
        if (headers['browser'] === 'end') {
          resolve()
          return
        }
        if (count >= MOST_COUNTED || bytes >= MOST_BYTES) return
        count += 1
        bytes += bodyBytes
        if (count >= MOST_COUNTED || bytes >= MOST_BYTES) resolve()
        // Acknowledging takes nothing out here: it asks for the next ones.
        else if (count % WINDOW === 0) conversation.frame('ACK', { id: String(headers['ack']) }).catch(fail)
      },
      lost: reject,
    })
    await promise
    return count
  } finally {
    await following?.end()
  }
}
