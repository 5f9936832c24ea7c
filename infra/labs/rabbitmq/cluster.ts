import type { BrokerControl, Topology } from '../../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import type { Availability, Blueprint, LabKind, UpContext } from '../lab.ts'
import type { LabFolder } from '../lab-folder.ts'
import { mustBeGone, nodeControl } from '../processes/node-control.ts'
import {
  EPMD,
  configurationFiles,
  managementPortName,
  peerPortName,
  type RabbitmqProgram,
  writeConfiguration,
} from './config.ts'
import { rabbitmqAlarms } from './alarms.ts'
import { producersNode } from './client-node.ts'
import { CLASSIC_FAULT_NAMES, QUORUM_FAULT_NAMES, classicFaults, quorumFaults } from './faults.ts'
import { homeNode, watchHome } from './home.ts'
import { findErlang, findRabbitmq, wrongRabbitmqHome } from './installation.ts'
import { leaderNode, watchLeader } from './leader.ts'
import { startEpmd, startNode, untilOneCluster } from './node.ts'
import { BOOT_MS, ELECTION_MS, FAILURE_DETECTOR_POLL_MS, NET_TICK_MS } from './predictions.ts'
import { createRabbitmqSecrets, readRabbitmqSecrets } from './secrets.ts'

const NODES = ['a', 'b', 'c']

type QueueType = 'quorum' | 'classic'

/** Three RabbitMQ nodes, on each of which every quorum queue has a replica. */
export const rabbitmqQuorum: LabKind = rabbitmqKind({
  queueType: 'quorum',
  topology: 'quorum',
  description: 'three RabbitMQ nodes with quorum queues, which elect another leader',
  slowestPeriodMs: FAILURE_DETECTOR_POLL_MS,
  slowestTakeoverMs: 2 * FAILURE_DETECTOR_POLL_MS + ELECTION_MS,
})

/** Three RabbitMQ nodes, on one of which each classic queue is at home. */
export const rabbitmqClassic: LabKind = rabbitmqKind({
  queueType: 'classic',
  topology: 'home-node',
  description: 'three RabbitMQ nodes with classic queues, each at home on one node that nobody stands in for',
  slowestPeriodMs: FAILURE_DETECTOR_POLL_MS,
  slowestTakeoverMs: BOOT_MS,
})

interface Kind extends Pick<BrokerControl, 'slowestPeriodMs' | 'slowestTakeoverMs'> {
  readonly queueType: QueueType
  readonly topology: Topology
  readonly description: string
}

function rabbitmqKind(kind: Kind): LabKind {
  const name = `rabbitmq-${kind.queueType}`
  return {
    name,
    description: kind.description,
    faultNames: kind.topology === 'quorum' ? QUORUM_FAULT_NAMES : CLASSIC_FAULT_NAMES,
    availability,
    blueprint: () => blueprint(name, kind),
    start: async (folder, context) => await start(name, folder, context),
    control: (folder) => control(name, kind, folder),
  }
}

function findProgram(): RabbitmqProgram | string {
  const rabbitmq = findRabbitmq()
  if (rabbitmq === undefined) return wrongRabbitmqHome() ?? 'RabbitMQ is not installed'
  const erlang = findErlang()
  return erlang === undefined ? 'Erlang is not installed' : { rabbitmq, erlang }
}

function program(lab: string): RabbitmqProgram {
  const found = findProgram()
  if (typeof found === 'string') throw new UnderstudyError('unsupported', `lab ${lab} cannot run here: ${found}`)
  return found
}

function availability(understudy: string): Availability {
  const found = findProgram()
  if (typeof found !== 'string') return { available: true, detail: found.rabbitmq.product }
  const remedy =
    wrongRabbitmqHome() === undefined
      ? `run \`${understudy} lab install\`, or set RABBITMQ_HOME to an unpacked distribution`
      : 'set it to an unpacked distribution, or unset it'
  return { available: false, reason: found, remedy }
}

function blueprint(lab: string, { queueType }: Kind): Blueprint {
  const detector: Record<string, number> =
    queueType === 'quorum' ? { failureDetectorPollIntervalMs: FAILURE_DETECTOR_POLL_MS } : {}
  return {
    nodes: NODES,
    otherPorts: [EPMD, ...NODES.flatMap((node) => [peerPortName(node), managementPortName(node)])],
    scheme: 'amqp',
    product: program(lab).rabbitmq.product,
    settings: { queueType, netTicktimeMs: NET_TICK_MS, clusterPartitionHandling: 'ignore', ...detector },
  }
}

async function start(lab: string, folder: LabFolder, { signal, step }: UpContext): Promise<void> {
  const found = program(lab)
  const { nodes } = folder.read()
  const secrets = createRabbitmqSecrets(folder)
  for (const node of nodes) writeConfiguration(folder, node, secrets)
  await step('port mapper', async () => await startEpmd(folder, found, signal))
  // One after the other, each once the one before serves. Virgin nodes that start at once agree on who forms the
  // cluster by a lock that leaves out whoever cannot be reached at that moment, and that ends before the tables are
  // whole: now and then one of them ends with an error of its database (rabbitmq/cluster-operator#689).
  await step(`nodes ${nodes.join(', ')}`, async () => {
    for (const node of nodes) await startNode(folder, node, found, signal)
  })
  await step('one cluster', async () => await untilOneCluster(folder, signal))
}

function control(lab: string, kind: Kind, folder: LabFolder): BrokerControl {
  const { settings, nodes } = folder.read()
  const signals = nodeControl(folder)
  const processes = {
    ...signals,
    topology: kind.topology,
    active: async (queue?: string) =>
      kind.topology === 'quorum'
        ? await leaderNode(folder, signals.state, queue)
        : await homeNode(folder, signals.state, queue),
    start: async (node: string) => {
      mustBeGone(folder, node)
      await startNode(folder, node, program(lab), undefined)
    },
  }
  const cluster = {
    processes,
    clientNode: async () => await producersNode(folder, signals.state),
    alarms: rabbitmqAlarms(folder, signals.state, () => program(lab)),
  }
  return {
    ...processes,
    lab,
    faults: kind.topology === 'quorum' ? quorumFaults(cluster) : classicFaults(cluster),
    clientOptions: { 'nested.queueType': kind.queueType },
    credentials: readRabbitmqSecrets(folder).client,
    slowestPeriodMs: kind.slowestPeriodMs,
    slowestTakeoverMs: kind.slowestTakeoverMs,
    settings,
    files: [...nodes.flatMap((node) => configurationFiles(folder, node)), folder.log(EPMD)],
    watch: async (onMarker, queue) =>
      kind.topology === 'quorum'
        ? await watchLeader(folder, queue, onMarker)
        : await watchHome(folder, signals.state, queue, onMarker),
  }
}
