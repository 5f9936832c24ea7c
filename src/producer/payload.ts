import { UnderstudyError } from '../errors.ts'
import { type Codec, Codecs } from '../transport/codec.ts'

/**
 * What may be sent: bytes as they are, text as UTF-8, anything else as JSON. Bytes are not copied: they
 * must stay as they are until the send has ended, since a resend reads them again; and of one that ends as `unknown`
 * for good, since a connection may still be writing them.
 */
export type Payload = ArrayBufferView | ArrayBuffer | string | number | boolean | null | object

export interface EncodedPayload {
  readonly body: Buffer
  readonly contentType: string | undefined
}

/**
 * A body that is written already, and what it is: it goes out as it is, whatever codecs a connection has. For what is
 * passed on, such as a job's arguments.
 */
export class WrittenBody implements EncodedPayload {
  readonly body: Buffer
  readonly contentType: string | undefined

  constructor(body: Buffer, contentType: string | undefined) {
    this.body = body
    this.contentType = contentType
  }
}

/** A payload by the codec of a content type that the caller named. */
export function encodeWith(codec: Codec, payload: Payload): EncodedPayload {
  return { body: Codecs.encode(codec, payload), contentType: codec.contentType }
}

/**
 * Turns a payload into a body and the content type that tells a listener what it is.
 *
 * @throws UnderstudyError `invalid-option` for what JSON cannot hold, such as a cycle or a function.
 */
export function encodePayload(payload: Payload): EncodedPayload {
  if (ArrayBuffer.isView(payload)) {
    return { body: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), contentType: undefined }
  }
  if (payload instanceof ArrayBuffer) return { body: Buffer.from(payload), contentType: undefined }
  if (typeof payload === 'string')
    return { body: Buffer.from(payload, 'utf8'), contentType: 'text/plain; charset=utf-8' }
  let text: string | undefined
  try {
    text = JSON.stringify(payload)
  } catch (cause) {
    throw new UnderstudyError('invalid-option', 'the payload cannot be written as JSON', { cause })
  }
  if (text === undefined) throw new UnderstudyError('invalid-option', `a ${typeof payload} cannot be written as JSON`)
  return { body: Buffer.from(text, 'utf8'), contentType: 'application/json' }
}
