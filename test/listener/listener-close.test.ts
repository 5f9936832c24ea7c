import assert from 'node:assert/strict'
import test from 'node:test'
import { StaleDeliveryError, UnderstudyError } from '../../src/errors.ts'
import type { Delivery } from '../../src/listener/delivery.ts'
import { Listener } from '../../src/listener/listener.ts'
import { TWO, watch } from '../support/client-parts.ts'
import { Codecs } from '../../src/transport/codec.ts'
import { settled } from '../support/fake-clock.ts'
import { idsOf, listening } from './listening.ts'

const never = new AbortController().signal

test('close waits for handlers and their acknowledges, takes nothing meanwhile, then ends the subscription', async () => {
  const finish = Promise.withResolvers<void>()
  const { listener, subscription, taken, transport, clock } = await listening({
    handler: async (delivery) => {
      await finish.promise
      await delivery.ack()
    },
  })
  const only = subscription()
  only.deliver('one')
  await settled()
  const closing = watch(listener.close())
  only.deliver('too late')
  await settled()
  assert.equal(closing.ending().kind, 'pending')
  assert.ok(!only.cancelled, 'an acknowledge after the end of its subscription would be an error')
  finish.resolve()
  await settled()
  assert.equal(closing.ending().kind, 'done')
  assert.deepEqual([idsOf(taken), only.settlements], [['one'], [{ id: 'one', as: 'ack' }]])
  assert.ok(only.cancelled)
  assert.ok(!transport.last.over, 'the link may serve others')
  assert.equal(clock.pending, 0)
  transport.last.die()
  await settled()
  assert.deepEqual(transport.last.subscriptions, [], 'it is not subscribed again')
})

test('close is bounded by the drain timeout, or by a signal', async () => {
  for (const by of ['the drain timeout', 'a signal'] as const) {
    const { listener, subscription, taken, clock } = await listening({
      uri: `${TWO}&drainTimeout=2000`,
      handler: () => new Promise(() => {}),
    })
    subscription().deliver('one')
    await settled()
    const caller = new AbortController()
    const closing = watch(by === 'a signal' ? listener.close(caller.signal) : listener.close())
    await clock.advance(1999)
    assert.equal(closing.ending().kind, 'pending')
    if (by === 'a signal') caller.abort()
    else await clock.advance(1)
    await settled()
    assert.equal(closing.ending().kind, 'done')
    assert.ok(subscription().cancelled)
    assert.equal(clock.pending, 0)
    await assert.rejects(taken[0]?.ack() ?? assert.fail(), (error) => error instanceof StaleDeliveryError)
  }
})

test('close with a signal hurries a close that was begun without one', async () => {
  const { listener, subscription, clock } = await listening({ handler: () => new Promise(() => {}) })
  subscription().deliver('one')
  await settled()
  const closing = watch(listener.close())
  const caller = new AbortController()
  void listener.close(caller.signal)
  await settled()
  assert.equal(closing.ending().kind, 'pending')
  caller.abort()
  await settled()
  assert.equal(closing.ending().kind, 'done')
  assert.ok(subscription().cancelled)
  assert.equal(clock.pending, 0)
})

test('close may be called twice, with a signal that fired, and without any link', async () => {
  const { listener, clock } = await listening({ before: ({ transport }) => transport.answer('a', 'mute') })
  const ready = watch(listener.ready)
  await Promise.all([listener.close(AbortSignal.abort()), listener.close()])
  await listener.close()
  const ending = ready.ending()
  assert.ok(ending.kind === 'failed' && ending.error instanceof UnderstudyError && ending.error.code === 'closed')
  assert.equal(clock.pending, 1, 'the dial is the session’s')
})

test('close while a subscription is being made ends it on a link that lives on', async () => {
  const { listener, transport } = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribing = 'mute'
      }
    },
  })
  await listener.close()
  transport.last.acceptSubscribes()
  await settled()
  assert.deepEqual(
    transport.last.subscriptions.map(({ cancelled }) => cancelled),
    [true],
  )
})

test('a delivery that the handler leaves unsettled keeps close waiting, since it may still be settled', async () => {
  const { listener, subscription, taken, clock } = await listening({ uri: `${TWO}&drainTimeout=2000` })
  subscription().deliver('one')
  await settled()
  const closing = watch(listener.close())
  await clock.advance(500)
  assert.equal(closing.ending().kind, 'pending')
  await taken[0]?.ack()
  await settled()
  assert.equal(closing.ending().kind, 'done')
})

test('the end of the session ends it: ready fails, nothing is taken, close is done at once', async () => {
  const { listener, session, subscription, taken } = await listening()
  const old = subscription()
  await session.close(never)
  old.deliver('late')
  await settled()
  assert.deepEqual(taken, [])
  await listener.close()
})

test('several listeners share one link, and one that closes spares the others', async () => {
  const of = await listening()
  const other: string[] = []
  const second = new Listener({
    session: of.session,
    failover: of.uri.options,
    destination: { kind: 'queue', name: 'other' },
    handler: (delivery) => void other.push(delivery.id),
    clock: of.clock,
    logger: of.logger,
    codecs: new Codecs(),
  })
  await second.ready
  assert.equal(of.transport.links.length, 1)
  await of.listener.close()
  const [first, kept] = of.transport.last.subscriptions
  assert.ok(first?.cancelled && kept && !kept.cancelled)
  kept.deliver('one')
  assert.deepEqual(other, ['one'])
})

test('close waits for no delivery that its handler leaves when it is told to', async () => {
  const waiting: Delivery[] = []
  const of = await listening({
    handler: (delivery) => void waiting.push(delivery),
    onRelease: () => {
      for (const delivery of waiting.splice(0)) delivery.leave()
    },
  })
  of.subscription().deliver('a')
  of.subscription().deliver('b')
  const closed = watch(of.listener.close())
  await settled()
  assert.equal(closed.ending().kind, 'done')
  assert.deepEqual(of.subscription().settlements, [])
})
