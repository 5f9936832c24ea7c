import type { PeerEvent } from '../peers/peer.ts'

/** One peer's way through one takeover. Times are milliseconds after the kill. */
export interface Reconnect {
  /** The last confirm through the broker that was killed; below 0, or just after the kill. */
  readonly lastConfirmMs: number
  /** When it knew that the connection was gone. */
  readonly lostMs: number | undefined
  /** The TCP connection to the standby; undefined for a peer that cannot see it. */
  readonly openMs: number | undefined
  /** The standby's greeting. */
  readonly connectedMs: number | undefined
  /** The first confirm through the standby: the end of the outage for this peer. */
  readonly firstConfirmMs: number
  /** The silence between the two confirms. */
  readonly gapMs: number
  /** How many sockets it took; undefined for a peer that cannot tell. */
  readonly dials: number | undefined
}

/** What a peer's events say about a kill; undefined while it has not confirmed anything on another link. */
export function reconnectOf(events: readonly PeerEvent[], killedAt: number): Reconnect | undefined {
  const confirms = events.filter(({ event }) => event === 'confirm')
  const before = confirms.findLast(({ at }) => at <= killedAt)
  const first = confirms.find(({ at, link }) => at > killedAt && link !== before?.link)
  if (before === undefined || first === undefined) return undefined
  // A confirm that was on its way at the kill still belongs to the old link.
  const last = confirms.findLast(({ link }) => link === before.link) ?? before
  const after = (event: PeerEvent['event'], link: number): PeerEvent | undefined =>
    events.findLast((one) => one.event === event && one.link === link && one.at > killedAt && one.at <= first.at)
  // The last one: a dying broker's port may take one more connection, and then reset it.
  const open = after('open', first.link)
  const since = (event: PeerEvent | undefined): number | undefined => (event ? event.at - killedAt : undefined)
  return {
    lastConfirmMs: last.at - killedAt,
    lostMs: since(after('lost', before.link)),
    openMs: since(open),
    connectedMs: since(after('connected', first.link)),
    firstConfirmMs: first.at - killedAt,
    gapMs: first.at - last.at,
    dials: open?.dials,
  }
}
