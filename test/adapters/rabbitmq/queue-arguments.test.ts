import assert from 'node:assert/strict'
import test from 'node:test'
import { queueArguments } from '../../../adapters/rabbitmq/queue-arguments.ts'

test('a queue whose letters are left to policies is declared without a word about them', () => {
  for (const type of ['classic', 'quorum'] as const) {
    assert.deepEqual(queueArguments('orders', { type, deadLetterTo: null }, 'classic'), { 'x-queue-type': type })
  }
})

test('a queue of which nothing is said has letters of its own', () => {
  assert.deepEqual(queueArguments('orders', {}, 'classic'), {
    'x-queue-type': 'classic',
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': 'DLQ.orders',
  })
})
