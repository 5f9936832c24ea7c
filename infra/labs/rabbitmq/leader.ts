import { readFile } from 'node:fs/promises'
import type { Marker, ProcessState, Watch } from '../../../src/drill/broker-control.ts'
import type { LabFolder } from '../lab-folder.ts'
import { followLogs, isElection, isStart, parseQueueLine } from './log.ts'
import { askRunningNodes, readQueues } from './management.ts'

/**
 * Who leads that quorum queue; without one, who leads every queue there is. Undefined while nobody does.
 *
 * The nodes' logs tell: the last to become the leader is it. The management API told the old leader for
 * seconds after a paused one had been replaced and was back, and hung as long as it was paused.
 *
 * @throws UnderstudyError `unsupported` without a queue, when no node that runs names its queues within 2 s.
 */
export async function leaderNode(
  folder: LabFolder,
  stateOf: (node: string) => ProcessState,
  queue: string | undefined,
): Promise<string | undefined> {
  const names = queue === undefined ? await queueNames(folder, stateOf) : [queue]
  const last = await lastElections(folder)
  const leaders = new Set(names.map((name) => last.get(name)?.node))
  const [only] = leaders
  return leaders.size === 1 && only !== undefined && stateOf(only) !== 'gone' ? only : undefined
}

async function queueNames(folder: LabFolder, stateOf: (node: string) => ProcessState): Promise<string[]> {
  const [first = []] = await askRunningNodes(folder, stateOf, async (node) => await readQueues(folder, node))
  return first.map(({ name }) => name)
}

interface Election {
  readonly node: string
  readonly wall: number
}

async function lastElections(folder: LabFolder): Promise<Map<string, Election>> {
  const logs = folder.read().nodes.map(async (node) => electionsIn(await readLog(folder, node), node))
  const last = new Map<string, Election>()
  for (const [queue, election] of (await Promise.all(logs)).flat()) {
    if (election.wall >= (last.get(queue)?.wall ?? 0)) last.set(queue, election)
  }
  return last
}

async function readLog(folder: LabFolder, node: string): Promise<string> {
  return await readFile(folder.log(node), 'utf8').catch(() => '')
}

/** The last of each queue since the node was last started. */
function electionsIn(log: string, node: string): [string, Election][] {
  const won = new Map<string, Election>()
  for (const line of log.split('\n')) {
    const entry = parseQueueLine(line)
    if (entry !== undefined && isElection(entry)) won.set(entry.queue, { node, wall: entry.wall })
    else if (entry === undefined && isStart(line)) won.clear()
  }
  return [...won]
}

/** Reports elections of that queue's leader, or of any queue's, from the nodes' own logs. */
export async function watchLeader(
  folder: LabFolder,
  queue: string | undefined,
  onMarker: (marker: Marker) => void,
): Promise<Watch> {
  const leaders = await lastElections(folder)
  return await followLogs(folder, (node, line) => {
    const entry = parseQueueLine(line)
    if (entry === undefined || (queue !== undefined && entry.queue !== queue)) return
    const { wall } = entry
    const marker = { source: 'log', wall, toleranceMs: 1, detail: entry.text } as const
    if (isElection(entry)) {
      leaders.set(entry.queue, { node, wall })
      onMarker({ kind: 'leader-elected', node, ...marker })
    } else if (LEADER_LOST.test(entry.said)) {
      const lost = leaders.get(entry.queue)
      // Every follower says so, once is enough; and what is read late may be of the leader before.
      if (lost === undefined || lost.node === node || wall < lost.wall) return
      leaders.delete(entry.queue)
      onMarker({ kind: 'leader-lost', node: lost.node, ...marker })
    }
  })
}

/** How a follower says that it no longer hears of its leader. */
const LEADER_LOST = /^(Leader monitor down|Leader node .* may be down)/
