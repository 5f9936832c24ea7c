import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { UnderstudyError } from '../../src/errors.ts'
import { decodeJson, decodeText } from '../../src/listener/codec.ts'
import { encodePayload } from '../../src/producer/payload.ts'

test('bytes go as they are, whatever kind of view holds them', () => {
  const bytes = Uint8Array.from([0, 255, 10, 0, 13])
  for (const payload of [
    bytes,
    Buffer.from(bytes),
    bytes.buffer,
    new DataView(bytes.buffer),
    Uint8Array.from([9, ...bytes, 9]).subarray(1, 6),
  ]) {
    const { body, contentType } = encodePayload(payload)
    assert.deepEqual([...body], [0, 255, 10, 0, 13])
    assert.equal(contentType, undefined)
  }
  assert.equal(encodePayload(new Uint16Array(2)).body.length, 4)
})

test('text goes as UTF-8 and says so', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const { body, contentType } = encodePayload(text)
      assert.equal(contentType, 'text/plain; charset=utf-8')
      assert.equal(decodeText(body), text)
    }),
  )
})

test('anything else goes as JSON and says so', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      if (typeof value === 'string') return
      const { body, contentType } = encodePayload(value)
      assert.equal(contentType, 'application/json')
      assert.deepEqual(decodeJson(body), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('what JSON cannot hold is refused before anything is sent', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  for (const payload of [cycle, undefined, () => 1, Symbol('x'), 1n]) {
    assert.throws(
      () => encodePayload(payload as object),
      (error) => error instanceof UnderstudyError && error.code === 'invalid-option',
    )
  }
})

test('a body that is not UTF-8 or not JSON is a decode error, never a text with replacement characters', () => {
  const decodes = (error: unknown): boolean => error instanceof UnderstudyError && error.code === 'decode'
  assert.throws(() => decodeText(Buffer.from([0xff])), decodes)
  assert.throws(() => decodeJson(Buffer.from('{"a":')), decodes)
  assert.throws(() => decodeJson(Buffer.alloc(0)), decodes)
})
