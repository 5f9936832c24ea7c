import type { WorkerDescription, WorkerState } from './description.ts'

/** Something with a JSON body: a delivery or a reply. */
interface Said {
  json(): unknown
}

const STATES: ReadonlySet<string> = new Set<WorkerState>(['idle', 'running', 'paused', 'stopping', 'stopped'])

/** What a worker said of itself; undefined for anything else that may come along the same way. Never throws. */
export function readDescription(said: Said): WorkerDescription | undefined {
  let value: unknown
  try {
    value = said.json()
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { id, name, host, pid, state, queues, concurrency, slots, done, since, at, heartbeatMs } =
    value as Partial<WorkerDescription>
  const fits =
    [id, name, host].every((text) => typeof text === 'string' && text !== '') &&
    [pid, concurrency, since, at].every(Number.isFinite) &&
    STATES.has(String(state)) &&
    Array.isArray(queues) &&
    Array.isArray(slots) &&
    typeof done === 'object' &&
    done !== null &&
    Number(heartbeatMs) > 0
  return fits ? (value as WorkerDescription) : undefined
}
