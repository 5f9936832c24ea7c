import type { SendError } from '../errors.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { OutgoingMessage } from '../transport/message.ts'
import { tellObserver } from '../tell-observer.ts'

/** How one attempt ended, as an observer sees it. */
export type AttemptEnd = 'confirmed' | 'rejected' | 'returned' | 'not-sent' | 'unknown'

/** Told of every attempt of every message: what a drill writes down. One that throws disturbs nobody. */
export interface ProducerObserver {
  /** `endpoint` is undefined when no broker was connected; such an attempt ends as `not-sent`. */
  attempt(message: OutgoingMessage, attempt: number, endpoint: RedactedEndpoint | undefined): void
  /** One attempt has ended; `attempt` counts from 1. */
  attemptEnded(message: OutgoingMessage, attempt: number, end: AttemptEnd): void
  /** There will be no other attempt, although none was confirmed. */
  gaveUp(message: OutgoingMessage): void
}

/** Told of every send as a whole too, its beginning and its end. */
export interface SendObserver extends ProducerObserver {
  /** Called before anything else is done with a message. Returns it as it shall travel, its id the same. */
  sending(message: OutgoingMessage): OutgoingMessage
  /**
   * Called once for every send, with the message as it travels. `durationMs` counts from the call of `send`;
   * `error` is what that call rejects with, undefined after a confirm.
   */
  sendEnded(message: OutgoingMessage, outcome: AttemptEnd, durationMs: number, error: SendError | undefined): void
}

/** All of them as one, told in their order; one that throws disturbs nobody. Undefined when there is none. */
export function joinObservers(
  observer: ProducerObserver | undefined,
  telemetry: readonly SendObserver[] = [],
): SendObserver | undefined {
  const all: readonly ProducerObserver[] = observer ? [observer, ...telemetry] : telemetry
  if (all.length === 0) return undefined
  return {
    sending(message) {
      let travels = message
      for (const each of telemetry) tellObserver(() => (travels = each.sending(travels)))
      return travels
    },
    attempt(message, attempt, endpoint) {
      for (const each of all) tellObserver(() => each.attempt(message, attempt, endpoint))
    },
    attemptEnded(message, attempt, end) {
      for (const each of all) tellObserver(() => each.attemptEnded(message, attempt, end))
    },
    gaveUp(message) {
      for (const each of all) tellObserver(() => each.gaveUp(message))
    },
    sendEnded(message, outcome, durationMs, error) {
      for (const each of telemetry) tellObserver(() => each.sendEnded(message, outcome, durationMs, error))
    },
  }
}
