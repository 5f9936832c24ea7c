import { HEADER } from '../jobs/envelope.ts'

/** What the headers of a job's message say of it; nothing for any other message. */
export function jobAttributes(headers: Readonly<Record<string, string>>): Record<string, string | number> {
  const job = headers[HEADER.job]
  if (job === undefined) return {}
  const requestId = headers[HEADER.requestId]
  return {
    'understudy.job.name': job,
    'understudy.job.attempt': count(headers[HEADER.attempt], 1),
    'understudy.job.requeues': count(headers[HEADER.requeues], 0),
    // A job that an operator sent back has no correlation id any more.
    ...(requestId === undefined ? {} : { 'messaging.message.conversation_id': requestId }),
  }
}

function count(text: string | undefined, otherwise: number): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : otherwise
}
