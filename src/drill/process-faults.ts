import type { BrokerControl, BrokerNode, ProcessState } from './broker-control.ts'
import type { Aim, Fault, Prediction } from './fault.ts'
import { wordsOf } from './topology.ts'

/** The part of a control that signals to processes need. */
export type SignalControl = Pick<
  BrokerControl,
  'topology' | 'nodes' | 'active' | 'state' | 'kill' | 'stop' | 'pause' | 'resume' | 'start'
>

export const PROCESS_FAULT_NAMES = ['kill', 'stop', 'pause'] as const

type ProcessFault = (typeof PROCESS_FAULT_NAMES)[number]

interface Kind {
  readonly signal: string
  /** What the operating system must say of the process for the fault to count. */
  readonly state: ProcessState
  /** What its endpoint does then. */
  readonly finding: NonNullable<Aim['finding']>
  readonly done: string
}

const KINDS: Readonly<Record<ProcessFault, Kind>> = {
  kill: { signal: 'SIGKILL', state: 'gone', finding: 'refused', done: 'killed' },
  stop: { signal: 'SIGTERM', state: 'gone', finding: 'refused', done: 'stopped' },
  pause: { signal: 'SIGSTOP', state: 'paused', finding: 'mute', done: 'paused' },
}

/** By fault; one that is left out has none. */
export type Predictions = Readonly<Partial<Record<ProcessFault, Prediction>>>

/** `kill`, `stop` and `pause` of the broker that serves: what every group of brokers can suffer. */
export function processFaults(control: SignalControl, predictions: Predictions = {}): readonly Fault[] {
  return PROCESS_FAULT_NAMES.map((name) => servingFault(name, control, predictions[name]))
}

function servingFault(name: ProcessFault, control: SignalControl, predicted: Prediction | undefined): Fault {
  const { signal } = KINDS[name]
  const replaceable = control.topology !== 'home-node'
  return {
    name,
    summary: `${signal} to the broker that ${wordsOf(control.topology).does}`,
    expects: name === 'pause' || !replaceable ? 'service' : 'takeover',
    // Where nobody can stand in for it there is no recovery to wait for before it is back.
    heals: name === 'pause' || !replaceable ? 'after-hold' : 'after-recovery',
    predicted,
    missing: () => Promise.resolve(undefined),
    aim: async ({ queue }) => {
      const active = await control.active(queue)
      const node = control.nodes.find((one) => one.name === active)
      return node && aimAtProcess(name, control, node)
    },
  }
}

/** That signal to one node's process; healed by going on or by being started again. */
export function aimAtProcess(name: ProcessFault, control: SignalControl, node: BrokerNode): Aim {
  const { signal, state, finding, done } = KINDS[name]
  return {
    target: node.name,
    endpoint: node.endpoint,
    done,
    finding,
    inject: () => control[name](node.name),
    proof: () =>
      Promise.resolve(
        control.state(node.name) === state ? `the process of ${node.name} is ${state} (${signal})` : undefined,
      ),
    heal: () => healProcess(control, node.name),
  }
}

/** Brings one node's process back: continued, started again, or undefined when it runs. */
async function healProcess(control: SignalControl, node: string): Promise<string | undefined> {
  switch (control.state(node)) {
    case 'paused':
      await control.resume(node)
      return 'continued (SIGCONT)'
    case 'gone':
      await control.start(node)
      return 'started again'
    case 'running':
      return undefined
  }
}
