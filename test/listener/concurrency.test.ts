import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Delivery } from '../../src/listener/delivery.ts'
import { settled } from '../support/fake-clock.ts'
import { idsOf, listening } from './listening.ts'

test('no more handlers run at a time than told, in the order of arrival', async () => {
  const running: (() => void)[] = []
  const { subscription, taken } = await listening({
    prefetch: 10,
    concurrency: 2,
    handler: async (delivery) => {
      await new Promise<void>((resolve) => running.push(resolve))
      await delivery.ack()
    },
  })
  for (const id of ['a', 'b', 'c', 'd']) subscription().deliver(id)
  assert.deepEqual(idsOf(taken), ['a', 'b'])
  running.shift()?.()
  await settled()
  assert.deepEqual(idsOf(taken), ['a', 'b', 'c'])
})

test('a thousand handlers that are done at once do not stand on one another', async () => {
  const { subscription, taken } = await listening({
    prefetch: 5000,
    concurrency: 1,
    handler: (delivery) => void delivery.ack(),
  })
  for (let n = 0; n < 5000; n++) subscription().deliver(String(n))
  await settled()
  assert.equal(taken.length, 5000)
})

test('what was handled is let go, also while there is always a next one in line', async () => {
  const handled: WeakRef<Delivery>[] = []
  const { subscription } = await listening({
    prefetch: 10,
    concurrency: 1,
    keeps: false,
    handler: async (delivery) => {
      handled.push(new WeakRef(delivery))
      await delivery.ack()
      subscription().deliver(`${handled.length}`)
      if (handled.length === 2000) await new Promise(() => {})
    },
  })
  for (const id of ['a', 'b', 'c']) subscription().deliver(id)
  while (handled.length < 2000) await settled()
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const kept = handled.filter((one) => one.deref() !== undefined).length
  assert.ok(kept < 1000, `${kept} of 2000 were kept`)
})

test('a handler that throws at once follows the policy, and the next one runs', async () => {
  const { subscription, taken } = await listening({
    concurrency: 1,
    onError: 'requeue',
    handler: (delivery) => {
      if (delivery.id === 'a') throw new Error('no')
      return delivery.ack()
    },
  })
  for (const id of ['a', 'b']) subscription().deliver(id)
  await settled()
  assert.deepEqual(idsOf(taken), ['a', 'b'])
  assert.deepEqual(
    subscription().settlements.map(({ id, as }) => `${id} ${as}`),
    ['a requeue', 'b ack'],
  )
})

test('a signal closes the listener, which drains first', async () => {
  const caller = new AbortController()
  const release = Promise.withResolvers<void>()
  const { listener, subscription } = await listening({
    signal: caller.signal,
    handler: async (delivery) => {
      await release.promise
      await delivery.ack()
    },
  })
  subscription().deliver('one')
  caller.abort()
  await settled()
  assert.ok(!subscription().cancelled)
  release.resolve()
  await settled()
  assert.deepEqual(subscription().settlements, [{ id: 'one', as: 'ack' }])
  assert.ok(subscription().cancelled)
  assert.equal(listener.endedBy?.code, 'closed')
})

test('a signal that has fired subscribes nothing', async () => {
  const { listener, transport } = await listening({ signal: AbortSignal.abort() })
  await assert.rejects(listener.ready, { code: 'closed' })
  assert.deepEqual(
    transport.links.flatMap(({ subscriptions }) => subscriptions),
    [],
  )
})

for (const concurrency of [0, -1, 1.5, 65_536, Number.NaN]) {
  test(`a concurrency of ${concurrency} is refused`, async () => {
    await assert.rejects(listening({ concurrency }), { code: 'invalid-option' })
  })
}

test('an unknown policy is refused', async () => {
  await assert.rejects(listening({ onError: 'ignore' as never }), { code: 'invalid-option' })
})
