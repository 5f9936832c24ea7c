import type { RedactedEndpoint } from '../transport/endpoint.ts'
import type { OutgoingMessage } from '../transport/message.ts'

/** How one attempt ended, as an observer sees it. */
export type AttemptEnd = 'confirmed' | 'rejected' | 'returned' | 'not-sent' | 'unknown'

/** Told of every attempt of every message: what a drill writes down. One that throws disturbs nobody. */
export interface ProducerObserver {
  /** `endpoint` is undefined when no broker was connected; such an attempt ends as `not-sent`. */
  attempt(message: OutgoingMessage, attempt: number, endpoint: RedactedEndpoint | undefined): void
  attemptEnded(message: OutgoingMessage, attempt: number, end: AttemptEnd): void
  gaveUp(message: OutgoingMessage): void
}

/** The same observer, except that one that throws disturbs nobody. */
export function patientObserver(observer: ProducerObserver): ProducerObserver {
  const tell = (say: () => void): void => {
    try {
      say()
    } catch {
      // Its owner's trouble: the send must go on.
    }
  }
  return {
    attempt: (message, attempt, endpoint) => tell(() => observer.attempt(message, attempt, endpoint)),
    attemptEnded: (message, attempt, end) => tell(() => observer.attemptEnded(message, attempt, end)),
    gaveUp: (message) => tell(() => observer.gaveUp(message)),
  }
}
