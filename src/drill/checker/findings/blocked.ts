import type { Timeline } from '../timeline.ts'

/** A time in which the broker read nothing from the producer, and told so. */
export interface Blocked {
  readonly forNs: number
  /** The broker's own words. */
  readonly reason: string | null
  /** Whether it read on, rather than that the connection or the history ended first. */
  readonly ended: boolean
}

/** The longest of them; undefined when the producer was never blocked. */
export function longestBlocked({ connections, drain, lastNs }: Timeline): Blocked | undefined {
  let longest: Blocked | undefined
  let since: { readonly t: number; readonly reason: string | null } | undefined
  const end = (atNs: number, ended: boolean): void => {
    if (since && (!longest || atNs - since.t > longest.forNs)) {
      longest = { forNs: Math.max(0, atNs - since.t), reason: since.reason, ended }
    }
    since = undefined
  }
  for (const { client, state, t, reason } of connections) {
    if (client !== 'producer') continue
    if (state === 'blocked') since ??= { t, reason }
    else if (state !== 'attempt-failed') end(t, state === 'unblocked')
  }
  end(drain?.t ?? lastNs, false)
  return longest
}
