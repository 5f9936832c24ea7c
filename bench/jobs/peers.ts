import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type PeerName = 'understudy' | 'celery' | 'bullmq'

/** A job system as a client and as a worker, each a program of its own. */
export interface Peer {
  readonly name: PeerName
  /** Such as `Celery 5.2.6`. */
  readonly product: string
  /** Over RabbitMQ with results in Redis, or over Redis alone. */
  readonly over: string
  /** Empty jobs before the first round: programs that have been running for a while are compared, not their start. */
  readonly warmUpJobs: number
  readonly client: readonly string[]
  readonly worker: readonly string[]
}

/** A peer, or why it is not here. */
export type Found = Peer | { readonly name: PeerName; readonly missing: string }

const PYTHONS = ['python3', '/usr/bin/python3']
const OURS = 'RabbitMQ, results in Redis'

/** All of them, ours first. `profiles` is where those on Node leave CPU profiles. */
export function findPeers(profiles?: string): Found[] {
  return [
    node('understudy', 'Understudy', OURS, profiles),
    celery(),
    isThere('bullmq')
      ? node('bullmq', 'BullMQ', 'Redis', profiles)
      : { name: 'bullmq', missing: 'BullMQ is not installed; run `npm ci`' },
  ]
}

function node(name: PeerName, product: string, over: string, profiles: string | undefined): Peer {
  const profiling = (role: string): string[] =>
    profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profiles, `${name}-${role}`)}`]
  const program = (role: string): string[] => [
    process.execPath,
    ...profiling(role),
    place(`programs/${name}-${role}.ts`),
  ]
  return { name, product, over, warmUpJobs: 3000, client: program('client'), worker: program('worker') }
}

function celery(): Found {
  for (const python of PYTHONS) {
    const probe = 'import celery, redis; print(celery.__version__)'
    const { status, stdout } = spawnSync(python, ['-c', probe], { encoding: 'utf8', timeout: 20_000 })
    if (status !== 0) continue
    const program = (role: string): string[] => [python, place('programs/celery_peer.py'), role]
    const product = `Celery ${stdout.trim()}`
    // Python compiles nothing while it runs.
    return {
      name: 'celery',
      product,
      over: OURS,
      warmUpJobs: 300,
      client: program('client'),
      worker: program('worker'),
    }
  }
  return {
    name: 'celery',
    missing: 'no Python here has both celery and redis; on Debian: python3-celery, python3-redis',
  }
}

function isThere(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    return false
  }
}

function place(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
