import type { ErrorCode } from '../../../errors.ts'
import type { FaultTime } from '../fault-time.ts'
import { isEntrance } from '../target.ts'
import type { Timeline } from '../timeline.ts'

/** What a client met that dialled: a timeout is a hang, since somebody ought to have answered. */
export type DialEnd = 'refusal' | 'timeout' | 'reset' | 'unreachable'

/** What the drill's own client met of the fault, producer and listener together. */
export interface ClientAnswers {
  /** The endpoint that it dialled; null when it dialled more than one of interest. */
  readonly endpoint: string | null
  readonly dials: Readonly<Record<DialEnd, number>>
  /** From the fault until a connection was first given up for its silence; null when none was. */
  readonly silentForNs: number | null
}

const ENDS: Readonly<Partial<Record<ErrorCode, DialEnd>>> = {
  refused: 'refusal',
  'dial-timeout': 'timeout',
  'handshake-timeout': 'timeout',
  'link-lost': 'reset',
  unreachable: 'unreachable',
  'unknown-host': 'unreachable',
}

// An established connection on which nothing came any more.
const SILENCES: readonly string[] = ['heartbeat-lost', 'confirm-timeout'] satisfies ErrorCode[]

/**
 * How the client's dials of the broker that was hurt ended from the fault until the drain, and whether a connection to
 * it went silent. Other brokers do not count, as one that stands by refuses everybody; through entrances it is
 * whatever was dialled.
 */
export function clientAnswers(timeline: Timeline, fault: FaultTime): ClientAnswers {
  const dials = { refusal: 0, timeout: 0, reset: 0, unreachable: 0 }
  const untilNs = timeline.drain?.t ?? Number.POSITIVE_INFINITY
  const entrances = timeline.run.entrances ?? []
  const throughEntrances = entrances.length > 0
  let silentForNs: number | null = null
  for (const { state, endpoint, reason, t } of timeline.connections) {
    if (t < fault.orderedNs || t > untilNs || reason === null) continue
    const concerned = throughEntrances ? isEntrance(timeline, endpoint) : endpoint === fault.leftEndpoint
    if (!concerned) continue
    if (state === 'interrupted' && SILENCES.includes(reason)) silentForNs ??= Math.max(0, t - fault.effectiveNs)
    const end = state === 'attempt-failed' ? endOf(reason) : undefined
    if (end) dials[end]++
  }
  const only = entrances.length === 1 ? (entrances[0]?.endpoint ?? null) : null
  return { endpoint: throughEntrances ? only : fault.leftEndpoint, dials, silentForNs }
}

function endOf(reason: string): DialEnd | undefined {
  return Object.hasOwn(ENDS, reason) ? ENDS[reason as ErrorCode] : undefined
}
