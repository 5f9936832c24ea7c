import type { Failover } from './broker-watch.ts'
import { ROLE_NAMES } from './role-names.ts'

/** A failover of one link, or of both. */
export interface ToldFailover extends Failover {
  readonly link: string
}

const BOTH = 'Both'
const TOGETHER_MS = 5000

/** Both links of a connection are lost and found together as a rule: then they are told as one, with the longer outage. */
export function together(failovers: readonly Failover[]): readonly ToldFailover[] {
  const told: { -readonly [Key in keyof ToldFailover]: ToldFailover[Key] }[] = []
  for (const failover of failovers) {
    const last = told.at(-1)
    const isSame =
      last !== undefined &&
      last.link !== BOTH &&
      last.role !== failover.role &&
      last.from === failover.from &&
      last.to === failover.to &&
      Math.abs(last.at - failover.at) < TOGETHER_MS
    if (isSame) Object.assign(last, { link: BOTH, outageMs: longer(last.outageMs, failover.outageMs) })
    else told.push({ ...failover, link: ROLE_NAMES[failover.role] })
  }
  return told
}

function longer(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.max(one, other ?? 0)
}
