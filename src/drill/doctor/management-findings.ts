import { type Finding, fine, listed } from './finding.ts'
import type { ManagementReading, NodeReading } from './management-reading.ts'
import { queueFindings } from './queue-findings.ts'
import type { DoctorQuestion } from './doctor-question.ts'

/** What a cluster's own account of its nodes and queues says. */
export function managementFindings(reading: ManagementReading, question: DoctorQuestion): readonly Finding[] {
  return [
    ...nodesDown(reading.nodes),
    ...alarms(reading.nodes),
    ...cut(reading.nodes),
    ...netTick(reading),
    ...queueFindings(reading, question),
  ]
}

function nodesDown(nodes: readonly NodeReading[]): readonly Finding[] {
  const down = nodes.filter(({ running }) => !running).map(({ name }) => name)
  const [only, ...others] = nodes
  if (only && others.length === 0) {
    return [
      {
        severity: 'warning',
        area: 'cluster',
        code: 'single-node',
        is: `The cluster is one node, ${only.name}.`,
        why: 'When it is gone nothing can take over; jobs wait until it is back.',
        advice: 'Three nodes are the fewest that survive the loss of one.',
      },
    ]
  }
  if (down.length === 0)
    return nodes.length === 0 ? [] : [fine('cluster', 'nodes-up', `All ${nodes.length} nodes run.`)]
  const majority = nodes.length - down.length > nodes.length / 2
  return [
    {
      severity: 'problem',
      area: 'cluster',
      code: 'node-not-running',
      is: `${down.length} of ${nodes.length} nodes ${down.length === 1 ? 'does' : 'do'} not run: ${listed(down)}.`,
      why: majority
        ? 'What a failure may cost now is what it would have left over otherwise: a queue of three members has two.'
        : 'Without a majority no quorum queue confirms anything: publishes hang, they are not refused.',
      advice: 'Start it before anything else is hurt.',
    },
  ]
}

function alarms(nodes: readonly NodeReading[]): readonly Finding[] {
  const memory = nodes.filter(({ memoryAlarm }) => memoryAlarm).map(({ name }) => name)
  const disk = nodes.filter(({ diskAlarm }) => diskAlarm).map(({ name }) => name)
  const kinds = [
    ['memory', memory, 'Raise vm_memory_high_watermark, or let consumers empty the queues.'],
    ['disk', disk, 'Free disk space, or lower disk_free_limit.'],
  ] as const
  const raised = kinds.filter(([, names]) => names.length > 0)
  if (raised.length === 0)
    return nodes.length === 0 ? [] : [fine('cluster', 'no-alarm', 'No resource alarm is in force.')]
  return raised.map(([what, names, advice]) => ({
    severity: 'problem',
    area: 'cluster',
    code: `${what}-alarm`,
    is: `The ${what} alarm is in force on ${listed(names)}.`,
    why: 'A cluster with an alarm reads from no connection that publishes: sends hang until it is over.',
    advice,
  }))
}

/** Above this, a client that lost its node to a hang waits longer than most are written for. */
const LONG_NET_TICK_MS = 20_000

/** Measured with RabbitMQ 3.10.8; docs/rabbitmq.md, "A leader that hangs". */
function netTick({ nodes, queues }: ManagementReading): readonly Finding[] {
  const ticks = nodes.flatMap(({ netTickMs }) => netTickMs ?? [])
  const longest = ticks.reduce((most, tick) => Math.max(most, tick), 0)
  if (longest < LONG_NET_TICK_MS || !queues.some(({ type }) => type === 'quorum')) return []
  return [
    {
      severity: 'note',
      area: 'cluster',
      code: 'long-net-ticktime',
      is: `A node that hangs is taken for gone after ${longest / 1000} s (net_ticktime).`,
      why: 'When the leader of a quorum queue hangs another is elected within seconds, but a channel that is opened anew gets no confirm until then.',
      advice: 'Lower net_ticktime, on every node alike, to what clients can wait for.',
    },
  ]
}

function cut(nodes: readonly NodeReading[]): readonly Finding[] {
  const parted = nodes.filter(({ partitions }) => partitions.length > 0)
  if (parted.length === 0) return []
  const who = parted.map(({ name, partitions }) => `${name} from ${listed(partitions)}`)
  return [
    {
      severity: 'problem',
      area: 'cluster',
      code: 'partitioned',
      is: `The cluster has been cut: ${listed(who)}.`,
      why: 'The halves go on apart with classic queues of their own until somebody restarts one of them.',
      advice: 'Restart the nodes of the smaller half, and set cluster_partition_handling = pause_minority.',
    },
  ]
}
