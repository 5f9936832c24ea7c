import { UnderstudyError } from '../errors.ts'
import { decodeJson } from '../listener/codec.ts'
import { type Codec, Codecs, mediaType } from '../transport/codec.ts'

/** How a job's arguments become bytes and come back: the codec of the client, by content type. */
export type Serializer = Codec

/**
 * JSON: the default. A job without arguments, which are `undefined`, has an empty body and gets `undefined` again;
 * within objects JSON's own rules hold, such as dates that become texts.
 */
export const jsonSerializer: Serializer = {
  contentType: 'application/json',
  encode: (value) => {
    if (value === undefined) return NOTHING
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new TypeError(`a ${typeof value} is not JSON`)
    return Buffer.from(text, 'utf8')
  },
  decode: (bytes) => (bytes.length === 0 ? undefined : decodeJson(bytes)),
}

/** Bytes as they are, and nothing but bytes: they are not copied, and come back as a Buffer. */
export const bytesSerializer: Serializer = {
  contentType: 'application/octet-stream',
  encode: (value) => {
    if (value instanceof Uint8Array) return value
    throw new TypeError(`${value === null ? 'null' : `a ${typeof value}`} is not a Uint8Array`)
  },
  decode: (bytes) => bytes,
}

const NOTHING = Buffer.alloc(0)

/** @throws UnderstudyError `invalid-option` for arguments that the serializer cannot write. */
export function encodeArgs(serializer: Serializer, args: unknown): Buffer {
  return Codecs.encode(serializer, args)
}

/**
 * Arguments out of a message. One that names no content type is taken for one of the serializer's.
 *
 * @throws UnderstudyError `decode` for a body that is something else.
 */
export function decodeArgs(serializer: Serializer, body: Buffer, contentType: string | undefined): unknown {
  if (contentType !== undefined && mediaType(contentType) !== mediaType(serializer.contentType)) {
    const message = `the message is ${JSON.stringify(contentType)}, and the job reads ${serializer.contentType}`
    throw new UnderstudyError('decode', message)
  }
  return Codecs.decode(serializer, body)
}
