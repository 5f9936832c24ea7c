import type { Claim } from '../claim.ts'
import { columns, whole } from '../throughput/table.ts'
import type { Peer, PeerName } from './peers.ts'
import type { Sample } from './rounds.ts'
import type { Row } from './rows.ts'
import { median } from '../percentile.ts'

/** The medians of one peer in one row. */
export interface Summary {
  readonly row: string
  readonly peer: PeerName
  readonly jobs: number
  readonly sentS: number
  readonly doneS: number
  readonly bestS: number
  readonly worstS: number
  readonly perSecond: number
}

export function summarize(rows: readonly Row[], peers: readonly Peer[], samples: readonly Sample[]): Summary[] {
  return rows.flatMap((row) =>
    peers.flatMap(({ name }) => {
      const of = samples.filter((sample) => sample.row === row.name && sample.peer === name)
      const times = of.map(({ doneS }) => doneS)
      const doneS = median(times)
      const [first] = of
      if (doneS === undefined || first === undefined) return []
      const { jobs } = first
      return {
        row: row.name,
        peer: name,
        jobs,
        sentS: median(of.map(({ sentS }) => sentS)) ?? doneS,
        doneS,
        bestS: Math.min(...times),
        worstS: Math.max(...times),
        perSecond: jobs / doneS,
      }
    }),
  )
}

/** What the medians say of each row's bounds, and of ours beside Celery. */
export function judge(rows: readonly Row[], summaries: readonly Summary[]): Claim[] {
  return rows.flatMap((row) => {
    const of = (peer: PeerName): Summary | undefined =>
      summaries.find((summary) => summary.row === row.name && summary.peer === peer)
    const [ours, celery] = [of('understudy'), of('celery')]
    const claims: Claim[] = []
    if (row.withinS !== undefined)
      claims.push({
        text: `${row.title}: within ${row.withinS} s`,
        holds: ours && ours.doneS <= row.withinS,
        found: ours ? seconds(ours.doneS) : 'not measured',
      })
    if (row.perSecond !== undefined)
      claims.push({
        text: `${row.title}: at least ${whole(row.perSecond)} a second`,
        holds: ours && ours.perSecond >= row.perSecond,
        found: ours ? `${whole(ours.perSecond)} a second` : 'not measured',
      })
    claims.push({
      text: `${row.title}: ahead of Celery`,
      holds: ours && celery && ours.perSecond > celery.perSecond,
      found: celery ? `Celery ${seconds(celery.doneS)}, ${whole(celery.perSecond)} a second` : 'Celery is not here',
    })
    return claims
  })
}

export function summaryText(rows: readonly Row[], summaries: readonly Summary[]): string {
  return rows
    .map((row) => {
      const lines = summaries
        .filter((summary) => summary.row === row.name)
        .map(({ peer, jobs, sentS, doneS, bestS, worstS, perSecond }) =>
          [peer, whole(jobs)].concat([sentS, doneS, bestS, worstS].map(seconds), whole(perSecond)),
        )
      return `${row.title}\n${columns([['', 'jobs', 'sent', 'done', 'best', 'worst', 'jobs/s'], ...lines])}`
    })
    .join('\n')
}

function seconds(value: number): string {
  return `${value.toFixed(value < 1 ? 3 : 2)} s`
}
