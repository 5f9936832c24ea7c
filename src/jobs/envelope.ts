import type { AttemptRecord } from './failures/failure.ts'

/** The headers of a job's message; everything that is not the arguments. The message's id is the job's. */
export const HEADER = {
  /** The job's name. */
  job: 'understudy-job',
  /** The queue it was enqueued to; it may be read from another, such as a queue of dead letters. */
  queue: 'understudy-job-queue',
  /** Which attempt this is, from 1; left out for the first. */
  attempt: 'understudy-job-attempt',
  /** How often an operator sent it back; left out for never. */
  requeues: 'understudy-job-requeues',
  /** When it was enqueued, in milliseconds since the epoch. */
  enqueuedAt: 'understudy-job-enqueued-at',
  /** Before when nobody was to have it, in milliseconds since the epoch; left out where it had no delay. */
  dueAt: 'understudy-job-due-at',
  /** When it is of no use any more, in milliseconds since the epoch; left out for never. */
  expiresAt: 'understudy-job-expires-at',
  /** Its priority, so that a retry has it too: brokers do not tell; left out for none. */
  priority: 'understudy-job-priority',
  /** A short text about the arguments for people. */
  preview: 'understudy-job-preview',
  /** The request that it is a part of. */
  requestId: 'understudy-job-request-id',
  /** Jobs of one key are worked on once. */
  dedupKey: 'understudy-job-dedup-key',
  /** The failed attempts so far, as JSON: {@link AttemptRecord}, the last ones where they are many. */
  history: 'understudy-job-history',
} as const

/** What the names of this package's own headers begin with; applications have others. */
export const OWN_PREFIX = 'understudy-'

/** What the headers of a job's message say. Times are milliseconds since the epoch. */
export interface Envelope {
  /** The job's name; empty where the message does not say. */
  readonly job: string
  /** The queue it was enqueued to; undefined where the message does not say. */
  readonly queue: string | undefined
  /** From 1. */
  readonly attempt: number
  readonly requeues: number
  readonly enqueuedAt: number | undefined
  readonly dueAt: number | undefined
  readonly expiresAt: number | undefined
  /** From 0 to 9. */
  readonly priority: number | undefined
  readonly preview: string
  readonly requestId: string | undefined
  readonly dedupKey: string | undefined
  /** The eldest first. */
  readonly history: readonly AttemptRecord[]
}

/** One execution of one job: what a ledger remembers. */
export function runKey(jobId: string, requeues: number, attempt: number): string {
  return `${jobId}/${requeues}/${attempt}`
}

/** Reads whatever the headers hold: what is not there or makes no sense has its default. Never throws. */
export function readEnvelope(headers: Readonly<Record<string, string>>): Envelope {
  return {
    job: headers[HEADER.job] ?? '',
    queue: headers[HEADER.queue] || undefined,
    attempt: readWhole(headers[HEADER.attempt], 1) ?? 1,
    requeues: readWhole(headers[HEADER.requeues], 0) ?? 0,
    enqueuedAt: readWhole(headers[HEADER.enqueuedAt], 0),
    dueAt: readWhole(headers[HEADER.dueAt], 0),
    expiresAt: readWhole(headers[HEADER.expiresAt], 0),
    priority: readWhole(headers[HEADER.priority], 0, 9),
    preview: headers[HEADER.preview] ?? '',
    requestId: headers[HEADER.requestId] || undefined,
    dedupKey: headers[HEADER.dedupKey] || undefined,
    history: readHistory(headers[HEADER.history]),
  }
}

/** The headers that say it, beside those of the application's own, whose names must be others. */
export function writeEnvelope(
  envelope: Envelope,
  applications: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const headers: Record<string, string> = { ...applications, [HEADER.job]: envelope.job }
  if (envelope.queue !== undefined) headers[HEADER.queue] = envelope.queue
  if (envelope.attempt !== 1) headers[HEADER.attempt] = String(envelope.attempt)
  if (envelope.requeues !== 0) headers[HEADER.requeues] = String(envelope.requeues)
  if (envelope.enqueuedAt !== undefined) headers[HEADER.enqueuedAt] = String(Math.round(envelope.enqueuedAt))
  if (envelope.dueAt !== undefined) headers[HEADER.dueAt] = String(Math.round(envelope.dueAt))
  if (envelope.expiresAt !== undefined) headers[HEADER.expiresAt] = String(Math.round(envelope.expiresAt))
  if (envelope.priority !== undefined) headers[HEADER.priority] = String(envelope.priority)
  if (envelope.preview !== '') headers[HEADER.preview] = envelope.preview
  if (envelope.requestId !== undefined) headers[HEADER.requestId] = envelope.requestId
  if (envelope.dedupKey !== undefined) headers[HEADER.dedupKey] = envelope.dedupKey
  if (envelope.history.length > 0) headers[HEADER.history] = writeHistory(envelope.history)
  return headers
}

/** The application's own headers, without those of this package. */
export function applicationHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const own: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && !name.startsWith(OWN_PREFIX)) own[name] = value
  }
  return own
}

// ActiveMQ refuses header lines over 10 KiB, and escapes make a line longer than its text.
const MOST_HISTORY_BYTES = 4096
const MOST_RECORDS = 100
const LONGEST_TEXT = 200

/** The last attempts as JSON, as many as fit into 4 KiB. */
function writeHistory(history: readonly AttemptRecord[]): string {
  const written: string[] = []
  let bytes = '[]'.length
  for (const record of history.slice(-MOST_RECORDS).toReversed()) {
    const text = JSON.stringify(clipped(record))
    bytes += Buffer.byteLength(text) + ','.length
    if (bytes > MOST_HISTORY_BYTES) break
    written.push(text)
  }
  return `[${written.toReversed().join(',')}]`
}

/** The records that can be read; none where the text is something else. */
function readHistory(text: string | undefined): readonly AttemptRecord[] {
  if (text === undefined) return []
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.slice(-MOST_RECORDS).filter(isRecord).map(clipped) : []
  } catch {
    return []
  }
}

function isRecord(value: unknown): value is AttemptRecord {
  if (typeof value !== 'object' || value === null) return false
  const { attempt, at, worker, broker, error, durationMs } = value as Partial<Record<keyof AttemptRecord, unknown>>
  return (
    [attempt, at, durationMs].every(Number.isFinite) &&
    [worker, broker, error].every((text) => typeof text === 'string')
  )
}

function clipped({ attempt, at, worker, broker, error, durationMs }: AttemptRecord): AttemptRecord {
  return { attempt, at, worker: clip(worker), broker: clip(broker), error: clip(error), durationMs }
}

function clip(text: string): string {
  return text.length <= LONGEST_TEXT ? text : text.slice(0, LONGEST_TEXT)
}

function readWhole(text: string | undefined, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= most ? value : undefined
}
