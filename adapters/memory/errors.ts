import { type ErrorCode, SendError, UnderstudyError } from '../../src/errors.ts'
import type { RedactedEndpoint } from '../../src/transport/endpoint.ts'
import type { OutgoingMessage } from '../../src/transport/message.ts'

/** Something that another attempt, here or elsewhere, may cure. */
export function passing(code: ErrorCode, message: string, endpoint: RedactedEndpoint): UnderstudyError {
  return new UnderstudyError(code, message, { retriable: true, endpoint })
}

/** No byte of it left the sender. */
export function unsent(
  message: OutgoingMessage,
  attempt: number,
  why: UnderstudyError,
  endpoint: RedactedEndpoint,
): SendError {
  return new SendError(why.code, `message ${message.id} was not sent: ${why.message}`, {
    outcome: 'not-sent',
    messageId: message.id,
    attempts: attempt,
    retriable: why.retriable,
    endpoint,
    cause: why,
  })
}

/** The broker said no, or said nothing before the link ended. */
export function unconfirmed(
  message: OutgoingMessage,
  attempt: number,
  why: UnderstudyError,
  endpoint: RedactedEndpoint,
): SendError {
  const outcome = why.code === 'rejected' || why.code === 'returned' ? why.code : 'unknown'
  const what = outcome === 'unknown' ? 'was written and not confirmed' : `was ${outcome}`
  const code = outcome === 'unknown' ? 'unconfirmed' : outcome
  return new SendError(code, `message ${message.id} ${what}: ${why.message}`, {
    outcome,
    messageId: message.id,
    attempts: attempt,
    retriable: why.retriable,
    forNow: outcome === 'rejected' && why.retriable,
    endpoint,
    cause: why,
  })
}
