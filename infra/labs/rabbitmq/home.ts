import { sleep, systemClock } from '../../../src/clock.ts'
import type { Marker, ProcessState, Watch } from '../../../src/drill/broker-control.ts'
import type { LabFolder } from '../lab-folder.ts'
import { nodeOfErlangName } from './config.ts'
import { followLogs, parseLine } from './log.ts'
import { askRunningNodes, readQueue, readQueues } from './management.ts'

const POLL_MS = 100

/**
 * On which node that classic queue is at home; without one, every queue there is. Undefined while it
 * cannot be reached there.
 *
 * @throws UnderstudyError `unsupported` when no node that runs answers within 2 s.
 */
export async function homeNode(
  folder: LabFolder,
  stateOf: (node: string) => ProcessState,
  queue: string | undefined,
): Promise<string | undefined> {
  const answers = await askRunningNodes(folder, stateOf, async (node) => {
    if (queue !== undefined) return (await readQueue(folder, node, queue))?.node
    const homes = new Set((await readQueues(folder, node)).map((view) => view.node))
    const [only] = homes
    return homes.size === 1 ? only : undefined
  })
  // For a moment the others go on naming a node that was just killed.
  return answers.find((node) => node !== undefined && stateOf(node) !== 'gone')
}

/** Reports when that classic queue can be reached at its home and when not, or all queues of one home. */
export async function watchHome(
  folder: LabFolder,
  stateOf: (node: string) => ProcessState,
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
  const what = queue === undefined ? 'every queue' : `queue '${queue}'`
  const poll = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const asked = systemClock.now()
      const now = await homeNode(folder, stateOf, queue).catch(() => null)
      const tookMs = Math.ceil(systemClock.now() - asked)
      if (now !== null && !stop.signal.aborted) {
        const detail = now === undefined ? `${what} is not there` : `${what} is at home on ${now}`
        change(now, { source: 'management API', wall: Date.now(), toleranceMs: POLL_MS + tookMs, detail })
      }
      await sleep(systemClock, POLL_MS, stop.signal).catch(() => {})
    }
  }
  const logs = await followLogs(folder, (_, line) => {
    const entry = parseLine(line)
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
