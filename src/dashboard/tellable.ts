import type { Clock } from '../clock.ts'
import { messageOf, UnderstudyError } from '../errors.ts'
import type { Logger } from '../logger.ts'

/** What a page says of an error: `what` names what came of it, such as `the failure store could not be read`. */
export type Tell = (what: string, error: unknown) => string

/** The same for all that ask the failure store: it is logged once. */
export const STORE_TROUBLE = 'the failure store could not be read'

// What is looked at every second or two fails as often: the log is told again after a while.
const AGAIN_MS = 60_000

/**
 * An error of ours says what is wrong, and holds no credential. Of any other nobody knows what stands in it, such as a
 * statement or a password: its message goes to the log, and pages say no more than `what`.
 */
export function teller(logger: Logger, clock: Pick<Clock, 'now'>): Tell {
  const logged = new Map<string, { readonly message: string; readonly at: number }>()
  return (what, error) => {
    const message = messageOf(error)
    if (error instanceof UnderstudyError) return message
    const before = logged.get(what)
    const now = clock.now()
    if (before?.message !== message || now - before.at >= AGAIN_MS) {
      logged.set(what, { message, at: now })
      logger.error({ error: message }, `${what}, for the dashboard`)
    }
    return `${what}; the log of the dashboard says why`
  }
}
