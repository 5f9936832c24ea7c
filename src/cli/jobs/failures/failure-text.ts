import { statusOf } from '../../../dashboard/failures/status-words.ts'
import type { FailureGroup } from '../../../jobs/failures/store.ts'
import type { KeptFailure } from '../../../jobs/failures/failure.ts'
import { formatDuration } from '../../arguments/duration.ts'
import { age, timeText } from '../age.ts'
import { argumentsText } from './failure-json.ts'
import { plainLine, plainText, textTable } from '../../terminal/text-table.ts'

const LEAST_ID = 8
const MOST_ID = 20

/** Kept failures as a table for a terminal, in the order given. */
export function failureTable(failures: readonly KeptFailure[], now: number, width: number): string {
  const ids = shortIds(failures)
  return textTable(
    [
      { title: 'ID', most: MOST_ID },
      { title: 'AGE', align: 'right' },
      { title: 'STATUS', most: 20 },
      { title: 'JOB', most: 20 },
      { title: 'TRY', align: 'right', most: 3 },
      { title: 'ERROR' },
    ],
    failures.map((failure, index) => [
      ids[index] ?? failure.id,
      age(failure.failedAt, now),
      statusOf(failure).word,
      failure.job === '' ? '?' : failure.job,
      String(failure.attempts.length),
      errorLine(failure),
    ]),
    width,
  )
}

/** Failures of one cause as a table for a terminal. */
export function groupTable(groups: readonly FailureGroup[], now: number, width: number): string {
  return textTable(
    [
      { title: 'COUNT', align: 'right' },
      { title: 'LAST', align: 'right' },
      { title: 'FINGERPRINT', most: 16 },
      { title: 'JOB', most: 20 },
      { title: 'ERROR' },
    ],
    groups.map(({ count, lastAt, fingerprint, job, errorClass, errorMessage }) => [
      String(count),
      age(lastAt, now),
      fingerprint,
      job === '' ? '?' : job,
      `${errorClass}: ${errorMessage}`,
    ]),
    width,
  )
}

/** All that is known of one. */
export function failureDetails(failure: KeptFailure, now: number): string {
  const facts: readonly (readonly [string, string | number | undefined])[] = [
    ['job', failure.job === '' ? '(the message did not say)' : failure.job],
    ['job id', failure.jobId],
    ['queue', failure.queue],
    ['status', statusText(failure)],
    ['reason', failure.reason],
    ['error', errorLine(failure)],
    ['code', failure.errorCode],
    ['fingerprint', failure.fingerprint],
    ['failed', `${timeText(failure.failedAt)} (${age(failure.failedAt, now)} ago)`],
    ['first failed', failure.firstFailedAt === failure.failedAt ? undefined : timeText(failure.firstFailedAt)],
    ['enqueued', time(failure.enqueuedAt)],
    ['expires', time(failure.expiresAt)],
    ['sent back', failure.requeues === 0 ? undefined : `${failure.requeues} times before`],
    ['worker', failure.worker],
    ['broker', `${failure.broker.url} (${failure.broker.kind})`],
    ['request', failure.requestId],
    ['reply to', failure.replyTo],
    ['priority', failure.priority],
    ['trace', failure.traceparent],
  ]
  const lines = [plainLine(failure.id)]
  for (const [name, value] of facts)
    if (value !== undefined) lines.push(`  ${name.padEnd(13)}${plainLine(String(value))}`)
  section(lines, 'attempts', failure.attempts.map(attemptLine))
  section(lines, `arguments (${failure.contentType ?? 'bytes'})`, plainText(argumentsText(failure)).split('\n'))
  section(
    lines,
    'headers',
    Object.entries(failure.headers).map(([name, value]) => plainLine(`${name}: ${value}`)),
  )
  section(lines, 'stack', failure.stack === undefined ? [] : plainText(failure.stack).split('\n'))
  return `${lines.join('\n')}\n`
}

/** Class and message on one line. */
function errorLine({ errorClass, errorMessage }: KeptFailure): string {
  return errorMessage === '' ? errorClass : `${errorClass}: ${errorMessage}`
}

function section(lines: string[], title: string, content: readonly string[]): void {
  if (content.length > 0) lines.push('', `${title}:`, ...content.map((line) => `  ${line}`))
}

function attemptLine({ attempt, at, worker, broker, error, durationMs }: KeptFailure['attempts'][number]): string {
  return plainLine(
    `${attempt}. ${timeText(at)} after ${formatDuration(durationMs)} by ${worker} on ${broker}: ${error}`,
  )
}

function statusText({ status, retriedAt, retriedBy, retryJobId, jobId, resolvedAt }: KeptFailure): string {
  const by = retriedBy === undefined ? '' : ` by ${retriedBy}`
  const { word } = statusOf({ status, resolvedAt: undefined })
  const sent =
    retriedAt === undefined ? word : `${status === 'retried' ? '' : `${word}, `}sent back ${timeText(retriedAt)}${by}`
  const as = retryJobId === undefined || retryJobId === jobId ? '' : ` as job ${retryJobId}`
  const done = resolvedAt === undefined ? '' : `, succeeded ${timeText(resolvedAt)}`
  return `${sent}${as}${done}`
}

function time(at: number | undefined): string | undefined {
  return at === undefined ? undefined : timeText(at)
}

/** The beginning of each job's id, as long as it takes to tell the jobs apart, and how often it had been sent back. */
function shortIds(failures: readonly Pick<KeptFailure, 'jobId' | 'requeues' | 'id'>[]): readonly string[] {
  const jobs = new Set(failures.map(({ jobId }) => jobId))
  for (let length = LEAST_ID; length < MOST_ID - 2; length++) {
    if (new Set([...jobs].map((jobId) => jobId.slice(0, length))).size < jobs.size) continue
    return failures.map(({ jobId, requeues }) => `${jobId.slice(0, length)}.${requeues}`)
  }
  return failures.map(({ id }) => id)
}
