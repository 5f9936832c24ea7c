import { callManagement, type ManagementAddress } from './management-call.ts'

export interface NodeReading {
  readonly name: string
  readonly running: boolean
  readonly memoryAlarm: boolean
  readonly diskAlarm: boolean
  /** The nodes that it has been cut off from since it began. */
  readonly partitions: readonly string[]
  /** After how long a silent node is taken for gone, in milliseconds; undefined where that is not told. */
  readonly netTickMs: number | undefined
}

export interface QueueReading {
  readonly name: string
  readonly type: string
  readonly durable: boolean
  /** Of one connection, or gone with its last consumer: nobody expects it after a failover. */
  readonly fleeting: boolean
  readonly state: string
  /** The nodes that hold a replica, for a queue that has any. */
  readonly members: readonly string[]
  /** Those of them that run. */
  readonly online: readonly string[]
  readonly messages: number
  /** Undefined where it is not counted. */
  readonly persistent: number | undefined
  /** Its arguments, and over them what the policies make of it, by the names of policies. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** What a cluster tells of itself to who asks its management API. */
export interface ManagementReading {
  readonly version: string | undefined
  readonly cluster: string | undefined
  readonly nodes: readonly NodeReading[]
  readonly queues: readonly QueueReading[]
  /** How many queues there are, of which `queues` may hold the first alone. */
  readonly queueCount: number
}

export interface ReadManagementOptions {
  /** As in AMQP, `/` by default. */
  readonly virtualHost: string
  /** The one queue to read; all of the virtual host when undefined. */
  readonly queue: string | undefined
  /** The longest that each answer may take, in milliseconds. */
  readonly withinMs: number
  readonly signal: AbortSignal
}

const PAGE = 500
const MOST_PAGES = 4

/**
 * Asks for what decides a failover, and changes nothing.
 *
 * @throws UnderstudyError as `callManagement`.
 */
export async function readManagement(
  address: ManagementAddress,
  { virtualHost, queue, withinMs, signal }: ReadManagementOptions,
): Promise<ManagementReading> {
  const get = (path: string): Promise<unknown> => callManagement(address, path, withinMs, signal)
  const host = encodeURIComponent(virtualHost)
  const [overview, nodes, found] = await Promise.all([
    get('overview'),
    get('nodes'),
    queue === undefined ? readPages(get, host) : readOne(get, host, queue),
  ])
  const about = fieldsOf(overview)
  return {
    version: text(about['rabbitmq_version']),
    cluster: text(about['cluster_name']),
    nodes: listOf(nodes).map(toNode),
    ...found,
  }
}

type Queues = Pick<ManagementReading, 'queues' | 'queueCount'>

async function readOne(get: (path: string) => Promise<unknown>, host: string, queue: string): Promise<Queues> {
  const answer = await get(`queues/${host}/${encodeURIComponent(queue)}`)
  const queues = answer === undefined ? [] : [toQueue(answer)]
  return { queues, queueCount: queues.length }
}

async function readPages(get: (path: string) => Promise<unknown>, host: string): Promise<Queues> {
  const queues: QueueReading[] = []
  let queueCount = 0
  for (let page = 1; page <= MOST_PAGES; page++) {
    const answer = await get(`queues/${host}?page=${page}&page_size=${PAGE}`)
    // A version without pages answers with the whole list.
    if (Array.isArray(answer)) return { queues: answer.map(toQueue), queueCount: answer.length }
    const { items, total_count: total, page_count: pages } = fieldsOf(answer)
    queues.push(...listOf(items).map(toQueue))
    queueCount = Math.max(queues.length, Number(total) || 0)
    if (page >= (Number(pages) || 0)) break
  }
  return { queues, queueCount }
}

function toNode(answer: unknown): NodeReading {
  const { name, running, mem_alarm, disk_free_alarm, partitions, net_ticktime: netTick } = fieldsOf(answer)
  return {
    name: text(name) ?? 'a node without a name',
    running: running === true,
    memoryAlarm: mem_alarm === true,
    diskAlarm: disk_free_alarm === true,
    partitions: names(partitions),
    netTickMs: typeof netTick === 'number' && netTick > 0 ? netTick * 1000 : undefined,
  }
}

function toQueue(answer: unknown): QueueReading {
  const fields = fieldsOf(answer)
  const { exclusive, auto_delete } = fields
  const fromArguments = Object.entries(fieldsOf(fields['arguments'])).map(([name, value]) => [
    name.replace(/^x-/, ''),
    value,
  ])
  return {
    name: text(fields['name']) ?? 'a queue without a name',
    type: text(fields['type']) ?? 'classic',
    durable: fields['durable'] !== false,
    fleeting: exclusive === true || auto_delete === true,
    state: text(fields['state']) ?? 'unknown',
    members: names(fields['members']),
    online: names(fields['online']),
    messages: Number(fields['messages']) || 0,
    persistent: typeof fields['messages_persistent'] === 'number' ? fields['messages_persistent'] : undefined,
    settings: { ...fieldsOf(fields['effective_policy_definition']), ...Object.fromEntries(fromArguments) },
  }
}

// The answers are another program's: nothing of their shape is taken for granted.

function fieldsOf(answer: unknown): Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer)
    ? (answer as Readonly<Record<string, unknown>>)
    : {}
}

function listOf(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function names(value: unknown): readonly string[] {
  return listOf(value).filter((one) => typeof one === 'string')
}
