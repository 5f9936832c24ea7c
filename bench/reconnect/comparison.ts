import type { KillTrial } from './kill-trial.ts'
import type { Reconnect } from './measure.ts'
import type { PeerName } from './peer-process.ts'
import { median } from '../percentile.ts'

/** The most that our first confirm may come after the bare socket's, in milliseconds. */
const MOST_AFTER_BARE_MS = 30

export interface Claim {
  readonly text: string
  /** Undefined where a peer was skipped: nothing can be said. */
  readonly holds: boolean | undefined
  /** The median difference in milliseconds. */
  readonly medianMs: number | undefined
  /** In how many kills it held, where the peers shared them. */
  readonly heldIn: number | undefined
}

/** A peer's medians over all of its kills. */
export interface Medians extends Partial<Reconnect> {
  readonly listeningMs?: number | undefined
  /** From the standby's listening to the first confirm. */
  readonly sinceListeningMs?: number | undefined
}

export interface Comparison {
  readonly medians: Partial<Record<PeerName, Medians>>
  readonly claims: readonly Claim[]
}

/**
 * The medians of every peer and what they say about the claims. Peers that shared a kill are compared
 * within it, and the median of the differences counts. Those with kills of their own are compared by their
 * medians since the standby listened: until then nobody could do anything, and it differs from kill to kill.
 */
export function compare(trials: readonly KillTrial[]): Comparison {
  const medians: Partial<Record<PeerName, Medians>> = {}
  for (const name of ['bare', 'ours', 'java'] as const) {
    const own = trials.filter(({ peers }) => peers[name] !== undefined)
    if (own.length > 0) medians[name] = mediansOf(own, name)
  }
  const bare = differences(trials, medians, 'ours', 'bare')
  const java = differences(trials, medians, 'java', 'ours')
  return {
    medians,
    claims: [
      claim(`first confirm at most ${MOST_AFTER_BARE_MS} ms after the bare socket's`, bare, (ms) => {
        return ms <= MOST_AFTER_BARE_MS
      }),
      claim("first confirm before the Java failover client's", java, (ms) => ms > 0),
    ],
  }
}

interface Differences {
  readonly each: readonly number[]
  readonly medianMs: number | undefined
}

function differences(
  trials: readonly KillTrial[],
  medians: Comparison['medians'],
  later: PeerName,
  earlier: PeerName,
): Differences {
  const each = trials.flatMap(({ peers }) => {
    const one = peers[later]
    const other = peers[earlier]
    return one && other ? [one.firstConfirmMs - other.firstConfirmMs] : []
  })
  if (each.length > 0) return { each, medianMs: median(each) }
  const one = medians[later]?.sinceListeningMs
  const other = medians[earlier]?.sinceListeningMs
  return { each, medianMs: one === undefined || other === undefined ? undefined : one - other }
}

function claim(text: string, { each, medianMs }: Differences, within: (ms: number) => boolean): Claim {
  return {
    text,
    holds: medianMs === undefined ? undefined : within(medianMs),
    medianMs,
    heldIn: each.length === 0 ? undefined : each.filter(within).length,
  }
}

const FIELDS = ['lastConfirmMs', 'lostMs', 'openMs', 'connectedMs', 'firstConfirmMs', 'gapMs', 'dials'] as const

function mediansOf(trials: readonly KillTrial[], name: PeerName): Medians {
  const own = trials.flatMap(({ peers }) => peers[name] ?? [])
  return {
    ...Object.fromEntries(FIELDS.map((field) => [field, median(own.flatMap((reconnect) => reconnect[field] ?? []))])),
    listeningMs: median(trials.map(({ listeningMs }) => listeningMs)),
    sinceListeningMs: median(
      trials.flatMap(({ peers, listeningMs }) => (peers[name]?.firstConfirmMs ?? Number.NaN) - listeningMs),
    ),
  }
}
