import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { UnderstudyError } from '../../src/errors.ts'
import { formatDestination, parseDestination } from '../../src/transport/destination.ts'

test('a bare name means a queue', () => {
  assert.deepEqual(parseDestination('orders'), { kind: 'queue', name: 'orders' })
  assert.deepEqual(parseDestination('queue://orders'), { kind: 'queue', name: 'orders' })
  assert.deepEqual(parseDestination('topic://prices.eur'), { kind: 'topic', name: 'prices.eur' })
})

test('an exchange takes everything behind the first slash as its routing key', () => {
  assert.deepEqual(parseDestination('exchange://jobs/a.b/c'), { kind: 'exchange', name: 'jobs', routingKey: 'a.b/c' })
  assert.deepEqual(parseDestination('exchange://jobs/'), { kind: 'exchange', name: 'jobs', routingKey: '' })
})

for (const [text, why] of [
  ['', /no name/],
  ['queue://', /no name/],
  ['exchange://jobs', /needs a routing key/],
  ['exchange:///key', /needs a routing key/],
  ['tempic://x', /starts with tempic:\/\/; known are/],
  ['queue://a\nb', /control character/],
  ['queue://a\0b', /control character/],
] as const) {
  test(`a destination ${JSON.stringify(text)} is refused with its reason`, () => {
    assert.throws(
      () => parseDestination(text),
      (error) => error instanceof UnderstudyError && error.code === 'invalid-option' && why.test(error.message),
    )
  })
}

test('whatever is read is written as it was read, and nothing else than our error is ever thrown', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .constantFrom('queue://', 'topic://', 'exchange://')
          .chain((prefix) => fc.string().map((rest) => prefix + rest)),
      ),
      (text) => {
        try {
          const destination = parseDestination(text)
          assert.deepEqual(parseDestination(formatDestination(destination)), destination)
        } catch (error) {
          assert.ok(error instanceof UnderstudyError)
        }
      },
    ),
  )
})
