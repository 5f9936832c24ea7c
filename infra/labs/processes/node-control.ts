import type { BrokerControl, BrokerNode } from '../../../src/drill/broker-control.ts'
import type { ProcessState } from '../../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { hostOf } from '../host-of.ts'
import type { LabFolder } from '../lab-folder.ts'
import { type ProcessIdentity, processState, signalProcess } from './process-identity.ts'
import { waitUntil } from '../wait-until.ts'

const GONE_WITHIN_MS = 10_000
const STOP_WITHIN_MS = 20_000
const PAUSED_WITHIN_MS = 5_000

type NodeControl = Pick<BrokerControl, 'nodes' | 'state' | 'kill' | 'stop' | 'pause' | 'resume'>

/** The half of a lab's control that is the same for all: signals to the nodes' own processes. */
export function nodeControl(folder: LabFolder): NodeControl {
  const laid = folder.read()
  const { nodes, ports, product, scheme } = laid
  const state = (node: string): ProcessState => {
    const identity = processOf(folder, node)
    return identity === null ? 'gone' : processState(identity)
  }
  const living = (node: string): ProcessIdentity => {
    const identity = processOf(folder, node)
    if (identity === null || processState(identity) === 'gone') {
      throw new UnderstudyError('unsupported', `node ${node} of ${folder.id} is not running`)
    }
    return identity
  }
  const until = async (node: string, wanted: (state: ProcessState) => boolean, withinMs: number): Promise<boolean> => {
    const seen = waitUntil(() => (wanted(state(node)) ? true : undefined), { what: node, withinMs, everyMs: 1 })
    return await seen.catch(() => false)
  }
  const gone = async (node: string, withinMs: number): Promise<boolean> =>
    await until(node, (state) => state === 'gone', withinMs)

  const kill = async (node: string): Promise<void> => {
    signalProcess(living(node), 'SIGKILL')
    if (!(await gone(node, GONE_WITHIN_MS))) throw refusal(folder, node, 'is still there after SIGKILL')
  }
  return {
    nodes: nodes.map((name): BrokerNode => {
      const port = portOf(ports, name)
      const host = hostOf(laid, name)
      return { name, product, host, port, endpoint: `${scheme}://${host}:${port}` }
    }),
    state,
    kill,
    stop: async (node) => {
      signalProcess(living(node), 'SIGTERM')
      if (!(await gone(node, STOP_WITHIN_MS))) await kill(node)
    },
    pause: async (node) => {
      signalProcess(living(node), 'SIGSTOP')
      if (!(await until(node, (state) => state !== 'running', PAUSED_WITHIN_MS)) || state(node) === 'gone') {
        throw refusal(folder, node, 'did not stop on SIGSTOP')
      }
    },
    resume: async (node) => {
      const identity = living(node)
      if (processState(identity) !== 'paused') return
      signalProcess(identity, 'SIGCONT')
      if (!(await until(node, (state) => state !== 'paused', PAUSED_WITHIN_MS))) {
        throw refusal(folder, node, 'did not go on after SIGCONT')
      }
    },
  }
}

/** @throws UnderstudyError `unsupported` when the node's process is still there. */
export function mustBeGone(folder: LabFolder, node: string): void {
  const identity = processOf(folder, node)
  if (identity !== null && processState(identity) !== 'gone') {
    throw new UnderstudyError('unsupported', `node ${node} of ${folder.id} is running already, pid ${identity.pid}`)
  }
}

/** @throws UnderstudyError `invalid-option` when the lab has no such node. */
function processOf(folder: LabFolder, node: string): ProcessIdentity | null {
  const { nodes, processes } = folder.read()
  if (!nodes.includes(node)) {
    throw new UnderstudyError('invalid-option', `${folder.id} has no node ${node}; it has ${nodes.join(' and ')}`)
  }
  return processes[node]?.identity ?? null
}

/** @throws UnderstudyError `invalid-option` when the state names no such port. */
export function portOf(ports: Readonly<Record<string, number>>, name: string): number {
  const port = ports[name]
  if (port === undefined) throw new UnderstudyError('invalid-option', `the lab's state names no port for ${name}`)
  return port
}

function refusal(folder: LabFolder, node: string, what: string): UnderstudyError {
  return new UnderstudyError('deadline', `node ${node} of ${folder.id} ${what}`)
}
