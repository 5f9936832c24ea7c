import { UnderstudyError } from '../errors.ts'

// Fatal: a body that is not UTF-8 is an error, never a text with replacement characters.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
// A text is what was sent, to the letter; for JSON a byte order mark means nothing.
const BYTE_ORDER_MARK = '\uFEFF'

/** @throws UnderstudyError `decode` when the bytes are not UTF-8. */
export function decodeText(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch (cause) {
    throw new UnderstudyError('decode', 'the body is not UTF-8 text', { cause })
  }
}

/** @throws UnderstudyError `decode` when the bytes are not JSON in UTF-8. */
export function decodeJson(body: Uint8Array): unknown {
  const text = decodeText(body)
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)
  } catch (cause) {
    throw new UnderstudyError('decode', 'the body is not JSON', { cause })
  }
}
