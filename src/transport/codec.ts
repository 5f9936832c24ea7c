import { messageOf, UnderstudyError } from '../errors.ts'

/** Turns values into bytes and back, for one content type. */
export interface Codec {
  /** The MIME type that marks its messages, such as `application/msgpack`; parameters are ignored. */
  readonly contentType: string
  /** What it throws becomes an UnderstudyError `invalid-option`, before anything is sent. */
  encode(value: unknown): Uint8Array
  /** What it throws becomes an UnderstudyError `decode`. */
  decode(bytes: Buffer): unknown
}

/** The codecs of a connection beside bytes, text and JSON, which need none. */
export class Codecs {
  readonly #byType = new Map<string, Codec>()

  /** @throws UnderstudyError `invalid-option` for two codecs of one type, or one without a type. */
  constructor(codecs: readonly Codec[] = []) {
    for (const codec of codecs) {
      const type = mediaType(codec.contentType)
      if (!/^[^/\s]+\/[^/\s]+$/.test(type))
        throw new UnderstudyError(
          'invalid-option',
          `a codec's contentType must be a MIME type, not ${JSON.stringify(type)}`,
        )
      if (this.#byType.has(type)) throw new UnderstudyError('invalid-option', `two codecs have the type ${type}`)
      this.#byType.set(type, codec)
    }
  }

  /** The codec for a content type, or undefined. */
  for(contentType: string | undefined): Codec | undefined {
    if (contentType === undefined || this.#byType.size === 0) return undefined
    return this.#byType.get(mediaType(contentType))
  }

  static encode(codec: Codec, value: unknown): Buffer {
    try {
      const { buffer, byteOffset, byteLength } = codec.encode(value)
      return Buffer.from(buffer, byteOffset, byteLength)
    } catch (cause) {
      const message = `the payload cannot be written as ${codec.contentType}: ${messageOf(cause)}`
      throw new UnderstudyError('invalid-option', message, { cause })
    }
  }

  static decode(codec: Codec, bytes: Buffer): unknown {
    try {
      return codec.decode(bytes)
    } catch (cause) {
      throw new UnderstudyError('decode', `the body is not ${codec.contentType}: ${messageOf(cause)}`, { cause })
    }
  }
}

/** A MIME type without its parameters, in small letters. */
export function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
}
