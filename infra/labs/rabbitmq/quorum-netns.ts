import type { Prediction } from '../../../src/drill/fault.ts'
import { everybodyBut, silentCut } from '../../netns/silence-fault.ts'
import { inNamespaces } from '../in-netns.ts'
import type { LabKind } from '../lab.ts'
import { FAILURE_DETECTOR_POLL_MS, SILENT_LEADER, SUSPECTED } from './predictions.ts'
import { rabbitmqQuorum } from './cluster.ts'
import { settleParted } from './settle-parted.ts'

const NODES = ['a', 'b', 'c']

const PARTITION: Prediction = {
  lowerMs: FAILURE_DETECTOR_POLL_MS,
  upperMs: null,
  because: `${SUSPECTED}; but a client of the leader's own node hears its heart-beats and waits for confirms that do not come, and after the heal TCP may wait once more for as long as the silence has lasted`,
}

/** Three RabbitMQ nodes on a network of their own, so that they can lose each other. */
export const rabbitmqQuorumNetns: LabKind = inNamespaces(rabbitmqQuorum, {
  name: 'rabbitmq-quorum-netns',
  description: 'rabbitmq-quorum with a network namespace for each node, so that nodes can lose each other in silence',
  hosts: NODES,
  faultNames: ['partition', 'isolate'],
  faults: (lab) => [
    silentCut(lab, {
      name: 'partition',
      summary: 'the broker that leads the queue loses the other two in silence, and keeps its clients',
      done: 'cut off from the other nodes in silence',
      from: (node) => NODES.filter((name) => name !== node.name),
      predicted: PARTITION,
      settle: async (node) => await settleParted(lab, node),
    }),
    silentCut(lab, {
      name: 'isolate',
      summary: 'the broker that leads the queue loses everybody in silence: the other two and its clients',
      done: 'cut off from everybody in silence',
      from: everybodyBut(lab.network),
      predicted: SILENT_LEADER,
      settle: async (node) => await settleParted(lab, node),
    }),
  ],
})
