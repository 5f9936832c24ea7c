import { readFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseLogLine } from '../../infra/labs/activemq/config.ts'
import type { Lab } from '../../infra/labs/lab.ts'
import { sleep, systemClock } from '../../src/clock.ts'
import { wallTime } from '../peers/peer.ts'
import { type Reconnect, reconnectOf } from './measure.ts'
import { type PeerName, type PeerProgram, startPeer } from './peer-process.ts'

/** One kill, and what each peer that was connected made of it. */
export interface KillTrial {
  readonly trial: number
  /** The node that was killed. */
  readonly node: string
  /** How long the standby had been waiting for the lock at the kill, in milliseconds. */
  readonly standbyWaitedMs: number
  /**
   * When the standby took STOMP clients, by its own log, in milliseconds after the kill: what comes before
   * is the pair's time, what comes after is the client's and the cold broker's.
   */
  readonly listeningMs: number
  /** The machine's load average over the last minute, at the kill. */
  readonly load: number
  readonly peers: Partial<Record<PeerName, Reconnect>>
}

export interface KillPlan {
  readonly trial: number
  readonly lab: Lab
  readonly peers: ReadonlyMap<PeerName, PeerProgram>
  /** When the standby began to wait for the lock, on the monotonic clock. */
  readonly standbySince: number
  /** How long it shall have waited at the kill, in milliseconds; less than the peers take to warm up means nothing. */
  readonly standbyWaitsMs: number
  readonly signal: AbortSignal
}

const WARM_CONFIRMS = 100
const WARM_WITHIN_MS = 30_000
// The kill falls anywhere within the peers' own periods.
const RANDOM_PHASE_MS = 500
const RECONNECT_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 20
// ActiveMQ's own words once the port takes clients.
const LISTENING_LINE = 'Connector stomp started'

/**
 * Starts the peers, waits until all of them send steadily, kills the active broker, and waits until all
 * of them have a confirm of the other one. The peers are gone when this returns.
 *
 * @throws Error when a peer ends or does not come back; whatever the lab throws; the signal's reason.
 */
export async function killUnderPeers(plan: KillPlan): Promise<KillTrial> {
  const { lab, trial, signal } = plan
  const node = await lab.active()
  if (node === undefined) throw new Error('no broker holds the lock')
  const peers = [...plan.peers].map(([name, program]) => startPeer(name, program))
  const until = async (what: string, withinMs: number, seen: () => boolean): Promise<void> => {
    const deadline = systemClock.now() + withinMs
    while (!seen()) {
      if (systemClock.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1000} s`)
      await Promise.race([sleep(systemClock, LOOK_EVERY_MS, signal), ...peers.map(({ failed }) => failed)])
    }
  }
  try {
    await until('steady confirms from every peer', WARM_WITHIN_MS, () => {
      return peers.every(({ events }) => events.filter(({ event }) => event === 'confirm').length >= WARM_CONFIRMS)
    })
    const waited = systemClock.now() - plan.standbySince
    await sleep(systemClock, Math.max(plan.standbyWaitsMs - waited, 0) + Math.random() * RANDOM_PHASE_MS, signal)
    const load = loadavg()[0] ?? 0
    const standbyWaitedMs = systemClock.now() - plan.standbySince
    const killedAt = wallTime()
    await lab.kill(node)
    await until('a confirm of the other broker for every peer', RECONNECT_WITHIN_MS, () => {
      return peers.every(({ events }) => reconnectOf(events, killedAt) !== undefined)
    })
    const measured = peers.map(({ name, events }) => [name, reconnectOf(events, killedAt)] as const)
    const listeningMs = (await listeningSince(lab, killedAt)) - killedAt
    return { trial, node, standbyWaitedMs, listeningMs, load, peers: Object.fromEntries(measured) }
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()))
  }
}

/** Wall time of the first "connector started" after the kill, in any of the brokers' logs. */
async function listeningSince(lab: Lab, killedAt: number): Promise<number> {
  const logs = await Promise.all(lab.nodes.map(({ name }) => readFile(join(lab.folder, `${name}.log`), 'utf8')))
  const lines = logs.flatMap((log) => log.split('\n')).flatMap((line) => parseLogLine(line) ?? [])
  const line = lines.find(({ wall, text }) => wall >= killedAt && text.includes(LISTENING_LINE))
  if (line === undefined) throw new Error('no broker logged that it took over')
  return line.wall
}
