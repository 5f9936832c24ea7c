import { messageOf, UnderstudyError } from '../../../errors.ts'
import type { Failure } from '../../../jobs/failures/failure.ts'
import { isJson, utf8 } from './body-text.ts'
import { indentJson } from './indent-json.ts'

/** How arguments stand in a box to be edited. */
export type EditForm = 'text' | 'base64'

export interface EditableBody {
  readonly form: EditForm
  readonly text: string
}

/** What is larger is edited by the command line. */
export const MOST_EDITABLE_BYTES = 1_048_576

/**
 * The arguments as somebody may edit them: as text where a box can give them back as they are, else as base64. Undefined
 * for what is too large.
 */
export function editableBody({ args, contentType }: Pick<Failure, 'args' | 'contentType'>): EditableBody | undefined {
  if (args.length > MOST_EDITABLE_BYTES) return undefined
  const text = utf8(args)
  const json = text !== undefined && isJson(contentType) ? indentJson(text) : undefined
  const plain = json ?? (text === undefined ? undefined : withBareLineEnds(text))
  // A box has no control characters, and no mark at the beginning.
  if (plain === undefined || /[\u0000-\u0008\u000b-\u001f\u007f\ufeff]/.test(plain))
    return {
      form: 'base64',
      text: Buffer.from(args)
        .toString('base64')
        .replaceAll(/(.{76})/g, '$1\n'),
    }
  return { form: 'text', text: plain }
}

/** With the line ends that a box gives back; undefined where it could not be told which there were. */
function withBareLineEnds(text: string): string | undefined {
  if (!text.includes('\r')) return text
  return hasPairedLineEnds(text) ? text.replaceAll('\r\n', '\n') : undefined
}

function hasPairedLineEnds(text: string): boolean {
  return text.includes('\r\n') && !/\r(?!\n)|(?<!\r)\n/.test(text)
}

/**
 * The bytes of what came back from the box; undefined where nothing was changed, so that what stands there is sent byte
 * by byte.
 *
 * @throws UnderstudyError `invalid-option` for what cannot be sent like this.
 */
export function editedBody(
  failure: Pick<Failure, 'args' | 'contentType'>,
  form: EditForm,
  written: string,
): Uint8Array | undefined {
  const text = written.replaceAll('\r\n', '\n')
  const before = editableBody(failure)
  if (before !== undefined && before.form === form && before.text === text) return undefined
  const bytes = form === 'base64' ? fromBase64(text) : Buffer.from(asItWas(failure, text))
  if (bytes.length > MOST_EDITABLE_BYTES)
    throw new UnderstudyError(
      'invalid-option',
      `the arguments may have ${MOST_EDITABLE_BYTES} bytes here, not ${bytes.length}`,
    )
  if (form === 'text' && isJson(failure.contentType)) checkJson(text)
  return Buffer.from(failure.args).equals(bytes) ? undefined : bytes
}

/** Text whose lines ended in pairs has them again. */
function asItWas({ args, contentType }: Pick<Failure, 'args' | 'contentType'>, text: string): string {
  return !isJson(contentType) && hasPairedLineEnds(utf8(args) ?? '') ? text.replaceAll('\n', '\r\n') : text
}

function checkJson(text: string): void {
  try {
    JSON.parse(text)
  } catch (error) {
    throw new UnderstudyError('invalid-option', `the arguments are no JSON: ${messageOf(error)}`)
  }
}

function fromBase64(text: string): Buffer {
  const packed = text.replaceAll(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed) || packed.length % 4 !== 0)
    throw new UnderstudyError('invalid-option', 'the arguments are no base64')
  return Buffer.from(packed, 'base64')
}
