import { UnderstudyError } from '../../src/errors.ts'
import { type Crew, startCrew } from './crew.ts'
import type { Peer, PeerName } from './peers.ts'
import type { ProgramSettings } from './programs/program.ts'
import type { Row } from './rows.ts'

/** What one peer needed for one row in one round. */
export interface Sample {
  readonly row: string
  readonly peer: PeerName
  /** From 1. */
  readonly round: number
  readonly jobs: number
  readonly sentS: number
  readonly doneS: number
}

export interface RoundsPlan {
  readonly rows: readonly Row[]
  readonly peers: readonly Peer[]
  readonly rounds: number
  readonly amqp: string
  readonly redis: string
  readonly signal: AbortSignal
  readonly onSample: (sample: Sample) => void
}

/** Row by row; within a row every peer does the same work in every round: A B C, B C A, … */
export async function runRounds(plan: RoundsPlan): Promise<Sample[]> {
  const { peers, rounds, signal, onSample } = plan
  const samples: Sample[] = []
  for (const row of plan.rows) {
    const crews = new Map<PeerName, Crew>()
    try {
      for (const peer of peers) {
        const warmUp = { jobs: row.ms > 0 ? row.workers : peer.warmUpJobs, ms: row.ms }
        crews.set(peer.name, await startCrew(peer, row.workers, settingsFor(peer, row, plan), warmUp, signal))
      }
      for (let round = 1; round <= rounds; round++) {
        for (let turn = 0; turn < peers.length; turn++) {
          if (signal.aborted) throw new UnderstudyError('aborted', 'interrupted')
          const peer = peers[(turn + round) % peers.length]?.name
          const crew = peer && crews.get(peer)
          if (!crew) continue
          const jobs = row.fewerJobs?.[peer] ?? row.jobs
          const sample = { row: row.name, peer, round, jobs, ...(await crew.order({ jobs, ms: row.ms })) }
          samples.push(sample)
          onSample(sample)
        }
      }
    } finally {
      await Promise.all([...crews.values()].map(async (crew) => await crew.stop()))
    }
  }
  return samples
}

function settingsFor({ name }: Peer, row: Row, { amqp, redis }: RoundsPlan): ProgramSettings {
  const { concurrency, prefetch, results } = row
  return { amqp, redis, queue: `bench-${row.name}-${name}`, concurrency, prefetch, results }
}
