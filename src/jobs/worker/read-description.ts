import type {
  SlotDescription,
  WorkerCounts,
  WorkerDescription,
  WorkerQueueDescription,
  WorkerState,
} from './description.ts'

/** Something with a JSON body: a delivery or a reply. */
interface Said {
  json(): unknown
}

type Fields = Readonly<Record<string, unknown>>

const STATES: ReadonlySet<unknown> = new Set<WorkerState>(['idle', 'running', 'paused', 'stopping', 'stopped'])
// No worker takes from more queues or does more at a time, and none is silent for longer than a day.
const MOST_QUEUES = 1000
const MOST_SLOTS = 65_535
const LONGEST_HEARTBEAT_MS = 24 * 3_600_000

/**
 * What a worker said of itself, of which nothing is kept that is not known here; undefined for anything else that may
 * come along the same way. Never throws.
 */
export function readDescription(said: Said): WorkerDescription | undefined {
  let value: unknown
  try {
    value = said.json()
  } catch {
    return undefined
  }
  const { id, name, host, pid, state, concurrency, since, at, heartbeatMs, ...lists } = fieldsOf(value)
  const queues = listOf(lists['queues'], MOST_QUEUES, queueOf)
  const slots = listOf(lists['slots'], MOST_SLOTS, slotOf)
  const done = countsOf(lists['done'])
  if (!(isText(id) && isText(name) && isText(host) && id !== '' && name !== '' && host !== '')) return undefined
  if (!(isNumber(pid) && isNumber(concurrency) && isNumber(since) && isNumber(at))) return undefined
  if (!(isNumber(heartbeatMs) && heartbeatMs > 0 && heartbeatMs <= LONGEST_HEARTBEAT_MS)) return undefined
  if (!isState(state) || !queues || !slots || !done) return undefined
  return { id, name, host, pid, state, queues, concurrency, slots, done, since, at, heartbeatMs }
}

function queueOf(value: unknown): WorkerQueueDescription | undefined {
  const { queue, paused, waiting } = fieldsOf(value)
  const fits = isText(queue) && typeof paused === 'boolean' && isNumber(waiting)
  return fits ? { queue, paused, waiting } : undefined
}

function slotOf(value: unknown): SlotDescription | undefined {
  const { job, jobId, queue, attempt, since } = fieldsOf(value)
  const fits = isText(job) && isText(jobId) && isText(queue) && isNumber(attempt) && isNumber(since)
  return fits ? { job, jobId, queue, attempt, since } : undefined
}

function countsOf(value: unknown): WorkerCounts | undefined {
  const { succeeded, failed, retried, deduplicated, interrupted } = fieldsOf(value)
  const fits =
    isNumber(succeeded) && isNumber(failed) && isNumber(retried) && isNumber(deduplicated) && isNumber(interrupted)
  return fits ? { succeeded, failed, retried, deduplicated, interrupted } : undefined
}

/** Undefined where one of them is none, or there are more than a worker has. */
function listOf<One>(
  value: unknown,
  most: number,
  read: (one: unknown) => One | undefined,
): readonly One[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined
  const found: One[] = []
  for (const one of value) {
    const known = read(one)
    if (known === undefined) return undefined
    found.push(known)
  }
  return found
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function isState(value: unknown): value is WorkerState {
  return STATES.has(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
