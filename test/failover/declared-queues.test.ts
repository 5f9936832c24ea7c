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
  assert.deepEqual([...(transport.last.context?.topology.declared() ?? [])], [['orders', settings]])
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

test('what was refused is asked of no later broker', async () => {
  const { connection, transport } = connected()
  await connection.declare('orders', { maxLength: 5 })
  transport.last.declaring = new UnderstudyError('rejected', 'the queue is classic')
  await assert.rejects(connection.declare('orders', { type: 'quorum' }), { code: 'rejected' })
  await assert.rejects(connection.declare('jobs', { type: 'quorum' }), { code: 'rejected' })
  const topology = transport.last.context?.topology
  assert.deepEqual([topology?.settingsOf('orders'), topology?.settingsOf('jobs')], [{ maxLength: 5 }, undefined])
  await connection.close()
})

test('two refusals at once leave a queue as undeclared as it was', async () => {
  const { connection, transport } = connected()
  await connection.connected()
  transport.last.declaring = new UnderstudyError('rejected', 'the queue is classic')
  const declaring = [1, 2].map(() => watch(connection.declare('orders', { type: 'quorum' })))
  await settled()
  assert.deepEqual(
    declaring.map(({ ending }) => ending().kind),
    ['failed', 'failed'],
  )
  const topology = transport.last.context?.topology
  assert.deepEqual([topology?.settingsOf('orders'), [...(topology?.declared() ?? [])]], [undefined, []])
  await connection.close()
})

test('of two declarations at once the later one holds, or the earlier one where the later is refused', async () => {
  const { connection, transport } = connected()
  await connection.connected()
  const refused = new UnderstudyError('rejected', 'the queue is classic')
  for (const [wrong, holds] of [
    ['quorum', { type: 'classic' }],
    ['classic', { type: 'quorum' }],
  ] as const) {
    transport.last.declare = async (_queue, { type }) => {
      if (type === wrong) throw refused
    }
    await Promise.allSettled([
      connection.declare(wrong, { type: 'classic' }),
      connection.declare(wrong, { type: 'quorum' }),
    ])
    assert.deepEqual(transport.last.context?.topology.settingsOf(wrong), holds)
  }
  await connection.close()
})

test('a queue that is away for a while is asked for again on the same link, which spares its siblings', async () => {
  const { connection, transport, clock } = connected()
  await connection.connected()
  const link = transport.last
  link.declaring = new UnderstudyError('unreachable', 'its home node is down', { retriable: true })
  const sending = watch(connection.send('jobs', 'x'))
  const declaring = watch(connection.declare('orders'))
  await clock.advance(5000)
  assert.equal(declaring.ending().kind, 'pending')
  link.declaring = 'accept'
  await clock.advance(1000)
  assert.equal(declaring.ending().kind, 'done')
  link.confirmAll()
  await settled()
  assert.equal(sending.ending().kind, 'done')
  assert.deepEqual([transport.links.length, link.sent.length], [1, 1])
  await connection.close()
})

test('a refusal that may pass is believed when it does not', async () => {
  const { connection, transport, clock } = connected()
  transport.onLink = (link) => {
    link.declaring = new UnderstudyError('rejected', 'another connection has it to itself', { retriable: true })
  }
  const declaring = watch(connection.declare('orders'))
  await clock.advance(2000)
  assert.equal(declaring.ending().kind, 'pending')
  await clock.advance(2000)
  const ending = declaring.ending()
  assert.ok(ending.kind === 'failed' && ending.error instanceof UnderstudyError && ending.error.code === 'rejected')
  assert.equal(transport.links.length, 1)
  await connection.close()
})

test('a broker that leaves a declaration unanswered is given up after confirmTimeout, unless it is blocked', async () => {
  const { connection, transport, clock } = connected()
  await connection.connected()
  const [first] = transport.links
  assert.ok(first)
  first.declare = () => new Promise(() => {})
  const declaring = watch(connection.declare('orders'))
  await settled()
  first.context?.onBlocked('low on memory')
  await clock.advance(60_000)
  assert.equal(transport.links.length, 1)
  first.context?.onBlocked(undefined)
  await clock.advance(15_000)
  assert.deepEqual([transport.last.host, declaring.ending().kind], ['b', 'done'])
  await connection.close()
  assert.equal(clock.pending, 0)
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
