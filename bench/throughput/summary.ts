import type { ClientName } from '../peers/clients.ts'
import { median } from '../percentile.ts'

/** One client's part of one round. */
export interface Sample {
  readonly client: ClientName
  readonly round: number
  /** Messages that were confirmed, acknowledged or answered. */
  readonly count: number
  readonly perSecond: number
  /** CPU time of the client's process for each, in microseconds. */
  readonly cpuUs: number
  /** The middle round trip, and the one that 99 of 100 do not exceed, in milliseconds; requests alone. */
  readonly roundTripMs: number | undefined
  readonly roundTripP99Ms: number | undefined
}

/** One client over all rounds: medians, and the range of its speed. */
export interface ClientSummary extends Omit<Sample, 'round' | 'count'> {
  readonly rounds: number
  readonly messages: number
  readonly slowest: number
  readonly fastest: number
  /**
   * The median over the rounds of its speed by the bare driver's in the same round: what slows the machine
   * down for a while slows both down.
   */
  readonly toRaw: number | undefined
  /** The lowest and highest of these ratios. */
  readonly toRawRange: readonly [number, number] | undefined
}

/** One summary for each of these clients, in their order; none for one without a round. */
export function summarize(
  samples: readonly Sample[],
  clients: readonly ClientName[],
  raw: ClientName,
): ClientSummary[] {
  return clients.flatMap((client) => {
    const own = samples.filter((sample) => sample.client === client)
    if (own.length === 0) return []
    const speeds = own.map(({ perSecond }) => perSecond)
    const ratios = ratiosTo(samples, client, raw)
    return {
      client,
      rounds: own.length,
      messages: own.reduce((sum, { count }) => sum + count, 0),
      perSecond: median(speeds) ?? Number.NaN,
      slowest: Math.min(...speeds),
      fastest: Math.max(...speeds),
      cpuUs: median(own.map(({ cpuUs }) => cpuUs)) ?? Number.NaN,
      roundTripMs: median(own.flatMap(({ roundTripMs }) => roundTripMs ?? [])),
      roundTripP99Ms: median(own.flatMap(({ roundTripP99Ms }) => roundTripP99Ms ?? [])),
      toRaw: median(ratios),
      toRawRange: ratios.length === 0 ? undefined : [Math.min(...ratios), Math.max(...ratios)],
    }
  })
}

/** One client's speed by another one's in each round that has both. */
export function ratiosTo(samples: readonly Sample[], client: ClientName, other: ClientName): number[] {
  const speedOf = (name: ClientName, round: number): number | undefined =>
    samples.find((sample) => sample.client === name && sample.round === round)?.perSecond
  const rounds = [...new Set(samples.map(({ round }) => round))]
  return rounds.flatMap((round) => {
    const own = speedOf(client, round)
    const others = speedOf(other, round)
    return own === undefined || others === undefined || others === 0 ? [] : [own / others]
  })
}
