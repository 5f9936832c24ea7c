import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { withoutDelays } from '../../../adapters/rabbitmq/deaths.ts'
import { delayedTarget, delayRoute, deliverPattern, levelPattern } from '../../../adapters/rabbitmq/delay-route.ts'
import type { Destination } from '../../../src/transport/destination.ts'

const MOST_MS = (2 ** 28 - 1) * 100
const queue = (name: string): Destination => ({ kind: 'queue', name })
const anyName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .filter((name) => name.isWellFormed() && !name.split('.').some((word) => word === '*' || word === '#'))

/** As a topic exchange matches: `*` is one word, `#` any number of them. */
function matches([first, ...pattern]: readonly string[], words: readonly string[]): boolean {
  if (first === undefined) return words.length === 0
  if (first === '#') return words.some((_, index) => matches(pattern, words.slice(index))) || matches(pattern, [])
  return words.length > 0 && (first === '*' || first === words[0]) && matches(pattern, words.slice(1))
}

const fits = (pattern: string, key: string): boolean => matches(pattern.split('.'), key.split('.'))

test('a message waits on levels that add up to its delay, rounded up to a tenth of a second, and ends at its queue', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: MOST_MS, noNaN: true }), anyName, (delayMs, name) => {
      const { exchange, routingKey } = delayRoute(queue(name), delayMs)
      const entry = Number(exchange.slice('understudy.delay.'.length))
      let waitedMs = 0
      for (let level = entry; level >= 0; level--) {
        const waits = fits(levelPattern(level, 1), routingKey)
        assert.notEqual(waits, fits(levelPattern(level, 0), routingKey), 'it either waits or goes on')
        if (level === entry) assert.ok(waits, 'it enters where it waits')
        if (waits) waitedMs += 100 * 2 ** level
      }
      assert.equal(waitedMs, Math.ceil(delayMs / 100) * 100)
      assert.ok(fits(deliverPattern(name), routingKey))
      assert.equal(delayedTarget(exchange, routingKey), name)
    }),
  )
})

test('a queue whose name ends with that of another gets its own messages and no others', () => {
  const { routingKey } = delayRoute(queue('eu.orders'), 100)
  assert.ok(fits(deliverPattern('eu.orders'), routingKey))
  assert.ok(!fits(deliverPattern('orders'), routingKey))
})

for (const [what, destination, delayMs, code, words] of [
  ['a topic', { kind: 'topic', name: 'news' }, 100, 'unsupported', /only queues .* topic:\/\/news/],
  ['an exchange', { kind: 'exchange', name: 'x', routingKey: 'k' }, 100, 'unsupported', /only queues/],
  ['a name that holds a wildcard', queue('a.*.b'), 100, 'invalid-option', /wildcard/],
  ['a name of 200 bytes', queue('ü'.repeat(100)), 100, 'invalid-option', /199 bytes/],
  ['a delay of more than 310 days', queue('q'), MOST_MS + 1, 'invalid-option', /more than 310 days/],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(() => delayRoute(destination, delayMs), { code, message: words })
  })
}

test('the longest delay and the longest name fit', () => {
  const { exchange, routingKey } = delayRoute(queue('q'.repeat(199)), MOST_MS)
  assert.equal(exchange, 'understudy.delay.27')
  assert.equal(routingKey.length, 255)
})

const passed = (level: number): Record<string, unknown> => ({
  queue: `understudy.delay.${level}`,
  reason: 'expired',
  exchange: 'understudy.delay.5',
  'routing-keys': [delayRoute(queue('jobs'), 3300).routingKey],
  count: 1,
})

test('headers tell nothing of the levels that a delayed message waited on', () => {
  const headers = {
    trace: 'x',
    'x-death': [passed(0), passed(5)],
    'x-first-death-queue': 'understudy.delay.5',
    'x-first-death-reason': 'expired',
    'x-first-death-exchange': 'understudy.delay.5',
    'x-last-death-queue': 'understudy.delay.0',
  }
  assert.deepEqual({ ...withoutDelays(headers) }, { trace: 'x' })
})

test('headers tell of a real death after a delay as if there had been none', () => {
  const { routingKey } = delayRoute(queue('jobs'), 3300)
  const real = { queue: 'jobs', reason: 'rejected', exchange: 'understudy.delay.5', 'routing-keys': [routingKey] }
  const told = withoutDelays({
    'x-death': [real, passed(0), passed(5)],
    'x-first-death-queue': 'understudy.delay.5',
    'x-first-death-reason': 'expired',
    'x-first-death-exchange': 'understudy.delay.5',
  })
  assert.deepEqual(
    { ...told },
    {
      'x-death': [{ queue: 'jobs', reason: 'rejected', exchange: '', 'routing-keys': ['jobs'] }],
      'x-first-death-queue': 'jobs',
      'x-first-death-reason': 'rejected',
      'x-first-death-exchange': '',
    },
  )
})

test('headers of messages that were not delayed stay as they are', () => {
  const headers = { 'x-death': [{ queue: 'jobs', reason: 'rejected' }], 'x-first-death-queue': 'jobs' }
  assert.equal(withoutDelays(headers), headers)
  const text = { 'x-death': 'ours' }
  assert.equal(withoutDelays(text), text)
})
