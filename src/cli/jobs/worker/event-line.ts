import { messageOf } from '../../../errors.ts'
import type { JobEvent } from '../../../jobs/job-events.ts'
import { formatDuration } from '../../arguments/duration.ts'
import { plainLine } from '../../terminal/text-table.ts'

/** How a job ended, as a line for a person; undefined for events that end none. */
export function jobEventLine(event: JobEvent): string | undefined {
  const about = `${event.jobId} ${event.job === '' ? '?' : event.job}`
  switch (event.type) {
    case 'succeeded':
      return plainLine(`done ${about} ${formatDuration(event.durationMs)}`)
    case 'retried':
      return plainLine(`retry ${about} again in ${formatDuration(event.delayMs)}: ${thrown(event.error)}`)
    case 'failed':
      return plainLine(`failed ${about} ${event.reason}: ${thrown(event.error)}`)
    case 'deduplicated':
      return plainLine(`skipped ${about} it was finished before`)
    case 'interrupted':
      return plainLine(`let go ${about} it will be delivered again`)
    case 'enqueued':
    case 'started':
    case 'requeued':
      return undefined
  }
}

/** The event as one line of JSON. */
export function jobEventJson(event: JobEvent, at: number): string {
  const { type, ...rest } = event
  return JSON.stringify({ event: type, at, ...rest, ...('error' in rest ? { error: thrown(rest.error) } : {}) })
}

function thrown(error: unknown): string {
  const text = messageOf(error)
  return error instanceof Error && error.name !== 'Error' ? `${error.name}: ${text}` : text
}
