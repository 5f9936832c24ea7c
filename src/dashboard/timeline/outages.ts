import type { LinkRole } from '../../failover/status.ts'
import type { WatchedEvent } from './status-ring.ts'

/** A time in which a link was away. Times are milliseconds since the epoch. */
export interface Outage {
  readonly role: LinkRole
  readonly from: number
  /** Undefined while it goes on. */
  readonly until: number | undefined
  /** Who was lost; undefined where no broker had been connected before, or it is not known. */
  readonly lost: string | undefined
  /** Who served afterwards. */
  readonly back: string | undefined
  /** What was seen first of it. */
  readonly why: string
  /**
   * `switch`: on purpose, as a preferred broker was there again, which takes no time. `start`: until the first broker
   * served at all; while that goes on it is an `outage`, as nobody knows yet.
   */
  readonly kind: 'outage' | 'switch' | 'start'
}

/** A time in which one broker served a link. `until` is undefined while it does. */
export interface Service {
  readonly role: LinkRole
  readonly endpoint: string
  readonly from: number
  readonly until: number | undefined
}

export interface LinkStory {
  readonly outages: readonly Outage[]
  readonly services: readonly Service[]
}

/** What the events of one link come to, the eldest first. The events are in their order. */
export function storyOf(events: readonly WatchedEvent[], role: LinkRole): LinkStory {
  const outages: Outage[] = []
  const services: Service[] = []
  let away: Outage | undefined
  let serving: Service | undefined
  const endService = (at: number): void => {
    if (serving) services.push({ ...serving, until: at })
    serving = undefined
  }
  for (const { at, type, role: whose, endpoint, why, outageMs } of events) {
    if (whose !== role) continue
    switch (type) {
      case 'interrupted':
        endService(at)
        away ??= { role, from: at, until: undefined, lost: endpoint, back: undefined, why, kind: 'outage' }
        break
      case 'attempt-failed':
      case 'reconnecting':
        // Where the first events were forgotten, or nothing was connected yet.
        if (!serving)
          away ??= { role, from: at, until: undefined, lost: undefined, back: undefined, why, kind: 'outage' }
        break
      case 'connected':
      case 'resumed':
        // It is `resumed` whenever a broker had served before.
        if (away) outages.push({ ...away, until: at, back: endpoint, kind: type === 'connected' ? 'start' : 'outage' })
        else if (serving && type === 'resumed')
          outages.push({ role, from: at, until: at, lost: serving.endpoint, back: endpoint, why: '', kind: 'switch' })
        // It was lost before the first event that is known.
        else if (outageMs !== undefined && outageMs > 0)
          outages.push({ role, from: at - outageMs, until: at, lost: undefined, back: endpoint, why, kind: 'outage' })
        away = undefined
        endService(at)
        if (endpoint !== undefined) serving = { role, endpoint, from: at, until: undefined }
        break
      case 'failed':
        endService(at)
        away ??= { role, from: at, until: undefined, lost: endpoint, back: undefined, why, kind: 'outage' }
        break
      case 'closed':
        endService(at)
        if (away) outages.push({ ...away, until: at })
        away = undefined
        break
      case 'switching':
      case 'subscribed':
      case 'cancelled':
      case 'blocked':
      case 'unblocked':
        break
    }
  }
  if (away) outages.push(away)
  if (serving) services.push(serving)
  return { outages, services }
}
