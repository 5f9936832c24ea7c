import type { UnderstudyError } from '../errors.ts'
import type { RedactedEndpoint } from '../transport/endpoint.ts'
import { tellObserver } from '../tell-observer.ts'

/** Which of a connection's two links an event is about: sends and deliveries never share one. */
export type LinkRole = 'producer' | 'listener'

/** What a connection tells of itself. Times are milliseconds. */
export type StatusEvent =
  /** The first link is up. */
  | {
      readonly type: 'connected'
      readonly role: LinkRole
      readonly endpoint: RedactedEndpoint
      readonly afterMs: number
    }
  /** An established link was lost; the list is tried from now on. */
  | {
      readonly type: 'interrupted'
      readonly role: LinkRole
      readonly endpoint: RedactedEndpoint
      readonly error: UnderstudyError
    }
  /** One endpoint did not connect. */
  | {
      readonly type: 'attempt-failed'
      readonly role: LinkRole
      readonly endpoint: RedactedEndpoint
      readonly error: UnderstudyError
    }
  /** A whole pass over the list failed; the next one starts after `delayMs`. */
  | { readonly type: 'reconnecting'; readonly role: LinkRole; readonly passes: number; readonly delayMs: number }
  /** A link is up again; what was unconfirmed is being sent again, what was subscribed is subscribed again. */
  | {
      readonly type: 'resumed'
      readonly role: LinkRole
      readonly endpoint: RedactedEndpoint
      readonly outageMs: number
      readonly passes: number
    }
  /** A preferred broker answers again; work on the present link is being finished before the switch. */
  | { readonly type: 'switching'; readonly role: LinkRole; readonly endpoint: RedactedEndpoint }
  /** The broker has accepted a listener's subscription, the first time or again. */
  | {
      readonly type: 'subscribed'
      readonly role: LinkRole
      readonly endpoint: RedactedEndpoint
      readonly destination: string
    }
  /** The broker ended a subscription while the link lives on; the listener subscribes again. */
  | {
      readonly type: 'cancelled'
      readonly role: LinkRole
      readonly endpoint: RedactedEndpoint
      readonly destination: string
      readonly error: UnderstudyError
    }
  /** The broker reads nothing more from this link until it has room; sends wait. */
  | {
      readonly type: 'blocked'
      readonly role: LinkRole
      readonly endpoint: RedactedEndpoint
      readonly reason: string
    }
  /** The broker reads on. */
  | { readonly type: 'unblocked'; readonly role: LinkRole; readonly endpoint: RedactedEndpoint }
  /** No link will come any more: a fatal error, or the reconnect limit. Reported once. */
  | { readonly type: 'failed'; readonly role: LinkRole; readonly error: UnderstudyError }
  /** Closed by its owner. */
  | { readonly type: 'closed'; readonly role: LinkRole }

// A reader that falls this far behind loses the eldest events; it is never allowed to grow the heap.
const MOST_UNREAD = 1024

/** Hands status events to observers and to async iterators. An observer that throws disturbs nobody. */
export class StatusBroadcast {
  readonly #observers = new Set<(event: StatusEvent) => void>()
  readonly #readers = new Set<StatusReader>()
  #ended = false

  publish(event: StatusEvent): void {
    for (const observer of this.#observers) tellObserver(() => observer(event))
    for (const reader of this.#readers) reader.push(event)
  }

  /** Calls `observer` for every event from now on. Returns what ends that. */
  observe(observer: (event: StatusEvent) => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  /** Every event from now on, until the connection closes. */
  events(): AsyncIterableIterator<StatusEvent> {
    const reader = new StatusReader((done) => this.#readers.delete(done))
    if (this.#ended) reader.end()
    else this.#readers.add(reader)
    return reader
  }

  end(): void {
    this.#ended = true
    for (const reader of this.#readers) reader.end()
    this.#readers.clear()
    this.#observers.clear()
  }
}

class StatusReader implements AsyncIterableIterator<StatusEvent> {
  readonly #unread: StatusEvent[] = []
  readonly #waiting: ((result: IteratorResult<StatusEvent>) => void)[] = []
  readonly #onReturn: (reader: StatusReader) => void
  #ended = false

  constructor(onReturn: (reader: StatusReader) => void) {
    this.#onReturn = onReturn
  }

  push(event: StatusEvent): void {
    const waiting = this.#waiting.shift()
    if (waiting) {
      waiting({ done: false, value: event })
      return
    }
    if (this.#unread.length === MOST_UNREAD) this.#unread.shift()
    this.#unread.push(event)
  }

  end(): void {
    this.#ended = true
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<StatusEvent>> {
    const value = this.#unread.shift()
    if (value) return Promise.resolve({ done: false, value })
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  return(): Promise<IteratorResult<StatusEvent>> {
    this.end()
    this.#unread.length = 0
    this.#onReturn(this)
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<StatusEvent> {
    return this
  }
}
