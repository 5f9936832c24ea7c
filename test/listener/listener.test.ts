import assert from 'node:assert/strict'
import test from 'node:test'
import { StaleDeliveryError, UnderstudyError } from '../../src/errors.ts'
import { type DeliveryHandler } from '../../src/listener/listener.ts'
import { watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { idsOf, listening } from './listening.ts'

test('a delivery is what the sender sent, and is acknowledged only when the handler says so', async () => {
  const { subscription, taken, listener } = await listening()
  subscription().deliver('one', { attempt: 3, headers: { a: 'b' }, redelivered: true })
  await settled()
  const [delivery] = taken
  assert.ok(delivery)
  assert.deepEqual(delivery.json(), { id: 'one' })
  assert.deepEqual(
    [delivery.attempt, delivery.headers['a'], delivery.redelivered, delivery.destination, delivery.endpoint],
    [3, 'b', true, 'queue://jobs', 'stomp://a:61613'],
  )
  assert.deepEqual(subscription().settlements, [])
  assert.equal(listener.unsettled, 1)
  await delivery.ack()
  assert.deepEqual(subscription().settlements, [{ id: 'one', as: 'ack' }])
  assert.equal(listener.unsettled, 0)
})

test('single acknowledges in any order reach the broker each for itself', async () => {
  const { subscription, taken } = await listening()
  for (const id of ['a', 'b', 'c']) subscription().deliver(id)
  await settled()
  await taken[2]?.ack()
  await taken[0]?.requeue()
  await taken[1]?.reject()
  assert.deepEqual(subscription().settlements, [
    { id: 'c', as: 'ack' },
    { id: 'a', as: 'requeue' },
    { id: 'b', as: 'reject' },
  ])
})

test('what was taken on a lost link is stale: a later word touches nothing, on no link', async () => {
  const { transport, subscription, taken, listener } = await listening()
  const old = subscription()
  old.deliver('one')
  await settled()
  transport.last.die()
  await settled()
  subscription().deliver('one', { redelivered: true })
  await settled()
  assert.equal(listener.unsettled, 1)
  const [stale, fresh] = taken
  assert.ok(stale && fresh)
  for (const word of [stale.ack(), stale.reject(), stale.requeue()])
    await assert.rejects(word, (error) => error instanceof StaleDeliveryError)
  assert.deepEqual([old.settlements, subscription().settlements], [[], []])
  await fresh.ack()
  assert.deepEqual(subscription().settlements, [{ id: 'one', as: 'ack' }])
})

for (const thrown of [
  undefined,
  null,
  7,
  Symbol('x'),
  Object.create(null),
  Object.assign(new Error(), { message: 5 }),
]) {
  test(`a handler that throws ${typeof thrown} ${Object.prototype.toString.call(thrown)} ends no process`, async () => {
    const { subscription } = await listening({
      handler: () => {
        throw thrown
      },
    })
    subscription().deliver('one')
    await settled()
    assert.deepEqual(subscription().settlements, [{ id: 'one', as: 'reject' }])
  })
}

test('a handler that throws after it has settled changes nothing about that', async () => {
  const { subscription } = await listening({
    handler: async (delivery) => {
      await delivery.ack()
      throw new Error('after the fact')
    },
  })
  subscription().deliver('one')
  await settled()
  assert.deepEqual(subscription().settlements, [{ id: 'one', as: 'ack' }])
})

test('a handler that does not wait for its acknowledge ends no process when the link is lost', async () => {
  const { transport, subscription, taken } = await listening({ handler: (delivery) => void delivery.ack() })
  subscription().holdSettlements = true
  subscription().deliver('one')
  await settled()
  transport.last.die()
  await settled()
  void taken[0]?.ack()
  void taken[0]?.reject()
  await settled()
  assert.equal(transport.links.length, 2)
})

test('a policy that the broker cannot follow leaves the delivery, and ends no process', async () => {
  const { subscription, listener } = await listening({
    onError: 'requeue',
    handler: () => {
      throw new Error('no')
    },
  })
  const topic = subscription()
  topic.sink.deliver({
    message: {
      id: 'one',
      attempt: 1,
      destination: { kind: 'topic', name: 'x' },
      body: Buffer.alloc(0),
      contentType: undefined,
      headers: {},
      redelivered: false,
      correlationId: undefined,
      replyTo: undefined,
    },
    settle: () => Promise.reject(new UnderstudyError('unsupported', 'no requeue on topics')),
  })
  await settled()
  assert.equal(listener.unsettled, 1)
  const closing = watch(listener.close())
  await settled()
  assert.equal(closing.ending().kind, 'done', 'nobody waits for it')
})

test('a malformed body fails its own handler and nothing else', async () => {
  const { subscription, taken } = await listening({ handler: (delivery) => void delivery.json() })
  subscription().deliver('bad', { body: Buffer.from('{') })
  subscription().deliver('good')
  await settled()
  assert.deepEqual(idsOf(taken), ['bad', 'good'])
  assert.deepEqual(subscription().settlements, [{ id: 'bad', as: 'reject' }])
})

test('thousands of acknowledges share one timer, and it does not outlive them for long', async () => {
  const { clock, subscription } = await listening({ prefetch: 5000, handler: (delivery) => delivery.ack() })
  for (let index = 0; index < 5000; index++) subscription().deliver(String(index))
  assert.equal(clock.pending, 1)
  await settled()
  assert.equal(subscription().settlements.length, 5000)
  await clock.advance(15_000)
  assert.equal(clock.pending, 0)
})

test('what waits for a handler goes back to the broker when the listener closes', async () => {
  let finish: () => void = () => {}
  const { listener, taken, subscription } = await listening({
    prefetch: 1,
    handler: async (delivery) => {
      await delivery.ack()
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    },
  })
  for (const id of ['1', '2']) subscription().deliver(id)
  await settled()
  const closing = listener.close()
  finish()
  await closing
  assert.deepEqual(idsOf(taken), ['1'])
  assert.equal(listener.unsettled, 0)
})
for (const [onError, expected] of [
  [undefined, [{ id: 'one', as: 'reject' }]],
  ['reject', [{ id: 'one', as: 'reject' }]],
  ['requeue', [{ id: 'one', as: 'requeue' }]],
  ['leave', []],
] as const) {
  for (const how of ['throws', 'rejects'] as const) {
    test(`a handler that ${how} follows the policy ${onError ?? 'of the default'}`, async () => {
      const handler: DeliveryHandler = () => {
        const error = new Error('no')
        if (how === 'throws') throw error
        return Promise.reject(error)
      }
      const { subscription, listener } = await listening({ handler, ...(onError ? { onError } : {}) })
      subscription().deliver('one')
      await settled()
      assert.deepEqual(subscription().settlements, expected)
      assert.equal(listener.unsettled, onError === 'leave' ? 1 : 0)
    })
  }
}
