import type { Claim } from './claims.ts'
import type { ClientSummary } from './summary.ts'

const HEADER = ['client', 'messages/s', 'slowest', 'fastest', 'of raw', 'range', 'CPU us each', 'messages']
const ROUND_TRIPS = ['median ms', 'p99 ms']

/** Medians of every client, one line each. */
export function summaryText(summaries: readonly ClientSummary[]): string {
  const timed = summaries.some(({ roundTripMs }) => roundTripMs !== undefined)
  const rows = summaries.map((summary) => {
    const { client, perSecond, slowest, fastest, toRaw, toRawRange, cpuUs, messages } = summary
    return [
      client,
      whole(perSecond),
      whole(slowest),
      whole(fastest),
      ratio(toRaw),
      toRawRange === undefined ? '' : toRawRange.map(ratio).join('–'),
      cpuUs.toFixed(1),
      whole(messages),
      ...(timed ? [milliseconds(summary.roundTripMs), milliseconds(summary.roundTripP99Ms)] : []),
    ]
  })
  return columns([[...HEADER, ...(timed ? ROUND_TRIPS : [])], ...rows])
}

/** What became of a claim, in one line. */
export function claimText({ text, holds, ratio: measured, heldIn, rounds }: Claim): string {
  if (holds === undefined) return `not judged: ${text}`
  return `${holds ? 'holds' : 'FAILS'}: ${text} (median ${ratio(measured)}, in ${heldIn} of ${rounds} rounds)`
}

/** Rows under each other: the first column to the left, the rest to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      return `${cells.join('  ').trimEnd()}\n`
    })
    .join('')
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function ratio(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(2)
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(2)
}
