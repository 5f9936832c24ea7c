import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DedupeStore, memoryDedupe } from '../../src/listener/dedupe.ts'
import { watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { idsOf, listening } from './listening.ts'

test('a copy of a finished message is acknowledged and never handled again', async () => {
  const { listener, subscription, taken } = await listening({
    dedupe: memoryDedupe(),
    handler: (delivery) => delivery.ack(),
  })
  subscription().deliver('one')
  await settled()
  subscription().deliver('one', { redelivered: true })
  await settled()
  subscription().deliver('two')
  await settled()
  assert.deepEqual(idsOf(taken), ['one', 'two'])
  assert.deepEqual(
    subscription().settlements.map(({ id, as }) => `${id} ${as}`),
    ['one ack', 'one ack', 'two ack'],
  )
  assert.equal(listener.duplicates, 1)
})

test('a message that was rejected is not finished: its copy is handled', async () => {
  const { subscription, taken } = await listening({
    dedupe: memoryDedupe(),
    handler: (delivery) => delivery.reject(),
  })
  for (const id of ['one', 'one']) {
    subscription().deliver(id)
    await settled()
  }
  assert.deepEqual(idsOf(taken), ['one', 'one'])
})

test('work that ends after its link was lost counts as finished, and the copy waits for it', async () => {
  const release = Promise.withResolvers<void>()
  const acknowledged: ReturnType<typeof watch>[] = []
  const { transport, listener, subscription, taken } = await listening({
    dedupe: memoryDedupe(),
    handler: async (delivery) => {
      await release.promise
      const done = delivery.ack()
      acknowledged.push(watch(done))
      await done
    },
  })
  subscription().deliver('one')
  await settled()
  transport.last.die()
  await settled()
  subscription().deliver('one', { redelivered: true })
  await settled()
  assert.deepEqual(idsOf(taken), ['one'], 'the copy waits while the first is in hand')
  release.resolve()
  await settled()
  assert.equal(acknowledged[0]?.ending().kind, 'failed')
  assert.deepEqual(idsOf(taken), ['one'])
  assert.deepEqual(
    subscription().settlements.map(({ as }) => as),
    ['ack'],
  )
  assert.equal(listener.duplicates, 1)
})

test('a store that cannot note the id stops the acknowledge, and the delivery stays open', async () => {
  const broken: DedupeStore = {
    has: () => false,
    add: () => Promise.reject(new Error('disk full')),
  }
  let failure: unknown
  const { listener, subscription } = await listening({
    dedupe: broken,
    onError: 'leave',
    handler: async (delivery) => {
      try {
        await delivery.ack()
      } catch (error) {
        failure = error
      }
    },
  })
  subscription().deliver('one')
  await settled()
  assert.equal((failure as { code?: string }).code, 'storage')
  assert.deepEqual(subscription().settlements, [])
  assert.equal(listener.unsettled, 1)
})

for (const [what, broken] of [
  ['asked', { has: () => Promise.reject(new Error('no answer')), add: () => {} }],
  ['told', { has: () => false, add: () => Promise.reject(new Error('disk full')) }],
] as const) {
  test(`a store that cannot be ${what} is no fault of the message: it goes back after a pause`, async () => {
    const { subscription, clock } = await listening({ dedupe: broken, handler: (delivery) => delivery.ack() })
    subscription().deliver('one')
    await clock.advance(999)
    assert.deepEqual(subscription().settlements, [])
    await clock.advance(1)
    assert.deepEqual(subscription().settlements, [{ id: 'one', as: 'requeue' }])
  })
}

test('a store that cannot be asked leaves the delivery where the policy is to leave it', async () => {
  const broken: DedupeStore = { has: () => Promise.reject(new Error('no answer')), add: () => {} }
  const { listener, subscription, taken, clock } = await listening({ dedupe: broken, onError: 'leave' })
  subscription().deliver('one')
  await clock.advance(5000)
  assert.deepEqual([idsOf(taken), subscription().settlements, listener.unsettled], [[], [], 1])
})

test('the memory store forgets the eldest id once it is full', () => {
  const store = memoryDedupe({ maxIds: 2 })
  for (const id of ['a', 'b', 'b', 'c']) void store.add(id)
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => store.has(id)),
    [false, true, true],
  )
})

for (const maxIds of [0, -1, 1.5, Number.NaN, 10_000_001]) {
  test(`a memory store of ${maxIds} ids is refused`, () => {
    assert.throws(() => memoryDedupe({ maxIds }), { code: 'invalid-option' })
  })
}

test('a store that is slow costs no link: the broker owes an answer once it was asked', async () => {
  const noted = Promise.withResolvers<void>()
  const { subscription, taken, transport, clock } = await listening({
    dedupe: { has: () => false, add: () => noted.promise },
  })
  subscription().deliver('one')
  await settled()
  const done = watch(taken[0]?.ack() ?? assert.fail())
  await clock.advance(60_000)
  assert.equal(transport.links.length, 1)
  subscription().holdSettlements = true
  noted.resolve()
  await clock.advance(14_999)
  assert.deepEqual([transport.links.length, done.ending().kind], [1, 'pending'])
  await clock.advance(1)
  assert.equal(transport.links.length, 2)
})

test('a close that waits for nothing leaves no timer of a store that failed', async () => {
  const broken: DedupeStore = { has: () => Promise.reject(new Error('no answer')), add: () => {} }
  const { listener, subscription, clock } = await listening({ dedupe: broken })
  subscription().deliver('one')
  await settled()
  await listener.close(AbortSignal.abort())
  await settled()
  assert.equal(clock.pending, 0)
})
