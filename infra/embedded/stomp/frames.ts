import { UnderstudyError } from '../../../src/errors.ts'

/** The versions of STOMP that the broker speaks. */
export type StompVersion = '1.1' | '1.2'

/** Header names and values as text, unescaped. Where a name came twice, the first one stands. */
export type FrameHeaders = Readonly<Record<string, string>>

export interface Frame {
  readonly command: string
  readonly headers: FrameHeaders
  readonly body: Buffer
}

export const EMPTY_BODY: Buffer = Buffer.alloc(0)

// 1.0 had no escapes, and these two stay readable for it: STOMP 1.2, "Value Encoding".
const UNESCAPED_COMMANDS: ReadonlySet<string> = new Set(['CONNECT', 'STOMP', 'CONNECTED'])

/** Whether the headers of this command are written as they are, in every version. */
export function isUnescaped(command: string): boolean {
  return UNESCAPED_COMMANDS.has(command)
}

/**
 * The frame as bytes. `content-length` is not added: the caller says whether it belongs there.
 *
 * @throws UnderstudyError `protocol` when a header of a command that is written unescaped would break its line.
 */
export function encodeFrame(frame: Frame, version: StompVersion): Buffer {
  const encode = isUnescaped(frame.command) ? verbatim : version === '1.2' ? escape12 : escape11
  let head = `${frame.command}\n`
  for (const name in frame.headers) {
    const value = frame.headers[name]
    if (value !== undefined) head += `${encode(name)}:${encode(value)}\n`
  }
  head += '\n'
  const headBytes = Buffer.byteLength(head)
  const bytes = Buffer.allocUnsafe(headBytes + frame.body.length + 1)
  bytes.write(head, 0)
  frame.body.copy(bytes, headBytes)
  bytes[bytes.length - 1] = 0
  return bytes
}

const ESCAPES_12: Readonly<Record<string, string>> = { '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' }
const UNESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\r': '\r', '\\n': '\n', '\\c': ':' }

function escape12(text: string): string {
  return /[\\\r\n:]/.test(text) ? text.replaceAll(/[\\\r\n:]/g, (octet) => ESCAPES_12[octet] as string) : text
}

// 1.1 knows no escape for a carriage return.
function escape11(text: string): string {
  return /[\\\n:]/.test(text) ? text.replaceAll(/[\\\n:]/g, (octet) => ESCAPES_12[octet] as string) : text
}

function verbatim(text: string): string {
  if (/[\r\n]/.test(text)) throw new UnderstudyError('protocol', 'a line break cannot stand in an unescaped header')
  return text
}

/**
 * Undoes the escapes of a header name or value.
 *
 * @throws UnderstudyError `protocol` for an escape that the version does not define.
 */
export function unescapeHeader(text: string, version: StompVersion): string {
  if (!text.includes('\\')) return text
  return text.replaceAll(/\\[^]?/g, (sequence) => {
    const octet = version === '1.1' && sequence === '\\r' ? undefined : UNESCAPES[sequence]
    if (octet === undefined) {
      throw new UnderstudyError('protocol', `undefined escape sequence ${JSON.stringify(sequence)} in a header`)
    }
    return octet
  })
}
