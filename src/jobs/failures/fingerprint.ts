import { createHash } from 'node:crypto'

// What tells causes apart stands at the beginning; a message may be as long as a page.
const MOST_CHARACTERS = 1000

/**
 * Failures of one cause share it: a hash of the job's name, the error's class and the message without numbers, ids,
 * addresses and quoted parts, as 16 hexadecimal digits. The same on every host and in every version of this package
 * that does not say otherwise in its changelog.
 */
export function fingerprint(job: string, errorClass: string, message: string): string {
  const text = [job, errorClass, causeOf(message)].join('\0')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** What stays of a message when all that differs from job to job is a `*`. */
export function causeOf(message: string): string {
  return (
    message
      .slice(0, MOST_CHARACTERS)
      // An apostrophe inside a word opens no quotation.
      .replaceAll(/"[^"]*"|`[^`]*`|(?<!\w)'[^']*'(?!\w)/g, '*')
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '*')
      .replaceAll(/\b(?:0x[0-9a-f]+|(?=[0-9a-f]*\d)[0-9a-f]{8,})\b/gi, '*')
      // Ids of other alphabets: long, and no word has digits in it.
      .replaceAll(/\b(?=\w*\d)\w{16,}\b/g, '*')
      .replaceAll(/\d+/g, '*')
      // Times, addresses and lists have as many parts as it happens.
      .replaceAll(/\*(?:[\s,.:/TZ+-]*\*)+Z?/g, '*')
      .replaceAll(/\s+/g, ' ')
      .trim()
  )
}
