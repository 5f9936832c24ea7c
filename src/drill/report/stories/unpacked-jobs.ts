import type { AttemptOutcome } from '../../history.ts'
import type { Attempt, Delivery } from '../../checker/jobs-ledger.ts'
import type { Fate, JobEvent, JobStory } from './job-stories.ts'
import { EVENT, guessNumber, nextId, PACKED_OUTCOMES, PACKED_TYPES, type PackedTable, RECORD } from './packed-jobs.ts'

// These functions run in the page, too: they are written into it as they stand (see `browser-code.ts`). So they
// call nothing but each other and what `packed-jobs.ts` exports.

/** One entry for each job, in the order they fell due. Times are milliseconds from the zero of the page. */
export interface JobColumns {
  readonly bytes: Uint8Array
  readonly table: PackedTable
  readonly id: readonly string[]
  /** NaN where the history does not say. */
  readonly dueMs: Float64Array
  /** From due to confirmed; NaN where it never was. */
  readonly latencyMs: Float64Array
  /** Index of the endpoint that confirmed it. */
  readonly by: Uint8Array
  /** A bit for each fate but the plain one. */
  readonly mask: Uint32Array
  /** A bit for each of the first 31 endpoints that it met. */
  readonly met: Uint32Array
  readonly attempts: Uint16Array
  readonly deliveries: Uint16Array
  readonly gaveUp: Uint8Array
  /** Where its events begin, the microsecond that they count from, and which endpoint was the last before. */
  readonly offset: Uint32Array
  readonly fromUs: Float64Array
  readonly before: Uint8Array
}

interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

interface RawEvent {
  readonly type: number
  readonly outcome: number
  readonly number: number
  readonly endpoint: number
  readonly us: number
}

export function readNumber(cursor: Cursor): number {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = cursor.bytes[cursor.at++] ?? 0
    value += (byte & 127) * scale
    if (byte < 128) return value
    scale *= 128
  }
}

export function readSigned(cursor: Cursor): number {
  const value = readNumber(cursor)
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

export function readEvents(cursor: Cursor, dueUs: number, before: number, each: (event: RawEvent) => void): number {
  let endpoint = before
  let us = dueUs
  let attempt = 0
  let deliveries = 0
  for (let left = readNumber(cursor); left > 0; left--) {
    const head = readNumber(cursor)
    const type = head & 7
    if (type === 3) deliveries++
    const number = head & EVENT.numbered ? readNumber(cursor) : guessNumber(type, attempt, deliveries)
    if (head & EVENT.elsewhere) endpoint = readNumber(cursor)
    us += readSigned(cursor)
    if (type === 0 || type === 6) attempt = number
    each({ type, outcome: (head >> 3) & 7, number, endpoint, us })
  }
  return endpoint
}

/** Reads every record once, for what the list, the map and the plots ask of all jobs. */
export function unpackJobs(bytes: Uint8Array, table: PackedTable): JobColumns {
  const { count } = table
  const cursor: Cursor = { bytes, at: 0 }
  const id: string[] = []
  const columns: JobColumns = {
    bytes,
    table,
    id,
    dueMs: new Float64Array(count),
    latencyMs: new Float64Array(count).fill(Number.NaN),
    by: new Uint8Array(count),
    mask: new Uint32Array(count),
    met: new Uint32Array(count),
    attempts: new Uint16Array(count),
    deliveries: new Uint16Array(count),
    gaveUp: new Uint8Array(count),
    offset: new Uint32Array(count),
    fromUs: new Float64Array(count),
    before: new Uint8Array(count),
  }
  const { dueMs, latencyMs, by, mask, met, attempts, deliveries, gaveUp, offset, fromUs, before } = columns
  let previous = ''
  let dueUs = 0
  let endpoint = 0
  for (let job = 0; job < count; job++) {
    const flags = readNumber(cursor)
    previous = flags & RECORD.literalId ? (table.ids[readNumber(cursor)] ?? '') : (nextId(previous) ?? '')
    id.push(previous)
    if (flags & RECORD.hasDue) dueUs += readSigned(cursor) + table.everyUs
    dueMs[job] = flags & RECORD.hasDue ? dueUs / 1000 : Number.NaN
    gaveUp[job] = flags & RECORD.gaveUp ? 1 : 0
    mask[job] = readNumber(cursor)
    offset[job] = cursor.at
    fromUs[job] = dueUs
    before[job] = endpoint
    const acked = new Map<number, number>()
    let confirmedUs = Number.POSITIVE_INFINITY
    endpoint = readEvents(cursor, dueUs, endpoint, (event) => {
      const { type, number } = event
      if ((type === 0 || type === 3) && event.endpoint < 31) met[job] = (met[job] ?? 0) | (1 << event.endpoint)
      if (type === 0 || type === 6) {
        attempts[job] = (attempts[job] ?? 0) + 1
        if (event.outcome === 0) acked.set(number, event.endpoint)
      } else if (type === 3) deliveries[job] = (deliveries[job] ?? 0) + 1
      else if (type === 1 && event.outcome === 0 && event.us < confirmedUs) {
        const confirmedBy = acked.get(number)
        if (confirmedBy === undefined) return
        confirmedUs = event.us
        by[job] = confirmedBy
      }
    })
    if (confirmedUs < Number.POSITIVE_INFINITY) latencyMs[job] = (confirmedUs - dueUs) / 1000
  }
  return columns
}

/** Everything that the history says of one job, as the checker's own ledger has it. Times are from the page's zero. */
export function unpackStory(columns: JobColumns, index: number): JobStory {
  const { bytes, table, dueMs, mask, offset, fromUs, before, gaveUp } = columns
  const id = columns.id[index] ?? ''
  const due = dueMs[index] ?? Number.NaN
  const attempts: Attempt[] = []
  const deliveries: Delivery[] = []
  const delivered: Extract<JobEvent, { type: 'dlv' }>[] = []
  const events: JobEvent[] = []
  const hasDue = !Number.isNaN(due)
  if (hasDue) {
    events.push({ t: due * 1e6, wall: 0, type: 'due', id, sequence: index + 1, dueNs: Math.round(due * 1e6) })
  }
  readEvents({ bytes, at: offset[index] ?? 0 }, fromUs[index] ?? 0, before[index] ?? 0, (raw) => {
    const { type, number } = raw
    const t = raw.us * 1000
    const stamp = { t, wall: 0, id }
    const endpoint = table.endpoints[raw.endpoint] ?? null
    const outcome: AttemptOutcome = PACKED_OUTCOMES[raw.outcome] ?? 'ambiguous'
    if (type === 0) events.push({ ...stamp, type: 'att', k: number, endpoint })
    if (type === 0 || type === 6) attempts.push({ k: number, endpoint, startNs: t, outcome, endNs: null })
    else if (type === 1) {
      events.push({ ...stamp, type: 'res', k: number, outcome })
      const attempt = attempts.find((one) => one.k === number)
      if (attempt && attempt.outcome === outcome && attempt.endNs === null) attempt.endNs = t
    } else if (type === 3) {
      const redelivered = raw.outcome === 1
      const event = { ...stamp, type: 'dlv' as const, runId: '', k: number, redelivered, endpoint: endpoint ?? '' }
      events.push(event)
      delivered.push(event)
      deliveries.push({ k: number, atNs: t, redelivered, ackConfirmedNs: null })
    } else {
      const name = PACKED_TYPES[type]
      if (name === 'giveup') events.push({ ...stamp, type: name })
      if (name === 'cack' || name === 'cackok') events.push({ ...stamp, type: name, n: number })
      const delivery = deliveries[number - 1]
      if (name === 'cackok' && table.acksConfirmed && delivery) delivery.ackConfirmedNs ??= t
    }
  })
  const fates = table.fates.filter((_, fate) => ((mask[index] ?? 0) >> fate) & 1) as Fate[]
  return {
    job: { id, dueNs: hasDue ? Math.round(due * 1e6) : null, gaveUp: gaveUp[index] === 1, attempts, deliveries },
    events,
    deliveries: delivered,
    fates: fates.length > 0 ? fates : ['once'],
  }
}
