import type { BrokerControl } from './broker-control.ts'

/** When a fault is healed at once, whatever the plan says. Times are milliseconds. */
export interface AbortConditions {
  /** No job was confirmed for so long. Defaults to no such condition. */
  readonly outageMs?: number
  /** So many jobs failed after the fault. Defaults to no such condition. */
  readonly failedJobs?: number
}

/** What one drill does. Times are milliseconds. */
export interface DrillPlan {
  /** The name of one of the control's faults. Defaults to `kill`. */
  readonly fault: string
  /** From one job to the next. Defaults to 50. */
  readonly everyMs: number
  /** Where the jobs go. Defaults to `queue://understudy.drill`. */
  readonly destination: string
  /** Decides the phase, and with it when the fault comes. Defaults to a random one, which is reported. */
  readonly seed: number
  /** How long a fault lasts that is healed after a while, not after recovery: a pause, a home node's absence. Defaults to {@link holdFor}. */
  readonly holdMs: number
  /** For how long all must flow before the fault. Defaults to 1,000. */
  readonly steadyMs?: number
  /** Defaults to none. */
  readonly abort?: AbortConditions
  /** For how long errors, latency and backlog must be back in bounds to call it recovered. Defaults to 10,000. */
  readonly windowMs: number
  /** Options of the failover URI that the drill's client runs with, beside the drill's own. */
  readonly clientOptions: Readonly<Record<string, string>>
  /** How many unsettled deliveries the listener may hold. Defaults to 100. */
  readonly prefetch: number
}

export const DRILL_DEFAULTS = {
  fault: 'kill',
  everyMs: 50,
  destination: 'queue://understudy.drill',
  holdMs: 8000,
  steadyMs: 1000,
  windowMs: 10_000,
  prefetch: 100,
} as const

/**
 * What the drill's client runs with unless told otherwise: the list in its order, so that a run can be
 * repeated, and a silent broker noticed within 3 s.
 */
export const DRILL_CLIENT_OPTIONS: Readonly<Record<string, string>> = {
  randomize: 'false',
  heartbeat: '1000',
  connectTimeout: '1000',
}

// So that a broker that is only paused is found silent, and replaced where that can be, before it goes on.
const HOLD_PAST_TAKEOVER_MS = 2000

/** How long a fault is held unless told otherwise: past the longest takeover of these brokers, 8 s at least. */
export function holdFor({ slowestTakeoverMs }: Pick<BrokerControl, 'slowestTakeoverMs'>): number {
  return Math.max(DRILL_DEFAULTS.holdMs, slowestTakeoverMs + HOLD_PAST_TAKEOVER_MS)
}
