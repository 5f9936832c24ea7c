import { readFileSync } from 'node:fs'
import { UnderstudyError, messageOf } from '../../../src/errors.ts'
import { answersAmqp } from '../amqp-greeting.ts'
import { hostOf } from '../host-of.ts'
import type { LabFolder } from '../lab-folder.ts'
import { sizeOf } from '../log-lines.ts'
import { portOf } from '../processes/node-control.ts'
import { findMarkedProcesses } from '../processes/process-marks.ts'
import { EPMD, epmdCommand, nodeCommand, pidFile, type RabbitmqProgram } from './config.ts'
import { lastWords } from './last-words.ts'
import { readRunningNodes } from './management.ts'
import { withoutRabbitmqSecrets } from './secrets.ts'
import { spawnProcess } from '../processes/spawn-process.ts'
import { isListening } from '../tcp-listening.ts'
import { waitUntil } from '../wait-until.ts'

const EPMD_WITHIN_MS = 10_000
const READY_WITHIN_MS = 90_000

/**
 * Starts the lab's own port mapper, through which its nodes find each other: one for each network namespace.
 *
 * @throws UnderstudyError `unsupported` when it ended before it listened, `deadline` after 10 s.
 */
export async function startEpmd(folder: LabFolder, program: RabbitmqProgram, signal: AbortSignal): Promise<void> {
  const state = folder.read()
  // Where each node is a host of its own, each has its own.
  const hosts = state.network === undefined ? [undefined] : state.nodes
  await Promise.all(hosts.map(async (host) => await startEpmdOn(folder, host, program, signal)))
}

async function startEpmdOn(
  folder: LabFolder,
  host: string | undefined,
  program: RabbitmqProgram,
  signal: AbortSignal,
): Promise<void> {
  const state = folder.read()
  const port = portOf(state.ports, EPMD)
  const { ended } = spawnProcess(
    folder,
    host === undefined ? EPMD : `${EPMD}-${host}`,
    epmdCommand(folder, host, program),
  )
  let end: string | undefined
  void ended.then((how) => (end = how))
  const look = async (): Promise<true | undefined> => {
    if (end !== undefined) throw new UnderstudyError('unsupported', `epmd ended with ${end}`)
    return (await isListening(port, host === undefined ? undefined : hostOf(state, host))) || undefined
  }
  await waitUntil(look, { what: 'epmd does not listen', withinMs: EPMD_WITHIN_MS, signal })
}

/**
 * Starts one node, and returns once it answers an AMQP client and runs in the cluster.
 *
 * @throws UnderstudyError `unsupported` when it ended before that, with the first error of its log;
 * `deadline` after 90 s, with the same.
 */
export async function startNode(
  folder: LabFolder,
  node: string,
  program: RabbitmqProgram,
  signal: AbortSignal | undefined,
): Promise<void> {
  const logged = await sizeOf(folder.log(node))
  const { ended } = spawnProcess(folder, node, nodeCommand(folder, node, program))
  let end: string | undefined
  void ended.then((how) => (end = how))
  const state = folder.read()
  const port = portOf(state.ports, node)
  const host = hostOf(state, node)
  const look = async (): Promise<true | undefined> => {
    if (end !== undefined) throw new UnderstudyError('unsupported', `it ended with ${end}`)
    if (!(await answersAmqp(port, host))) return undefined
    const running = await readRunningNodes(folder, node).catch((): string[] => [])
    return running.includes(node) || undefined
  }
  const options = { what: 'no answer to an AMQP client', withinMs: READY_WITHIN_MS, everyMs: 50, signal }
  await waitUntil(look, options).catch(async (error: unknown) => {
    if (signal?.aborted) throw error
    const said = await lastWords(folder, node, logged)
    const text = `node ${node} did not start (${messageOf(error)})${said === undefined ? '' : `: ${said}`}`
    const code = error instanceof UnderstudyError ? error.code : 'unsupported'
    throw new UnderstudyError(code, withoutRabbitmqSecrets(folder, text), { cause: error })
  })
  recordVirtualMachine(folder, node)
}

/** The pid that the node itself wrote down: where the script stayed as a parent, signals go to its child. */
function recordVirtualMachine(folder: LabFolder, node: string): void {
  const pid = Number(readFileSync(pidFile(folder, node), 'utf8'))
  if (folder.read().processes[node]?.identity?.pid === pid) return
  const own = findMarkedProcesses(folder.root).find(({ lab, identity }) => lab === folder.id && identity.pid === pid)
  if (own !== undefined) folder.record(node, { identity: own.identity })
}

/**
 * Returns once every node sees all of them run.
 *
 * @throws UnderstudyError `deadline` when they found no common cluster within 90 s.
 */
export async function untilOneCluster(folder: LabFolder, signal: AbortSignal): Promise<void> {
  const { nodes } = folder.read()
  const look = async (): Promise<true | undefined> => {
    const views = await Promise.all(
      nodes.map(async (node) => await readRunningNodes(folder, node).catch((): string[] => [])),
    )
    return views.every((view) => nodes.every((node) => view.includes(node))) || undefined
  }
  await waitUntil(look, { what: 'the nodes are no one cluster', withinMs: READY_WITHIN_MS, everyMs: 50, signal })
}
