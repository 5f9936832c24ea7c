import { sleep, systemClock } from '../../src/clock.ts'
import type { Marker, ProcessState, Watch } from '../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../src/errors.ts'
import type { LabFolder } from './lab-folder.ts'
import { followLines } from './log-lines.ts'
import { nodeOfErlangName } from './rabbitmq-config.ts'
import { readQueue, readQueues } from './rabbitmq-management.ts'

const POLL_MS = 100

type StateOf = (node: string) => ProcessState

/**
 * Who leads that queue, or is its home; without one, who does so for every queue there is. Undefined while
 * nobody does.
 *
 * @throws UnderstudyError `unsupported` when no node that runs answers within 2 s.
 */
export async function servingNode(
  folder: LabFolder,
  stateOf: StateOf,
  queue: string | undefined,
): Promise<string | undefined> {
  const asked = folder.read().nodes.filter((node) => stateOf(node) === 'running')
  const answers = await Promise.allSettled(asked.map(async (node) => await servingBy(folder, node, queue)))
  const told = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  if (told.length === 0) {
    const failure = answers.find((answer) => answer.status === 'rejected')?.reason as unknown
    if (failure instanceof UnderstudyError) throw failure
    throw new UnderstudyError('unsupported', `no node of ${folder.id} runs`)
  }
  return told.find((node) => node !== undefined)
}

async function servingBy(folder: LabFolder, node: string, queue: string | undefined): Promise<string | undefined> {
  if (queue !== undefined) return (await readQueue(folder, node, queue))?.node
  const leaders = new Set((await readQueues(folder, node)).map((view) => view.node))
  const [only] = leaders
  return leaders.size === 1 ? only : undefined
}

/** Reports elections of that queue's leader, or of any queue's, from the nodes' own logs. */
export async function watchLeader(
  folder: LabFolder,
  queue: string | undefined,
  onMarker: (marker: Marker) => void,
): Promise<Watch> {
  const leaders = new Map<string, string>()
  const onLine = (node: string, line: string): void => {
    const entry = parseRabbitmqLine(line)
    if (entry === undefined) return
    const { wall, text } = entry
    const about = /^queue '(.*)' in vhost '\/': (.*)$/.exec(text)
    const [, name, said] = about ?? []
    if (name === undefined || said === undefined || (queue !== undefined && name !== queue)) return
    const marker = { source: 'log', wall, toleranceMs: 1, detail: text } as const
    if (said.includes('-> leader in term')) {
      leaders.set(name, node)
      onMarker({ kind: 'leader-elected', node, ...marker })
    } else if (LEADER_LOST.test(said)) {
      const lost = leaders.get(name)
      // Every follower says so; once is enough.
      if (lost === undefined || !leaders.delete(name)) return
      onMarker({ kind: 'leader-lost', node: lost, ...marker })
    }
  }
  return await followLogs(folder, onLine)
}

/** How a follower's log says that it no longer hears of its leader. */
const LEADER_LOST = /^(Leader monitor down|Leader node .* may be down)/

/** Reports when that classic queue can be reached at its home and when not, or all queues of one home. */
export async function watchHome(
  folder: LabFolder,
  stateOf: StateOf,
  queue: string | undefined,
  onMarker: (marker: Marker) => void,
): Promise<Watch> {
  const stop = new AbortController()
  let home: string | undefined
  const change = (now: string | undefined, from: Pick<Marker, 'source' | 'wall' | 'toleranceMs' | 'detail'>): void => {
    if (now === home) return
    if (home !== undefined) onMarker({ kind: 'queue-down', node: home, ...from })
    home = now
    if (now !== undefined) onMarker({ kind: 'queue-up', node: now, ...from })
  }
  const what = queue ?? 'every queue'
  const poll = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const asked = systemClock.now()
      const now = await servingNode(folder, stateOf, queue).catch(() => null)
      const tookMs = Math.ceil(systemClock.now() - asked)
      if (now !== null && !stop.signal.aborted) {
        const detail = now === undefined ? `${what} is not to be reached` : `${what} is at home on ${now}`
        change(now, { source: 'management API', wall: Date.now(), toleranceMs: POLL_MS + tookMs, detail })
      }
      await sleep(systemClock, POLL_MS, stop.signal).catch(() => {})
    }
  }
  const logs = await followLogs(folder, (_, line) => {
    const entry = parseRabbitmqLine(line)
    const down = /^rabbit on node '?([^ ']+)'? down$/.exec(entry?.text ?? '')?.[1]
    if (entry === undefined || down === undefined || nodeOfErlangName(down) !== home) return
    change(undefined, { source: 'log', wall: entry.wall, toleranceMs: 1, detail: entry.text })
  })
  const polling = poll()
  return {
    close: async () => {
      stop.abort()
      await Promise.all([logs.close(), polling])
    },
  }
}

async function followLogs(folder: LabFolder, onLine: (node: string, line: string) => void): Promise<Watch> {
  const { nodes } = folder.read()
  const logs = await Promise.all(
    nodes.map(async (node) => await followLines(folder.log(node), (line) => onLine(node, line))),
  )
  return {
    close: async () => {
      await Promise.all(logs.map(async (log) => await log.close()))
    },
  }
}

/** A wall time in milliseconds and the text, of a line in RabbitMQ's own layout. */
export function parseRabbitmqLine(line: string): { readonly wall: number; readonly text: string } | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d+[+-]\d\d:\d\d) \[\w+\] <[\d.]+> (.*)$/s.exec(line)
  const [, date, time, text] = match ?? []
  return text === undefined ? undefined : { wall: Date.parse(`${date}T${time}`), text }
}
