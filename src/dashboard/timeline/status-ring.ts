import type { Clock } from '../../clock.ts'
import type { LinkRole, StatusEvent } from '../../failover/status.ts'

/** One status event with its time, without what a page does not show. */
export interface WatchedEvent {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly type: StatusEvent['type']
  readonly role: LinkRole
  /** Without credentials; undefined where the event is about no one broker. */
  readonly endpoint: string | undefined
  /** The error, or the broker's own words; empty where there are none. */
  readonly why: string
  /** Of `resumed`: for how long no broker had served, in milliseconds. */
  readonly outageMs?: number
}

/** A connection, as far as its status goes. */
export interface Watched {
  /** Who serves each link just now; undefined where nobody does. */
  readonly links: Readonly<Record<LinkRole, string | undefined>>
  observe(observer: (event: StatusEvent) => void): () => void
}

const MOST_EVENTS = 2_000
/** What ends something that must not be cut off at the eldest end by a broker that nobody reaches for hours. */
const REPEATED: ReadonlySet<StatusEvent['type']> = new Set(['attempt-failed', 'reconnecting'])

/**
 * The latest status events of a connection, as many as are kept. Of attempts in a row that failed alike the latest is
 * kept alone, so that a night without a broker is some lines, not thousands; and the very first, which says since when
 * nobody serves where no loss does.
 */
export class StatusRing {
  readonly #clock: Clock
  readonly #events: WatchedEvent[] = []
  readonly #forget: () => void
  /** When it began to watch, in milliseconds since the epoch. */
  readonly since: number
  #version = 0

  constructor(connection: Watched, clock: Clock) {
    this.#clock = clock
    this.since = clock.wallTime()
    // What was up before counts as connected from here on.
    for (const role of ['producer', 'listener'] as const) {
      const endpoint = connection.links[role]
      if (endpoint !== undefined) this.#events.push({ at: this.since, type: 'connected', role, endpoint, why: '' })
    }
    this.#forget = connection.observe((event) => this.#take(event))
  }

  /** The eldest first. */
  get events(): readonly WatchedEvent[] {
    return this.#events
  }

  /** Another one after each event. */
  get version(): number {
    return this.#version
  }

  close(): void {
    this.#forget()
  }

  #take(event: StatusEvent): void {
    this.#version++
    const watched: WatchedEvent = {
      at: this.#clock.wallTime(),
      type: event.type,
      role: event.role,
      endpoint: 'endpoint' in event ? event.endpoint : undefined,
      why: 'error' in event ? event.error.message : 'reason' in event ? event.reason : '',
      ...(event.type === 'resumed' ? { outageMs: event.outageMs } : {}),
    }
    const alike = REPEATED.has(watched.type) ? this.#lastAlike(watched) : -1
    if (alike >= 0) this.#events.splice(alike, 1)
    this.#events.push(watched)
    if (this.#events.length > MOST_EVENTS) this.#events.shift()
  }

  /** Among those since the last event of another kind, as a pass over a list of brokers fails at each of them. */
  #lastAlike({ type, role, endpoint }: WatchedEvent): number {
    let alike = -1
    for (let index = this.#events.length - 1; index >= 0; index--) {
      const earlier = this.#events[index]
      if (earlier?.role !== role) continue
      if (alike >= 0) return alike
      if (!REPEATED.has(earlier.type)) return -1
      if (earlier.type === type && earlier.endpoint === endpoint) alike = index
    }
    return -1
  }
}
