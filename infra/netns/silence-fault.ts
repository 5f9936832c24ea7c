import type { BrokerControl, BrokerNode } from '../../src/drill/broker-control.ts'
import type { Aim, Fault, Prediction } from '../../src/drill/fault.ts'
import type { LabNetwork } from './network.ts'
import { type Paths, pathsBetween, THIS_MACHINE } from './silence.ts'

/** A silent cut of the broker that serves. */
export interface SilentCut {
  readonly name: string
  readonly summary: string
  /** What the broker has suffered, as in `a was isolated`. */
  readonly done: string
  /** Whom it cannot reach any more, nor they it: hosts of the lab's network, or this machine with its clients. */
  readonly from: (node: BrokerNode) => readonly (string | typeof THIS_MACHINE)[]
  readonly predicted: Prediction
  /**
   * What else the brokers need once packets arrive again; returns what was done, undefined when nothing was
   * needed. Bounded in time. Defaults to nothing.
   */
  readonly settle?: (node: BrokerNode) => Promise<string | undefined>
}

/** Where it is done. */
export interface SilentPlace {
  readonly id: string
  readonly network: LabNetwork
  readonly control: Pick<BrokerControl, 'nodes' | 'active'>
}

/** A fault that loses every packet on some paths of the broker that serves, until it is healed. */
export function silentCut({ id, network, control }: SilentPlace, cut: SilentCut): Fault {
  const { name, summary, predicted } = cut
  return {
    name,
    summary,
    // Who can stand in may find out only when it is over.
    expects: 'service',
    heals: 'after-hold',
    predicted,
    missing: () => Promise.resolve(undefined),
    aim: async ({ queue }) => {
      const active = await control.active(queue)
      const node = control.nodes.find((one) => one.name === active)
      if (node === undefined) return undefined
      const others = cut.from(node)
      return aimAtPaths(node, cut, others, pathsBetween(id, network, node.name, others))
    },
  }
}

/** Everybody on the network but the node itself, this machine included. */
export function everybodyBut(network: LabNetwork): SilentCut['from'] {
  return (node) => [THIS_MACHINE, ...Object.keys(network.hosts).filter((host) => host !== node.name)]
}

function aimAtPaths(
  node: BrokerNode,
  { done, settle }: SilentCut,
  others: readonly (string | typeof THIS_MACHINE)[],
  paths: Paths,
): Aim {
  const names = others.map((other) => (other === THIS_MACHINE ? 'its clients' : other)).join(', ')
  return {
    target: node.name,
    endpoint: node.endpoint,
    done,
    // Of this machine also the probes are.
    finding: others.includes(THIS_MACHINE) ? 'unreachable' : undefined,
    inject: () => paths.silence(),
    proof: async () => {
      const silent = await paths.areSilent()
      return silent ? `packets between ${node.name} and ${names} go nowhere (neighbour tables, both ways)` : undefined
    },
    heal: async () => {
      if (!(await paths.restore())) return undefined
      const settled = await settle?.(node)
      return `packets between ${node.name} and ${names} arrive again${settled === undefined ? '' : `, ${settled}`}`
    },
  }
}
