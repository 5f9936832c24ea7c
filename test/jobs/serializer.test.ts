import assert from 'node:assert/strict'
import test from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { bytesSerializer, decodeArgs, encodeArgs, jsonSerializer } from '../../src/jobs/serializer.ts'

const fails = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof UnderstudyError && error.code === code && message.test(error.message)

test('JSON gives back what it was given: objects, texts, null, and no arguments at all', () => {
  for (const args of [{ a: [1, 'ü'] }, 'text', '', null, false, 0, undefined]) {
    const body = encodeArgs(jsonSerializer, args)
    assert.deepEqual(decodeArgs(jsonSerializer, body, 'application/json; charset=utf-8'), args)
  }
  assert.equal(encodeArgs(jsonSerializer, undefined).length, 0)
})

test('what JSON cannot hold is refused before anything is sent', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  for (const args of [cycle, 1n, () => {}, Symbol('s')])
    assert.throws(
      () => encodeArgs(jsonSerializer, args),
      fails('invalid-option', /cannot be written as application\/json/),
    )
})

test('bytes go out as they are, and nothing else does', () => {
  const bytes = new Uint8Array([0, 255, 10])
  assert.deepEqual(
    [...(decodeArgs(bytesSerializer, encodeArgs(bytesSerializer, bytes), undefined) as Buffer)],
    [...bytes],
  )
  assert.equal(encodeArgs(bytesSerializer, bytes).buffer, bytes.buffer)
  for (const args of ['text', null, undefined, { length: 1 }])
    assert.throws(() => encodeArgs(bytesSerializer, args), fails('invalid-option', /is not a Uint8Array/))
})

test('a body of another type, or one that is not what its type says, is told apart', () => {
  assert.throws(() => decodeArgs(jsonSerializer, Buffer.from('{'), 'application/json'), fails('decode', /not JSON/))
  assert.throws(
    () => decodeArgs(jsonSerializer, Buffer.from('{}'), 'application/msgpack'),
    fails('decode', /"application\/msgpack", and the job reads application\/json/),
  )
  assert.deepEqual(decodeArgs(jsonSerializer, Buffer.from('{}'), undefined), {})
})
