import assert from 'node:assert/strict'
import test from 'node:test'
import { StaleDeliveryError, UnderstudyError } from '../../src/errors.ts'
import type { FailoverSession } from '../../src/failover/session.ts'
import type { Delivery } from '../../src/listener/delivery.ts'
import { type DeliveryHandler, Listener, type ListenOptions } from '../../src/listener/listener.ts'
import { type Parts, type PartsOptions, parts, sessionOf, TWO, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { lost, type ScriptedLink, type ScriptedSubscription } from '../support/scripted-transport.ts'

const never = new AbortController().signal

interface Listening extends Parts {
  readonly session: FailoverSession
  readonly listener: Listener
  /** Every delivery that reached the handler. */
  readonly taken: Delivery[]
  /** The subscription that was made last. */
  readonly subscription: () => ScriptedSubscription
}

interface Given extends PartsOptions, ListenOptions {
  readonly handler?: DeliveryHandler
  readonly before?: (of: Parts) => void
}

async function listening(given: Given = {}): Promise<Listening> {
  const of = parts(given)
  given.before?.(of)
  const session = sessionOf(of, 'listener')
  const taken: Delivery[] = []
  const listener = new Listener({
    session,
    failover: of.uri.options,
    destination: { kind: 'queue', name: 'jobs' },
    handler: (delivery) => {
      taken.push(delivery)
      return given.handler?.(delivery)
    },
    clock: of.clock,
    logger: of.logger,
    ...(given.prefetch === undefined ? {} : { prefetch: given.prefetch }),
    ...(given.onError === undefined ? {} : { onError: given.onError }),
  })
  await settled()
  const subscription = (): ScriptedSubscription => {
    const found = of.transport.last.subscriptions.at(-1)
    assert.ok(found, 'nothing was subscribed on the last link')
    return found
  }
  return { ...of, session, listener, taken, subscription }
}

const idsOf = (taken: readonly Delivery[]): string[] => taken.map(({ id }) => id)

test('it subscribes with its prefetch, and is ready when the broker has accepted', async () => {
  const { listener, subscription } = await listening({ prefetch: 7 })
  await listener.ready
  assert.equal(subscription().prefetch, 7)
  assert.deepEqual(subscription().destination, { kind: 'queue', name: 'jobs' })
})

for (const prefetch of [0, -1, 1.5, 65_536, Number.NaN]) {
  test(`a prefetch of ${prefetch} is refused`, async () => {
    await assert.rejects(listening({ prefetch }), { code: 'invalid-option' })
  })
}

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

test('it subscribes again on every link, with the same prefetch', async () => {
  const { transport, subscription, taken } = await listening({ prefetch: 7 })
  for (let times = 0; times < 2; times++) {
    transport.last.die()
    await settled()
  }
  assert.equal(transport.links.length, 3)
  assert.equal(subscription().prefetch, 7)
  subscription().deliver('after')
  await settled()
  assert.deepEqual(idsOf(taken), ['after'])
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

test('a broker that ends the subscription is subscribed again, no more than once a second', async () => {
  const { transport, clock, subscription, taken } = await listening()
  const [link] = transport.links
  assert.ok(link)
  for (let times = 1; times <= 3; times++) {
    subscription().sink.cancelled(new UnderstudyError('protocol', 'the queue was deleted'))
    await clock.advance(999)
    assert.equal(link.subscriptions.length, times)
    await clock.advance(1)
    assert.equal(link.subscriptions.length, times + 1)
  }
  subscription().deliver('after')
  await settled()
  assert.deepEqual(idsOf(taken), ['after'])
})

test('what a subscription that ended still brings is not taken', async () => {
  const { clock, subscription, taken, transport } = await listening()
  const old = subscription()
  old.sink.cancelled(new UnderstudyError('protocol', 'ended'))
  await clock.advance(1000)
  old.deliver('from the old one')
  old.sink.cancelled(new UnderstudyError('protocol', 'ended again'))
  await settled()
  assert.deepEqual(idsOf(taken), [])
  await clock.advance(60_000)
  assert.equal(transport.last.subscriptions.length, 2)
})

test('a subscription that fails for now is tried again; one that fails for good is reported and ends it', async () => {
  const { transport, clock, listener, events } = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribing = new UnderstudyError('protocol', 'not yet', { retriable: true })
      }
    },
  })
  const ready = watch(listener.ready)
  await clock.advance(1000)
  assert.equal(ready.ending().kind, 'pending')
  transport.last.subscribing = new UnderstudyError('authentication', 'no permission to read')
  await clock.advance(1000)
  const ending = ready.ending()
  assert.ok(ending.kind === 'failed' && ending.error.message === 'no permission to read')
  const failed = events.filter(({ type }) => type === 'failed')
  assert.equal(failed.length, 1)
  assert.equal(failed[0]?.role, 'listener')
  transport.last.die()
  await clock.advance(100_000)
  assert.equal(transport.last.subscriptions.length, 0, 'it is not tried on the next link')
})

test('a refusal for good that takes the link with it is a refusal for good', async () => {
  const of = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribe = () => {
          link.die(lost('the broker sent an ERROR frame'))
          return Promise.reject(new UnderstudyError('authentication', 'no permission to read'))
        }
      }
    },
  })
  await of.clock.advance(60_000)
  await assert.rejects(of.listener.ready, { code: 'authentication' })
  assert.ok(of.transport.links.length <= 2, String(of.transport.links.length))
})

test('a broker that does not answer SUBSCRIBE is given up after the confirm timeout', async () => {
  const { transport, clock, subscription, events } = await listening({
    uri: `${TWO}&confirmTimeout=4000`,
    before: ({ transport }) => {
      transport.onLink = (link) => {
        if (link.host === 'a') link.subscribing = 'mute'
      }
    },
  })
  await clock.advance(3999)
  assert.equal(transport.links.length, 1)
  await clock.advance(1)
  assert.equal(transport.last.host, 'b')
  assert.ok(subscription())
  const interrupted = events.find(({ type }) => type === 'interrupted')
  assert.ok(interrupted?.type === 'interrupted' && interrupted.error.code === 'confirm-timeout')
  await clock.advance(60_000)
  assert.equal(transport.links.length, 2, 'an answered one is watched no more')
  assert.equal(clock.pending, 0)
})

test('a broker that does not answer an acknowledge is given up after the confirm timeout', async () => {
  const { transport, clock, subscription, taken } = await listening({ uri: `${TWO}&confirmTimeout=4000` })
  subscription().holdSettlements = true
  subscription().deliver('one')
  subscription().deliver('two')
  await settled()
  const first = watch(taken[0]?.ack() ?? assert.fail())
  await clock.advance(3000)
  const second = watch(taken[1]?.ack() ?? assert.fail())
  await clock.advance(999)
  assert.equal(first.ending().kind, 'pending')
  await clock.advance(1)
  assert.equal(transport.last.host, 'b')
  for (const one of [first, second]) {
    const ending = one.ending()
    assert.ok(ending.kind === 'failed' && ending.error instanceof StaleDeliveryError)
  }
  await clock.advance(60_000)
  assert.equal(transport.links.length, 2)
  assert.equal(clock.pending, 0)
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
  })
  await second.ready
  assert.equal(of.transport.links.length, 1)
  await of.listener.close()
  const [first, kept] = of.transport.last.subscriptions
  assert.ok(first?.cancelled && kept && !kept.cancelled)
  kept.deliver('one')
  assert.deepEqual(other, ['one'])
})

const PRIORITY = 'failover:(stomp://a,stomp://b)?priorityBackup=true&randomize=false&jitter=0&drainTimeout=5000'

/** On the second choice, one delivery in hand, the switch to the preferred broker begun. */
async function switching(): Promise<Listening & { readonly link: ScriptedLink; readonly finish: () => void }> {
  const gate = Promise.withResolvers<void>()
  const of = await listening({
    uri: PRIORITY,
    before: ({ transport }) => transport.answer('a', 'refuse'),
    handler: async (delivery) => {
      await gate.promise
      await delivery.ack()
    },
  })
  const link = of.transport.last
  of.subscription().deliver('in hand')
  of.transport.answer('a', 'accept')
  await of.clock.advance(1000)
  assert.equal(of.events.at(-1)?.type, 'switching')
  return { ...of, link, finish: gate.resolve }
}

test('before a switch, handlers finish and settle on their own link, and nothing more is taken there', async () => {
  const { link, finish, taken, transport, listener } = await switching()
  const [old] = link.subscriptions
  assert.ok(old)
  old.deliver('during the switch')
  await settled()
  assert.deepEqual(idsOf(taken), ['in hand'])
  finish()
  await settled()
  assert.deepEqual(old.settlements, [{ id: 'in hand', as: 'ack' }])
  assert.ok(old.cancelled && link.over)
  assert.equal(transport.last.host, 'a')
  assert.equal(transport.last.subscriptions.length, 1)
  assert.equal(listener.unsettled, 0)
})

test('a preferred link that dies during the switch: it subscribes again where it is', async () => {
  const { link, finish, taken, transport } = await switching()
  transport.answer('a', 'refuse')
  transport.last.die()
  finish()
  await settled()
  const [old, fresh] = link.subscriptions
  assert.ok(old?.cancelled && fresh && !fresh.cancelled)
  old.deliver('from the old one')
  fresh.deliver('after')
  await settled()
  assert.deepEqual(idsOf(taken), ['in hand', 'after'])
})

test('close during a switch ends both subscriptions', async () => {
  const { listener, link, finish, clock, session } = await switching()
  const closing = watch(listener.close())
  finish()
  await settled()
  assert.equal(closing.ending().kind, 'done')
  assert.ok(link.subscriptions.every(({ cancelled }) => cancelled))
  await session.close(never)
  await settled()
  assert.equal(clock.pending, 0)
})

test('a subscription still being made when the switch begins is not left behind on the old link', async () => {
  const of = await listening({
    uri: PRIORITY,
    before: ({ transport }) => {
      transport.answer('a', 'refuse')
      transport.onLink = (link) => {
        if (link.host === 'b') link.subscribing = 'mute'
      }
    },
  })
  const link = of.transport.last
  of.transport.answer('a', 'accept')
  await of.clock.advance(1000)
  assert.equal(of.transport.last.subscriptions.length, 1)
  link.acceptSubscribes()
  await settled()
  assert.ok(link.subscriptions.every(({ cancelled }) => cancelled))
})

test('no more handlers run at a time than the prefetch, even when they acknowledge first', async () => {
  let running = 0
  let most = 0
  const finish: (() => void)[] = []
  const { taken, subscription } = await listening({
    prefetch: 2,
    handler: async (delivery) => {
      most = Math.max(most, ++running)
      await delivery.ack()
      await new Promise<void>((resolve) => finish.push(resolve))
      running--
    },
  })
  for (const id of ['1', '2', '3', '4', '5']) subscription().deliver(id)
  await settled()
  assert.deepEqual(idsOf(taken), ['1', '2'])
  while (finish.length > 0) {
    finish.shift()?.()
    await settled()
  }
  assert.deepEqual(idsOf(taken), ['1', '2', '3', '4', '5'])
  assert.equal(most, 2)
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
