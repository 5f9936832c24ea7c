import { UnderstudyError } from '../errors.ts'

/** More than any form has but that of an edit. */
const MOST_FORM_BYTES = 524_288

/**
 * The fields of a form that was sent, read no further than this.
 *
 * @throws UnderstudyError `invalid-option` for another kind of body, and for one that is longer.
 */
export async function readForm(request: Request, mostBytes: number = MOST_FORM_BYTES): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    throw new UnderstudyError('invalid-option', 'what is sent here is a form')
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > mostBytes)
      throw new UnderstudyError('invalid-option', `the form is longer than the ${mostBytes} bytes that are read here`)
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
