import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnderstudyError } from '../../src/errors.ts'
import { connectionOf, type Parts, parts, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import type { Connection } from '../../src/connection.ts'

function connected(): Parts & { readonly connection: Connection } {
  const of = parts()
  return { ...of, connection: connectionOf(of) }
}

test('a declared queue is asked for, with its destinations read, and known to every later link', async () => {
  const { connection, transport } = connected()
  await connection.declare('queue://orders', {
    type: 'quorum',
    deadLetterTo: 'orders.dead',
    bindings: ['exchange://events/order.#', 'topic://orders'],
  })
  const settings = {
    type: 'quorum',
    deadLetterTo: { kind: 'queue', name: 'orders.dead' },
    bindings: [
      { kind: 'exchange', name: 'events', routingKey: 'order.#' },
      { kind: 'topic', name: 'orders' },
    ],
  }
  assert.deepEqual(transport.last.declared, [{ queue: 'orders', settings }])
  transport.last.die()
  await settled()
  assert.equal(transport.links.length, 2)
  assert.deepEqual(transport.last.context?.topology.settingsOf('orders'), settings)
  assert.equal(transport.last.context?.topology.settingsOf('others'), undefined)
  await connection.close()
})

test('a declaration that a lost link leaves unanswered is made on the next one', async () => {
  const { connection, transport } = connected()
  transport.onLink = (link) => {
    if (transport.links.length === 1)
      link.declaring = new UnderstudyError('link-lost', 'the node is going down', { retriable: true })
  }
  await connection.declare('orders', {})
  assert.deepEqual(
    transport.links.map(({ declared, host }) => [host, declared.length]),
    [
      ['a', 0],
      ['b', 1],
    ],
  )
  await connection.close()
})

test('a queue of another kind is a refusal, and nothing is tried again', async () => {
  const { connection, transport } = connected()
  transport.onLink = (link) => {
    link.declaring = new UnderstudyError('rejected', 'the queue is classic')
  }
  await assert.rejects(connection.declare('orders', { type: 'quorum' }), { code: 'rejected' })
  assert.equal(transport.links.length, 1)
  await connection.close()
})

test('a declaration ends with the connection', async () => {
  const { connection, transport } = connected()
  transport.answer('a', 'mute')
  transport.answer('b', 'mute')
  const declaring = watch(connection.declare('orders'))
  await settled()
  await connection.close()
  await settled()
  const ending = declaring.ending()
  assert.ok(ending.kind === 'failed' && ending.error instanceof UnderstudyError && ending.error.code === 'closed')
  await assert.rejects(connection.declare('orders'), { code: 'closed' })
})

for (const [settings, says] of [
  [{ typ: 'quorum' }, /unknown queue setting typ; did you mean type\?/],
  [{ type: 'stream' }, /queue setting type cannot be "stream"/],
  [{ messageTtlMs: 0 }, /messageTtlMs cannot be 0/],
  [{ expiresAfterMs: 1.5 }, /expiresAfterMs cannot be 1\.5/],
  [{ maxLength: -1 }, /maxLength cannot be -1/],
  [{ maxPriority: 10 }, /maxPriority cannot be 10/],
  [{ bindings: ['queue://other'] }, /cannot be bound to queue:\/\/other/],
] as const) {
  test(`queue settings that mean nothing are refused before anything is dialled: ${says.source}`, async () => {
    const { connection, transport } = connected()
    await assert.rejects(connection.declare('orders', settings as never), { code: 'invalid-option', message: says })
    assert.equal(transport.links.length, 0)
    await connection.close()
  })
}

test('only queues are declared', async () => {
  const { connection } = connected()
  await assert.rejects(connection.declare('topic://news'), { code: 'invalid-option', message: /topic:\/\/news/ })
  await connection.close()
})
