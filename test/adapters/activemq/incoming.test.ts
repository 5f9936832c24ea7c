import assert from 'node:assert/strict'
import { Transform, type TransformCallback } from 'node:stream'
import test from 'node:test'
import * as fc from 'fast-check'
import { carefulTransform } from '../../../adapters/activemq/incoming.ts'

/** Like stompit's stream, turns each chunk into text for itself. */
class Reader extends Transform {
  readonly texts: string[] = []
  readonly chunks: Buffer[] = []

  constructor() {
    super({ objectMode: true, transform: carefulTransform() })
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.texts.push(chunk.toString('utf8'))
    this.chunks.push(chunk)
    done()
  }
}

/** The bytes in pieces of these lengths, and the rest. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (const length of lengths) {
    pieces.push(bytes.subarray(from, from + length))
    from += length
  }
  return [...pieces, bytes.subarray(from)]
}

const lengths = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 })

test('wherever text is cut, no chunk ends within a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), lengths, (text, at) => {
      const reader = new Reader()
      for (const piece of cut(Buffer.from(`${text}\0`), at)) reader.write(piece)
      assert.equal(reader.texts.join(''), `${text}\0`)
    }),
    { numRuns: 1000 },
  )
})

test('wherever bytes are cut, text or not, all of them come in their order once the NUL is there', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), lengths, (body, at) => {
      const bytes = Buffer.from([...body, 0])
      const reader = new Reader()
      for (const piece of cut(bytes, at)) reader.write(piece)
      assert.deepEqual(Buffer.concat(reader.chunks), bytes)
    }),
    { numRuns: 1000 },
  )
})
