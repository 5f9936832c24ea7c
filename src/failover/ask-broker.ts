import type { Clock } from '../clock.ts'
import { UnderstudyError } from '../errors.ts'
import type { Link } from '../transport/link.ts'
import type { FailoverSession } from './session.ts'

export interface Question<Value> {
  readonly session: FailoverSession
  readonly clock: Clock
  /** From the call to the answer, in milliseconds, the wait for a broker included. */
  readonly timeoutMs: number
  /** Such as `a look at queue x`. */
  readonly what: string
  readonly ask: (link: Link) => Promise<Value>
}

/**
 * Asks the broker that serves, once. Where the link is lost meanwhile the question is not asked again: whoever asks
 * wants to know how things are there now.
 *
 * @throws UnderstudyError `deadline` after `timeoutMs`, and whatever the link or the session throws.
 */
export function askBroker<Value>({ session, clock, timeoutMs, what, ask }: Question<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    let link: Link | undefined
    const timer = clock.after(timeoutMs, () => {
      const why = link ? `${link.endpoint} left ${what} without an answer` : `no broker was connected for ${what}`
      const endpoint = link ? { endpoint: link.endpoint } : {}
      reject(new UnderstudyError('deadline', `${why} for ${timeoutMs} ms`, { retriable: true, ...endpoint }))
    })
    const answer = async (): Promise<Value> => {
      link = await session.connected()
      return await ask(link)
    }
    answer()
      .then(resolve, reject)
      .finally(() => timer.cancel())
  })
}
