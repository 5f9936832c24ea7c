import type { Readable, Transform, TransformCallback } from 'node:stream'

type TransformFunction = (this: Transform, chunk: Buffer, encoding: BufferEncoding, done: TransformCallback) => void

/**
 * Stands before the `_transform` of the stream in which stompit takes frames apart, for two of its faults:
 *
 * - It turns each chunk of a header into text for itself, so a character that two packets share comes
 *   out as two broken ones. Here a chunk ends with a whole character, and the rest waits for the next
 *   chunk. A frame ends with a NUL byte, so nothing ever waits for a chunk that does not come.
 * - It asks a header object for its own `hasOwnProperty`, so a message with a header of that name would
 *   throw, and do so again on every connection that it is delivered to. Here its header objects cannot
 *   lose that method: the header alone is lost. Whatever else throws is an error of the connection.
 */
export function carefulTransform(): TransformFunction {
  let held: Buffer | undefined
  let watched = false
  return function (chunk, encoding, done) {
    if (!watched) {
      watchFrames(this)
      guardHeaders(this)
      watched = true
    }
    const bytes = held ? Buffer.concat([held, chunk]) : chunk
    const end = bytes.length - cutCharacter(bytes)
    held = end < bytes.length ? bytes.subarray(end) : undefined
    const stompit = Object.getPrototypeOf(this) as Transform
    try {
      stompit._transform.call(this, bytes.subarray(0, end), encoding, done)
    } catch (error) {
      done(error instanceof Error ? error : new Error('the frame cannot be read'))
    }
  }
}

/** A frame that fails takes the stream it came out of with it. */
function watchFrames(stream: Transform): void {
  const push = stream.push.bind(stream)
  stream.push = (frame: Readable | null) => {
    frame?.on('error', (error) => stream.destroy(error))
    return push(frame)
  }
}

/** What stompit fills with headers: it has no property but them, and one method that they cannot replace. */
const HEADERS: object = Object.create(null, {
  hasOwnProperty: { get: () => hasOwnProperty, set: () => {} },
}) as object

function hasOwnProperty(this: object, name: string): boolean {
  return Object.hasOwn(this, name)
}

/** The stream begins each frame with an empty header object of its own; a guarded one takes its place. */
function guardHeaders(stream: Transform): void {
  let headers = Object.create(HEADERS) as object
  Object.defineProperty(stream, '_headers', {
    get: () => headers,
    set: () => {
      headers = Object.create(HEADERS) as object
    },
  })
}

/** How many bytes at the end begin a UTF-8 character without finishing it. */
function cutCharacter(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < lengthOf(byte) ? back : 0
  }
  return 0
}

function lengthOf(firstByte: number): number {
  if (firstByte >= 0xf0) return 4
  return firstByte >= 0xe0 ? 3 : 2
}
