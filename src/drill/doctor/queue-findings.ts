import { formatCount } from '../checker/exact-durations.ts'
import { formatSeconds } from '../report/durations.ts'
import { type Finding, fine, listed } from './finding.ts'
import type { ManagementReading, QueueReading } from './management-reading.ts'
import type { DoctorQuestion } from './doctor-question.ts'

/** RabbitMQ's own default of consumer_timeout. */
const CONSUMER_TIMEOUT_MS = 30 * 60_000
const FEWEST_MEMBERS = 3

/** What the queues of a virtual host are like, one finding for all queues that share it. */
export function queueFindings(reading: ManagementReading, question: DoctorQuestion): readonly Finding[] {
  const { queues, queueCount, nodes } = reading
  if (question.queue !== undefined && queueCount === 0) {
    return [
      {
        severity: 'note',
        area: 'queues',
        code: 'no-such-queue',
        is: `There is no queue ${question.queue}.`,
        why: 'It is made at its first use, as queueType and the policies say; what it will be like cannot be told now.',
        advice: 'Declare it, or look again after the first job.',
      },
    ]
  }
  const lasting = queues.filter(({ fleeting }) => !fleeting)
  const classic = lasting.filter(({ type }) => type === 'classic')
  const cluster = nodes.length > 1
  const mirrored = classic.filter(({ settings }) => settings['ha-mode'] !== undefined)
  const alone = cluster ? classic.filter((queue) => !mirrored.includes(queue)) : []
  const quorum = lasting.filter(({ type }) => type === 'quorum')
  return [
    ...about(alone, (names) => ({
      severity: 'problem',
      code: 'classic-queue',
      is: `${names} ${alone.length === 1 ? 'is a classic queue, on one node' : 'are classic queues, on one node each'}, without a replica.`,
      why: 'When that node is gone nobody takes over: the jobs wait, 404 "home node is down", and what is sent meanwhile is confirmed and lost unless it is mandatory.',
      advice: 'Make them quorum queues (nested.queueType=quorum for those that this client makes).',
    })),
    ...about(mirrored, (names) => ({
      severity: 'warning',
      code: 'mirrored-queue',
      is: `${names} ${mirrored.length === 1 ? 'is' : 'are'} mirrored by the policy ha-mode.`,
      why: 'RabbitMQ 4.0 removed mirroring: after the upgrade they have no replica. A mirror that was not in step loses what it had not copied.',
      advice: 'Make them quorum queues.',
    })),
    ...replicas(quorum, cluster),
    ...transient(lasting),
    ...dropping(lasting),
    ...slowJobs(lasting, question),
    ...(queueCount > queues.length ? [unread(queues.length, queueCount)] : []),
  ]
}

function replicas(quorum: readonly QueueReading[], cluster: boolean): readonly Finding[] {
  const withoutMajority = quorum.filter(
    ({ members, online }) => members.length > 0 && online.length <= members.length / 2,
  )
  const missing = quorum.filter(
    (queue) => queue.online.length < queue.members.length && !withoutMajority.includes(queue),
  )
  const few = cluster ? quorum.filter(({ members }) => members.length > 0 && members.length < FEWEST_MEMBERS) : []
  const troubled = new Set([...withoutMajority, ...missing, ...few])
  const well = quorum.filter((queue) => !troubled.has(queue) && cluster)
  return [
    ...about(withoutMajority, (names) => ({
      severity: 'problem',
      code: 'no-majority',
      is: `${names} ${withoutMajority.length === 1 ? 'has' : 'have'} no majority of members that run.`,
      why: 'Nothing is confirmed and nothing delivered: publishes hang, they are not refused.',
      advice: 'Start the nodes of the members that are down.',
    })),
    ...about(missing, (names) => ({
      severity: 'problem',
      code: 'members-down',
      is: `${names} ${missing.length === 1 ? 'has' : 'have'} members on nodes that are down.`,
      why: whatIsLeft(missing),
      advice: 'Start those nodes, or `rabbitmq-queues shrink` a node that will not come back and `grow` onto another.',
    })),
    ...about(few, (names) => ({
      severity: 'problem',
      code: 'too-few-members',
      is: `${names} ${few.length === 1 ? 'has' : 'have'} fewer than three members.`,
      why: 'Of two members neither is a majority without the other, so the loss of one node stops the queue.',
      advice: 'Add members: `rabbitmq-queues grow NODE all`.',
    })),
    ...(well.length > 0
      ? [
          fine(
            'queues',
            'replicas',
            `${counted(well)} ${well.length === 1 ? 'has' : 'have'} three members or more, all of which run.`,
          ),
        ]
      : []),
  ]
}

/** Of the queue that can lose the fewest more. */
function whatIsLeft(missing: readonly QueueReading[]): string {
  const spare = ({ members, online }: QueueReading): number => online.length - Math.floor(members.length / 2)
  const [worst] = missing.toSorted((one, other) => spare(one) - spare(other))
  if (!worst) return ''
  const more = spare(worst) === 1 ? 'one' : String(spare(worst))
  return `Of ${worst.members.length} members ${worst.online.length} are left: ${more} more, and nothing is confirmed.`
}

/** What a restart of its broker would take with it. */
function transient(lasting: readonly QueueReading[]): readonly Finding[] {
  const notDurable = lasting.filter(({ durable }) => !durable)
  const holding = lasting.filter(({ durable, persistent, messages }) => {
    return durable && persistent !== undefined && persistent < messages
  })
  const lost = holding.reduce((sum, { messages, persistent = messages }) => sum + messages - persistent, 0)
  return [
    ...about(notDurable, (names) => ({
      severity: 'problem',
      code: 'not-durable',
      is: `${names} ${notDurable.length === 1 ? 'is' : 'are'} not durable.`,
      why: 'Such a queue is gone, with its jobs, when its node restarts.',
      advice: 'Declare durable queues.',
    })),
    ...about(holding, (names) => ({
      severity: 'problem',
      code: 'not-persistent',
      is: `${formatCount(lost)} ${lost === 1 ? 'message' : 'messages'} in ${names} ${lost === 1 ? 'is' : 'are'} not persistent.`,
      why: 'A restart of the node loses each of them, confirmed or not.',
      advice: 'Find the client that sends with delivery mode 1, and have it send 2.',
    })),
  ]
}

/** Queues that make room by dropping what was confirmed. */
function dropping(lasting: readonly QueueReading[]): readonly Finding[] {
  const bounded = lasting.filter(({ settings }) => {
    const isBounded = settings['max-length'] !== undefined || settings['max-length-bytes'] !== undefined
    return isBounded && settings['overflow'] !== 'reject-publish' && settings['overflow'] !== 'reject-publish-dlx'
  })
  return about(bounded, (names) => ({
    severity: 'problem',
    code: 'drop-head',
    is: `${names} ${bounded.length === 1 ? 'has' : 'have'} a greatest length, and ${bounded.length === 1 ? 'drops' : 'drop'} the oldest jobs past it.`,
    why: 'While consumers are away, as in a failover, confirmed jobs are dropped without a word.',
    advice: 'Set overflow to reject-publish: then the sender hears of it.',
  }))
}

function slowJobs(
  lasting: readonly QueueReading[],
  { jobTimeMs, consumerTimeoutMs = CONSUMER_TIMEOUT_MS }: DoctorQuestion,
): readonly Finding[] {
  if (jobTimeMs === undefined) return []
  const timeoutOf = ({ settings }: QueueReading): number => {
    const own = settings['consumer-timeout']
    return typeof own === 'number' && own > 0 ? own : consumerTimeoutMs
  }
  const cut = lasting.filter((queue) => timeoutOf(queue) <= jobTimeMs)
  if (lasting.length > 0 && cut.length === 0) {
    const is = `A job may take ${formatSeconds(Math.min(...lasting.map(timeoutOf)))} (consumer_timeout), and takes ${formatSeconds(jobTimeMs)}.`
    return [fine('queues', 'consumer-timeout', is)]
  }
  const shortest = Math.min(...cut.map(timeoutOf))
  return about(cut, (names) => ({
    severity: 'problem',
    code: 'consumer-timeout',
    is: `A job takes ${formatSeconds(jobTimeMs)}, and ${names} ${cut.length === 1 ? 'gives' : 'give'} it ${formatSeconds(shortest)} (consumer_timeout: 30 min unless the nodes are configured otherwise, which --config rabbitmq.conf tells).`,
    why: 'The broker then closes the channel (406) and delivers the job again, while the first run of it goes on.',
    advice:
      'Set consumer-timeout by a policy above the longest job (from RabbitMQ 3.11.15 on; before, consumer_timeout of the nodes), or acknowledge earlier.',
  }))
}

function unread(read: number, all: number): Finding {
  return {
    severity: 'note',
    area: 'queues',
    code: 'queues-not-read',
    is: `The first ${formatCount(read)} of ${formatCount(all)} queues were looked at.`,
    why: 'The others may be otherwise.',
    advice: 'Name the one that matters: --to QUEUE.',
  }
}

/** One finding for queues that have the same to be said of them, or none. */
function about(
  queues: readonly QueueReading[],
  toFinding: (names: string) => Omit<Finding, 'area'>,
): readonly Finding[] {
  if (queues.length === 0) return []
  return [{ area: 'queues', ...toFinding(listed(queues.map(({ name }) => name))) }]
}

function counted(queues: readonly QueueReading[]): string {
  return queues.length === 1 ? `The quorum queue ${queues[0]?.name}` : `${formatCount(queues.length)} quorum queues`
}
