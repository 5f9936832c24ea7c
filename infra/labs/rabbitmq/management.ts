import { request } from 'node:http'
import type { ProcessState } from '../../../src/drill/broker-control.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { hostOf } from '../host-of.ts'
import type { LabFolder } from '../lab-folder.ts'
import { portOf } from '../processes/node-control.ts'
import { managementPortName, nodeOfErlangName } from './config.ts'
import { readRabbitmqSecrets } from './secrets.ts'

/** A queue as one node's management API tells of it. */
export interface QueueView {
  readonly name: string
  /** Who serves it: the leader of a quorum queue, the home of a classic one. Undefined while nobody does. */
  readonly node: string | undefined
}

const ANSWER_WITHIN_MS = 2000
const VIRTUAL_HOST = '%2F'

/**
 * Asks one node for a queue of the default virtual host. Undefined when there is no such queue, or its
 * home node is not there: the API does not tell the two apart.
 *
 * @throws UnderstudyError `unsupported` when the node does not answer within 2 s, or refuses.
 */
export async function readQueue(folder: LabFolder, node: string, queue: string): Promise<QueueView | undefined> {
  const path = `queues/${VIRTUAL_HOST}/${encodeURIComponent(queue)}?${COLUMNS}`
  const answer = await ask(folder, node, path)
  return answer === undefined ? undefined : toView(answer)
}

/** The same for all queues there are. @throws UnderstudyError `unsupported` likewise. */
export async function readQueues(folder: LabFolder, node: string): Promise<QueueView[]> {
  const answer = await ask(folder, node, `queues/${VIRTUAL_HOST}?${COLUMNS}`)
  return Array.isArray(answer) ? answer.map(toView) : []
}

/** The nodes of the cluster that run, as one of them sees it. @throws UnderstudyError `unsupported` likewise. */
export async function readRunningNodes(folder: LabFolder, node: string): Promise<string[]> {
  const answer = await ask(folder, node, 'nodes?columns=name,running')
  const nodes = Array.isArray(answer) ? (answer as readonly { name?: unknown; running?: unknown }[]) : []
  return nodes.flatMap(({ name, running }) => (running === true ? [nodeOfErlangName(String(name))] : []))
}

/**
 * The nodes that this one has lost and found again without either having been restarted, which leaves a cluster in
 * two minds. @throws UnderstudyError `unsupported` likewise.
 */
export async function readPartitions(folder: LabFolder, node: string): Promise<string[]> {
  const answer = await ask(folder, node, 'nodes?columns=partitions')
  const nodes = Array.isArray(answer) ? (answer as readonly { partitions?: unknown }[]) : []
  return nodes.flatMap(({ partitions }) => (Array.isArray(partitions) ? partitions.map(String) : []))
}

/** A resource alarm that is in effect somewhere in the cluster. */
export interface AlarmView {
  readonly node: string
  /** `memory` or `disk space`. */
  readonly resource: string
}

/** The alarms in effect in the cluster, as one node knows them. @throws UnderstudyError `unsupported` likewise. */
export async function readAlarms(folder: LabFolder, node: string): Promise<AlarmView[]> {
  // 503 is this question's way to say that there are some.
  const answer = (await ask(folder, node, 'health/checks/alarms', [200, 503])) as { alarms?: unknown } | undefined
  const alarms = Array.isArray(answer?.alarms) ? (answer.alarms as readonly Readonly<Record<string, unknown>>[]) : []
  return alarms.map(({ node: name, resource }) => ({
    node: nodeOfErlangName(String(name)),
    resource: String(resource),
  }))
}

/**
 * The nodes to which this program's clients are connected that publish with confirms, by what the nodes told
 * the API some seconds ago. @throws UnderstudyError `unsupported` likewise.
 */
export async function readPublishersNodes(folder: LabFolder, node: string): Promise<string[]> {
  const answer = await ask(folder, node, 'channels?columns=node,confirm')
  const channels = Array.isArray(answer) ? (answer as readonly { node?: unknown; confirm?: unknown }[]) : []
  return channels.flatMap(({ node: name, confirm }) => (confirm === true ? [nodeOfErlangName(String(name))] : []))
}

/**
 * What the nodes say whose processes run, in the order of the nodes.
 *
 * @throws UnderstudyError `unsupported` when none of them answers.
 */
export async function askRunningNodes<Answer>(
  folder: LabFolder,
  stateOf: (node: string) => ProcessState,
  question: (node: string) => Promise<Answer>,
): Promise<Answer[]> {
  const asked = folder.read().nodes.filter((node) => stateOf(node) === 'running')
  const answers = await Promise.allSettled(asked.map(question))
  const told = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  if (told.length > 0) return told
  const failure: unknown = answers.find((answer) => answer.status === 'rejected')?.reason
  throw failure instanceof UnderstudyError
    ? failure
    : new UnderstudyError('unsupported', `no node of ${folder.id} runs`)
}

// `disable_stats`: as the cluster has it now, not as its statistics had it some seconds ago.
const COLUMNS = 'disable_stats=true&enable_queue_totals=true&columns=name,type,leader,node,state'

function toView(answer: unknown): QueueView {
  const { name, type, leader, node, state } = answer as Readonly<Record<string, unknown>>
  const serving = type === 'quorum' ? leader : state === 'down' ? undefined : node
  return {
    name: String(name),
    node: typeof serving === 'string' && serving.includes('@') ? nodeOfErlangName(serving) : undefined,
  }
}

/** Undefined is 404. */
function ask(
  folder: LabFolder,
  node: string,
  path: string,
  answers: readonly (number | undefined)[] = [200],
): Promise<unknown> {
  const { client } = readRabbitmqSecrets(folder)
  const state = folder.read()
  const port = portOf(state.ports, managementPortName(node))
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void => {
      reject(new UnderstudyError('unsupported', `the management API of node ${node} ${why}`, { cause }))
    }
    const call = request({
      host: hostOf(state, node),
      port,
      path: `/api/${path}`,
      auth: `${client.username}:${client.password}`,
      agent: false,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    call.once('error', (error) => fail(`does not answer (${error.name === 'AbortError' ? 'silence' : error.message})`))
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', (error) => fail(`broke its answer off (${error.message})`, error))
      response.once('end', () => {
        if (response.statusCode === 404) return resolve(undefined)
        if (!answers.includes(response.statusCode)) return fail(`answered ${response.statusCode}`)
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')))
        } catch (error) {
          fail('answered something that is no JSON', error)
        }
      })
    })
    call.end()
  })
}
