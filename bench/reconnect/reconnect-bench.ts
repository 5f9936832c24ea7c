import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/clock.ts'
import type { Lab } from '../../infra/labs/lab.ts'
import { compileJavaPeer, type JavaPeer } from '../peers/java-failover.ts'
import { type KillTrial, killUnderPeers } from './kill-trial.ts'
import { brokersFor, upPair } from './pair.ts'
import type { PeerName, PeerProgram } from './peer-process.ts'

export interface ReconnectBenchOptions {
  readonly peers: readonly PeerName[]
  readonly trials: number
  /** Whether each peer has kills of its own, so that none of them warms the broker up for another. */
  readonly isolate: boolean
  readonly periodMs: number
  readonly bodyBytes: number
  readonly standbyWaitsMs: number
  /** Options of the failover URI of our client. */
  readonly clientOptions: string
  readonly signal: AbortSignal
  readonly onProgress: (line: string) => void
  readonly onTrial: (trial: KillTrial) => void
}

export interface ReconnectBenchRun {
  readonly settings: Lab['settings']
  readonly products: readonly string[]
  readonly trials: readonly KillTrial[]
}

/** Puts up the pair, kills its active broker again and again under the peers, and takes it down. */
export async function runReconnectBench(options: ReconnectBenchOptions): Promise<ReconnectBenchRun> {
  const { peers, signal, onProgress } = options
  const withJava = peers.includes('java')
  const lab = await upPair(withJava, signal, onProgress)
  try {
    // Into the lab's folder: it goes with that, whatever becomes of this process.
    const java = withJava ? await compileJavaPeer(join(lab.folder, 'java-peer'), signal) : undefined
    const trials = await killAgainAndAgain(options, lab, java)
    return { settings: lab.settings, products: lab.nodes.map(({ product }) => product), trials }
  } finally {
    await lab.down()
  }
}

async function killAgainAndAgain(
  options: ReconnectBenchOptions,
  lab: Lab,
  java: JavaPeer | undefined,
): Promise<KillTrial[]> {
  const { peers, isolate, signal } = options
  const programs = new Map(peers.map((name) => [name, programOf(name, options, lab, java)] as const))
  const groups = isolate ? peers.map((name) => [name]) : [peers]
  const done: KillTrial[] = []
  let standbySince = systemClock.now()
  let gone: string | undefined
  for (let trial = 1; trial <= options.trials; trial++) {
    for (const group of groups) {
      signal.throwIfAborted()
      if (gone !== undefined) {
        // What was killed stands by next: the kills go to and fro.
        await lab.start(gone)
        standbySince = systemClock.now()
      }
      const killed = await killUnderPeers({
        trial,
        lab,
        peers: new Map([...programs].filter(([name]) => group.includes(name))),
        standbySince,
        standbyWaitsMs: options.standbyWaitsMs,
        signal,
      })
      done.push(killed)
      options.onTrial(killed)
      gone = killed.node
    }
  }
  return done
}

function programOf(name: PeerName, options: ReconnectBenchOptions, lab: Lab, java: JavaPeer | undefined): PeerProgram {
  const settings = {
    brokers: brokersFor(name, lab),
    username: lab.credentials?.username ?? '',
    password: lab.credentials?.password ?? '',
    queue: `understudy.bench.${name}`,
    periodMs: options.periodMs,
    bodyBytes: options.bodyBytes,
    // The Java client runs with its own defaults, whatever ours is tried with.
    options: name === 'ours' ? options.clientOptions : 'randomize=false',
  }
  if (name === 'java' && java !== undefined) return { file: java.file, args: java.args, settings }
  const script = name === 'bare' ? 'bare-socket.ts' : 'understudy-client.ts'
  return { file: process.execPath, args: [fileURLToPath(new URL(`../peers/${script}`, import.meta.url))], settings }
}
