import type { Clock } from '../../clock.ts'
import type { Connection } from '../../connection.ts'
import type { LinkRole, StatusEvent } from '../../failover/status.ts'

/**
 * How a link is.
 *
 * - `unused`: nothing was asked of it yet.
 * - `up`: a broker serves it.
 * - `blocked`: a broker serves it, and takes nothing for now.
 * - `down`: it was lost, and the list is being tried.
 * - `over`: no link will come any more.
 */
export type LinkCondition = 'unused' | 'up' | 'blocked' | 'down' | 'over'

/** One link of the connection. Times are milliseconds since the epoch. */
export interface WatchedLink {
  readonly role: LinkRole
  readonly condition: LinkCondition
  /** Who serves; undefined while nobody does. */
  readonly endpoint: string | undefined
  /** Who served before the present one, or before the loss; undefined where nobody did since the watch began. */
  readonly prior: string | undefined
  /** Since when it is so. */
  readonly since: number
  /** Whether it was so already when the watch began, and may have been for longer. */
  readonly isOlder: boolean
  /** Why it is down, over or blocked; undefined otherwise. */
  readonly reason: string | undefined
}

/** A link that came up again. Times are milliseconds. */
export interface Failover {
  readonly role: LinkRole
  /** When the link was up again, since the epoch. */
  readonly at: number
  readonly from: string | undefined
  readonly to: string
  /** Undefined for a planned switch to a preferred broker, which is no outage. */
  readonly outageMs: number | undefined
}

const MOST_FAILOVERS = 50
const LINK_ROLES: readonly LinkRole[] = ['producer', 'listener']

/** Watches which broker serves each link of a connection, and remembers its last failovers. */
export class BrokerWatch {
  readonly #clock: Clock
  readonly #links: Record<LinkRole, WatchedLink>
  readonly #failovers: Failover[] = []
  readonly #observers = new Set<(event: StatusEvent) => void>()
  readonly #forget: () => void

  constructor(connection: Pick<Connection, 'links' | 'observe'>, clock: Clock) {
    this.#clock = clock
    const up = connection.links
    const watched = (role: LinkRole): WatchedLink => ({
      role,
      condition: up[role] === undefined ? 'unused' : 'up',
      endpoint: up[role],
      prior: undefined,
      since: clock.wallTime(),
      isOlder: up[role] !== undefined,
      reason: undefined,
    })
    this.#links = { producer: watched('producer'), listener: watched('listener') }
    this.#forget = connection.observe((event) => this.#take(event))
  }

  /** Sends first. */
  get links(): readonly WatchedLink[] {
    return LINK_ROLES.map((role) => this.#links[role])
  }

  /** The latest first, at most 50. */
  get failovers(): readonly Failover[] {
    return this.#failovers
  }

  /** Calls `observer` after each change. Returns what ends that. */
  observe(observer: (event: StatusEvent) => void): () => void {
    this.#observers.add(observer)
    return () => this.#observers.delete(observer)
  }

  close(): void {
    this.#forget()
    this.#observers.clear()
  }

  #take(event: StatusEvent): void {
    const { role } = event
    const link = this.#links[role]
    switch (event.type) {
      case 'connected':
      case 'resumed':
        this.#up(link, event)
        break
      case 'interrupted':
        this.#become(link, {
          condition: 'down',
          endpoint: undefined,
          prior: event.endpoint,
          reason: event.error.message,
        })
        break
      case 'attempt-failed':
        // Before the first link nobody was lost, and it is down all the same.
        if (link.endpoint !== undefined) return
        this.#links[role] = { ...link, condition: 'down', reason: event.error.message }
        break
      case 'blocked':
        this.#become(link, { condition: 'blocked', reason: event.reason })
        break
      case 'unblocked':
        this.#become(link, { condition: 'up', reason: undefined })
        break
      case 'failed':
        // A listener of its own may fail while the link serves others.
        if (link.endpoint !== undefined) return
        this.#become(link, { condition: 'over', reason: event.error.message })
        break
      case 'closed':
        this.#become(link, { condition: 'over', endpoint: undefined, reason: 'the connection was closed' })
        break
      case 'reconnecting':
      case 'switching':
      case 'subscribed':
      case 'cancelled':
        return
    }
    for (const observer of this.#observers) observer(event)
  }

  #up(link: WatchedLink, event: StatusEvent & { readonly type: 'connected' | 'resumed' }): void {
    const from = link.endpoint ?? link.prior
    if (event.type === 'resumed') {
      this.#failovers.unshift({
        role: link.role,
        at: this.#clock.wallTime(),
        from,
        to: event.endpoint,
        // From one that serves it is switched; it may have been lost before the watch began.
        outageMs: link.endpoint === undefined ? event.outageMs : undefined,
      })
      this.#failovers.length = Math.min(this.#failovers.length, MOST_FAILOVERS)
    }
    this.#become(link, {
      condition: 'up',
      endpoint: event.endpoint,
      prior: from === event.endpoint ? link.prior : from,
      reason: undefined,
    })
  }

  #become(link: WatchedLink, change: Partial<WatchedLink>): void {
    this.#links[link.role] = { ...link, ...change, since: this.#clock.wallTime(), isOlder: false }
  }
}
