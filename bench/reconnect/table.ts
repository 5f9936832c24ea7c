import type { Claim, Comparison, Medians } from './comparison.ts'
import type { KillTrial } from './kill-trial.ts'
import type { PeerName } from './peer-process.ts'

const NAMES: Readonly<Record<PeerName, string>> = { bare: 'bare socket', ours: 'understudy', java: 'Java failover' }

// Past it the standby was not waiting in the database at the kill, but asleep between two tries.
const ASLEEP_FROM_MS = 2000

const HEADER = [
  'kill',
  'client',
  'standby listens',
  'lost',
  'port open',
  'CONNECTED',
  'first confirm',
  'since listening',
  'gap',
  'dials',
  '- bare',
  '- ours',
]

/** The times of every kill and the medians, in milliseconds after the kill. */
export function tableText(trials: readonly KillTrial[], { medians }: Comparison): string {
  const rows = trials.flatMap(({ trial, node, listeningMs, peers }) => {
    const entries = Object.entries(peers).map(([name, peer]) => {
      return [name, { ...peer, listeningMs, sinceListeningMs: peer.firstConfirmMs - listeningMs }] as const
    })
    return peerRows(Object.fromEntries(entries), `${trial} (${node}, standby ${kindOf(listeningMs)})`)
  })
  return columns([HEADER, ...rows, ...peerRows(medians, 'median')])
}

/** What became of a claim, in one line. */
export function claimText({ text, holds, medianMs, heldIn }: Claim, trials: number): string {
  if (holds === undefined) return `not judged: ${text}`
  const inKills = heldIn === undefined ? '' : `, in ${heldIn} of ${trials} kills`
  return `${holds ? 'holds' : 'FAILS'}: ${text} (median difference ${number(medianMs)} ms${inKills})`
}

function peerRows(peers: Partial<Record<PeerName, Medians>>, title: string): string[][] {
  const names = (['bare', 'ours', 'java'] as const).filter((name) => peers[name] !== undefined)
  return names.map((name, index) => {
    const peer = peers[name] ?? {}
    const behind = (other: PeerName): string => {
      const one = peer.sinceListeningMs
      const two = peers[other]?.sinceListeningMs
      return name === other || one === undefined || two === undefined ? '' : number(one - two)
    }
    const { listeningMs, lostMs, openMs, connectedMs, firstConfirmMs, sinceListeningMs, gapMs, dials } = peer
    const times = [listeningMs, lostMs, openMs, connectedMs, firstConfirmMs, sinceListeningMs, gapMs].map(number)
    const heading = [index === 0 ? title : '', NAMES[name]]
    return heading.concat(times, dials?.toString() ?? '', behind('bare'), behind('ours'))
  })
}

function kindOf(listeningMs: number): string {
  return listeningMs >= ASLEEP_FROM_MS ? 'asleep' : 'waiting'
}

function number(ms: number | undefined): string {
  return ms === undefined ? '' : ms.toFixed(1)
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0
        return column < 2 ? cell.padEnd(width) : cell.padStart(width)
      })
      return `${cells.join('  ').trimEnd()}\n`
    })
    .join('')
}
