import { type ErrorCode, type FailedSendOutcome, messageOf, SendError, UnderstudyError } from '../errors.ts'
import type { OutgoingMessage } from '../transport/message.ts'
import type { PendingBuffer, PendingSend } from './pending.ts'

/** What may be said of a send that ends now. */
export function knownOf({ ambiguous, writtenTo, answer }: PendingSend): FailedSendOutcome {
  return ambiguous || writtenTo !== undefined ? 'unknown' : (answer ?? 'not-sent')
}

/** A send that is given up after its attempts. */
export function gaveUp(
  { message: { id }, attempts }: PendingSend,
  code: ErrorCode,
  why: string,
  outcome: FailedSendOutcome,
  cause: unknown,
): SendError {
  const times = attempts === 1 ? 'one attempt' : `${attempts} attempts`
  const text = `message ${id}: ${why} (${outcome} after ${times})`
  return new SendError(code, text, { outcome, messageId: id, attempts, cause })
}

/** A send that was refused before its first attempt. */
export function notTaken({ id }: OutgoingMessage, why: UnderstudyError): SendError {
  const text = `message ${id} was not sent: ${why.message}`
  return new SendError(why.code, text, { outcome: 'not-sent', messageId: id, attempts: 0, cause: why })
}

/** What a link threw, as an error of ours; a link that throws anything else may have written the message. */
export function failedAttempt(thrown: unknown, { message }: PendingSend, attempt: number): SendError {
  if (thrown instanceof SendError) return thrown
  const about = { outcome: 'unknown', messageId: message.id, attempts: attempt, cause: thrown } as const
  return new SendError('protocol', messageOf(thrown), about)
}

export function noRoom({ count, bytes }: PendingBuffer): UnderstudyError {
  const text = `${count} sends of ${bytes} bytes are unconfirmed; there is no room for more`
  return new UnderstudyError('pending-full', text)
}
