import { mediaType } from '../transport/codec.ts'
import type { Job } from './job.ts'

const LONGEST = 200
// Of a character's four bytes at most, so that the cut comes after what is shown.
const MOST_BYTES = LONGEST * 4

/** What must not stand in a preview as it is: control characters, line separators, URLs, halves of characters. */
// oxlint-disable-next-line no-control-regex
const DOUBTFUL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff\ufffd]|:\/\//

/**
 * A short text about a job's arguments: what its own `preview` says, else the beginning of the body where that is text.
 * At most 200 characters, none of them a control character, and no credentials of URLs. Never throws.
 */
export function previewOf(job: Pick<Job, 'preview' | 'serializer'>, args: unknown, body: Buffer): string {
  return (job.preview && ownPreview(job, args)) ?? bodyPreview(body, job.serializer.contentType)
}

function ownPreview(job: Pick<Job, 'preview'>, args: unknown): string | undefined {
  try {
    const text: unknown = job.preview?.(args)
    return typeof text === 'string' ? cleanPreview(text.slice(0, MOST_BYTES), text.length > MOST_BYTES) : undefined
  } catch {
    // A preview is a courtesy: the job goes out all the same.
    return undefined
  }
}

function bodyPreview(body: Buffer, contentType: string): string {
  const type = mediaType(contentType)
  if (type !== 'application/json' && !type.endsWith('+json') && !type.startsWith('text/')) return `${body.length} bytes`
  return cleanPreview(body.toString('utf8', 0, MOST_BYTES), body.length > MOST_BYTES)
}

/** @param isCut whether more text followed: a URL at the end may have its credentials there. */
function cleanPreview(text: string, isCut: boolean): string {
  if (!DOUBTFUL.test(text)) return text.length <= LONGEST ? text : text.slice(0, LONGEST)
  const line = text
    // Everything up to the last @ of a word: passwords hold all sorts of characters.
    .replaceAll(/:\/\/[^\s"'<>]*@/g, '://')
    .replace(isCut ? /:\/\/[^\s"'<>]*$/ : /$^/, '://')
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .trim()
  return line.slice(0, LONGEST).toWellFormed()
}
