import { mediaType } from '../../../transport/codec.ts'
import type { Failure } from '../../../jobs/failures/failure.ts'
import { indentJson } from './indent-json.ts'

/** How the arguments of a failure are shown. */
export type BodyForm = 'json' | 'text' | 'hex'

export interface BodyText {
  readonly form: BodyForm
  readonly text: string
  /** Whether there is more than is shown. */
  readonly isCut: boolean
}

const MOST_CHARACTERS = 65_536
const MOST_HEX_BYTES = 4_096
/** What is larger is not read as JSON. */
const MOST_JSON_BYTES = 1_000_000

/** The arguments as text: as JSON on several lines, as they are, or byte by byte where they are no text. */
export function bodyText({ args, contentType }: Pick<Failure, 'args' | 'contentType'>, wanted?: BodyForm): BodyText {
  const text = wanted === 'hex' ? undefined : utf8(args)
  if (text === undefined) {
    const shown = args.subarray(0, MOST_HEX_BYTES)
    return { form: 'hex', text: hexDump(shown), isCut: shown.length < args.length }
  }
  const json = wanted !== 'text' && isJson(contentType) && args.length <= MOST_JSON_BYTES ? indentJson(text) : undefined
  const whole = json ?? text
  return {
    form: json === undefined ? 'text' : 'json',
    text: whole.slice(0, MOST_CHARACTERS),
    isCut: whole.length > MOST_CHARACTERS,
  }
}

export function isJson(contentType: string | undefined): boolean {
  const type = mediaType(contentType ?? '')
  return type === 'application/json' || type.endsWith('+json')
}

/** The text of these bytes; undefined where they are none, a zero among them included. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

/** Sixteen bytes a line: where they stand, what they are, and as ASCII. */
function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const ascii = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${ascii}`)
  }
  return lines.join('\n')
}
