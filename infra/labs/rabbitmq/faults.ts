import type { BrokerNode } from '../../../src/drill/broker-control.ts'
import type { Aim, Fault } from '../../../src/drill/fault.ts'
import { type SignalControl, aimAtProcess, processFaults } from '../../../src/drill/process-faults.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { type Alarms, alarmFaults } from './alarms.ts'
import { CLASSIC_PREDICTIONS, QUORUM_PREDICTIONS } from './predictions.ts'

/** What the faults of a RabbitMQ cluster need beside signals. */
export interface FaultyCluster {
  readonly processes: SignalControl
  /** The node to which the drill's client is connected, by the cluster's own account; undefined when it has none. */
  readonly clientNode: () => Promise<string | undefined>
  readonly alarms: Alarms
}

export const QUORUM_FAULT_NAMES: readonly string[] = [
  'kill',
  'stop',
  'pause',
  'kill-follower',
  'kill-two',
  'pause-client',
  'memory-alarm',
  'disk-alarm',
]

export const CLASSIC_FAULT_NAMES: readonly string[] = [
  'kill',
  'stop',
  'pause',
  'pause-client',
  'memory-alarm',
  'disk-alarm',
]

/** What can be done to nodes with quorum queues. */
export function quorumFaults(cluster: FaultyCluster): readonly Fault[] {
  const { processes, alarms } = cluster
  return [
    ...processFaults(processes, QUORUM_PREDICTIONS),
    killFollower(processes),
    killTwo(processes),
    pauseClient(cluster),
    ...alarmFaults(alarms, QUORUM_PREDICTIONS),
  ]
}

/** What can be done to nodes with classic queues, which are at home on one of them. */
export function classicFaults(cluster: FaultyCluster): readonly Fault[] {
  return [
    ...processFaults(cluster.processes, CLASSIC_PREDICTIONS),
    pauseClient(cluster),
    ...alarmFaults(cluster.alarms, CLASSIC_PREDICTIONS),
  ]
}

function killFollower(processes: SignalControl): Fault {
  return {
    name: 'kill-follower',
    summary: 'SIGKILL to a broker that does not lead the queue',
    expects: 'service',
    heals: 'after-recovery',
    predicted: QUORUM_PREDICTIONS['kill-follower'],
    missing: () => Promise.resolve(undefined),
    aim: async ({ queue, clientNode }) => {
      const leader = await processes.active(queue)
      if (leader === undefined) return undefined
      const followers = running(processes).filter(({ name }) => name !== leader)
      // One that has no client of the drill: what is seen is then of the queue, and not of a lost connection.
      const node = followers.find(({ name }) => name !== clientNode) ?? followers[0]
      return node && aimAtProcess('kill', processes, node)
    },
  }
}

function killTwo(processes: SignalControl): Fault {
  return {
    name: 'kill-two',
    summary: 'SIGKILL to the broker that leads the queue and to one more, of three',
    expects: 'service',
    heals: 'after-hold',
    predicted: QUORUM_PREDICTIONS['kill-two'],
    missing: () => Promise.resolve(undefined),
    aim: async ({ queue }) => {
      const leader = await processes.active(queue)
      const nodes = running(processes)
      const first = nodes.find(({ name }) => name === leader)
      const second = nodes.find(({ name }) => name !== leader)
      return first && second && aimAtBoth(processes, [first, second])
    },
  }
}

function aimAtBoth(processes: SignalControl, nodes: readonly [BrokerNode, BrokerNode]): Aim {
  const aims = nodes.map((node) => aimAtProcess('kill', processes, node))
  const names = nodes.map(({ name }) => name).join(' and ')
  return {
    target: 'majority',
    endpoint: null,
    done: `killed (${names})`,
    finding: undefined,
    inject: async () => {
      await all(aims.map((aim) => aim.inject()))
    },
    proof: async () => {
      const proofs = await Promise.all(aims.map((aim) => aim.proof()))
      return proofs.every((proof) => proof !== undefined) ? proofs.join(', ') : undefined
    },
    heal: async () => {
      // At once: one that starts may wait for the other.
      const healed = await all(aims.map((aim) => aim.heal()))
      return healed.find((how) => how !== undefined)
    },
  }
}

function pauseClient({ processes, clientNode: askCluster }: FaultyCluster): Fault {
  const predictions = processes.topology === 'quorum' ? QUORUM_PREDICTIONS : CLASSIC_PREDICTIONS
  return {
    name: 'pause-client',
    summary: 'SIGSTOP to the broker that the producer is connected to',
    expects: 'service',
    heals: 'after-hold',
    predicted: predictions['pause-client'],
    missing: () => Promise.resolve(undefined),
    aim: async ({ clientNode }) => {
      const name = clientNode ?? (await askCluster())
      const node = running(processes).find((one) => one.name === name)
      return node && aimAtProcess('pause', processes, node)
    },
  }
}

function running({ nodes, state }: SignalControl): readonly BrokerNode[] {
  return nodes.filter(({ name }) => state(name) === 'running')
}

/** What all came to, or the first failure once none of them is under way any more. */
async function all<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(promises)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) {
    throw failed.reason instanceof Error ? failed.reason : new UnderstudyError('unsupported', String(failed.reason))
  }
  return await Promise.all(promises)
}
