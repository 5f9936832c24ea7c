import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { previewOf } from '../../src/jobs/preview.ts'
import { bytesSerializer, encodeArgs, jsonSerializer } from '../../src/jobs/serializer.ts'

const of = (args: unknown): string => previewOf({ serializer: jsonSerializer }, args, encodeArgs(jsonSerializer, args))
const own = (preview: (args: unknown) => string): string =>
  previewOf({ serializer: jsonSerializer, preview }, 7, Buffer.from('7'))

test('a preview is the beginning of the arguments, or what the job says of them', () => {
  assert.equal(of({ to: 'ann' }), '{"to":"ann"}')
  assert.equal(of(undefined), '')
  assert.equal(of('x'.repeat(500)), `"${'x'.repeat(199)}`)
  assert.equal(
    own((args) => `number ${String(args)}`),
    'number 7',
  )
  assert.equal(previewOf({ serializer: bytesSerializer }, undefined, Buffer.alloc(12)), '12 bytes')
})

test('a preview that throws, or is no text, gives way to the beginning of the arguments', () => {
  assert.equal(
    own(() => {
      throw new Error('no')
    }),
    '7',
  )
  assert.equal(
    own(() => 8 as never),
    '7',
  )
})

test('credentials of URLs are left out, wherever the text is cut', () => {
  assert.equal(of({ url: 'amqp://guest:s3cret@host/v' }), '{"url":"amqp://host/v"}')
  assert.equal(
    own(() => 'at https://u:p@ss/w@host'),
    'at https://host',
  )
  for (const length of [100, 180, 199, 700, 790, 799, 900])
    for (const longer of [0, 300, 900]) {
      const password = `secret${'x'.repeat(longer)}`
      const text = of(`${'a '.repeat(length / 2)}redis://me:${password}@host:1/2 and ${'more '.repeat(200)}`)
      assert.ok(!text.includes('secret') && !text.includes('me:'), `${length}, ${longer}: ${text}`)
    }
})

test('a preview has at most 200 characters, no control characters and no half ones', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      for (const shown of [of(text), own(() => text)]) {
        assert.ok(shown.length <= 200)
        assert.ok(shown.isWellFormed())
        // oxlint-disable-next-line no-control-regex
        assert.doesNotMatch(shown, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      }
    }),
  )
})
