import assert from 'node:assert/strict'
import test from 'node:test'
import { StaleDeliveryError, UnderstudyError } from '../../src/errors.ts'
import { TWO, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { lost } from '../support/scripted-transport.ts'
import { idsOf, listening } from './listening.ts'

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

test('a refusal by name that costs the link is tried on the next one, and then believed', async () => {
  const of = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribe = () => {
          link.die(lost('the broker sent an ERROR frame'))
          return Promise.reject(new UnderstudyError('rejected', 'no such destination', { retriable: true }))
        }
      }
    },
  })
  await of.clock.advance(60_000)
  await assert.rejects(of.listener.ready, { code: 'rejected', retriable: false, message: 'no such destination' })
  assert.equal(of.events.filter(({ type }) => type === 'failed').length, 1)
  assert.equal(of.events.filter(({ type }) => type === 'interrupted').length, 2, 'the others are spared from then on')
})

test('a refusal by name is forgotten once a broker has taken the subscription', async () => {
  const of = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        if (transport.links.length === 2) return
        link.subscribing = new UnderstudyError('rejected', 'not yet', { retriable: true })
      }
    },
  })
  of.transport.last.die()
  await settled()
  await of.listener.ready
  of.transport.last.die()
  await settled()
  assert.equal(of.events.filter(({ type }) => type === 'failed').length, 0)
})

test('a broker that leaves the question for a subscription open is asked again on the same link', async () => {
  const { listener, transport, subscription, clock, taken } = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribing = 'mute'
      }
    },
  })
  const link = transport.last
  link.subscribing = 'accept'
  await clock.advance(3999)
  assert.equal(link.subscriptions.length, 0)
  await clock.advance(1)
  await listener.ready
  assert.equal(transport.links.length, 1)
  const second = subscription()
  second.deliver('one')
  assert.deepEqual(idsOf(taken), ['one'])
  link.acceptSubscribes()
  await settled()
  const late = subscription()
  assert.notEqual(late, second)
  assert.ok(late.cancelled && !second.cancelled, 'the answer that came too late is not wanted any more')
  late.deliver('not taken')
  assert.deepEqual(idsOf(taken), ['one'])
  await clock.advance(60_000)
  assert.equal(transport.links.length, 1, 'nothing is owed any more')
})

test('of two questions the one that is answered first counts, even the first of them', async () => {
  const { listener, transport, clock, taken } = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribing = 'mute'
      }
    },
  })
  await clock.advance(4000)
  transport.last.acceptSubscribes()
  await listener.ready
  const [first, second] = transport.last.subscriptions
  assert.ok(first && second && !first.cancelled && second.cancelled)
  first.deliver('one')
  assert.deepEqual(idsOf(taken), ['one'])
})

test('a broker that answers no question for a subscription is given up after confirmTimeout', async () => {
  const { transport, clock } = await listening({
    uri: 'failover:(stomp://a,stomp://b)?randomize=false&jitter=0&confirmTimeout=10000',
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribing = 'mute'
      }
    },
  })
  await clock.advance(9999)
  assert.equal(transport.links.length, 1)
  await clock.advance(100)
  assert.equal(transport.links.length, 2)
})

test('of two questions one may be refused for now: the other is subscribed, and nothing is asked again', async () => {
  const { listener, transport, clock, taken } = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        link.subscribing = 'mute'
      }
    },
  })
  const link = transport.last
  link.subscribing = new UnderstudyError('protocol', 'no leader yet', { retriable: true })
  await clock.advance(4000)
  link.subscribing = 'accept'
  link.acceptSubscribes()
  await listener.ready
  await clock.advance(60_000)
  assert.deepEqual(
    link.subscriptions.map(({ cancelled }) => cancelled),
    [false],
  )
  link.subscriptions[0]?.deliver('one')
  assert.deepEqual(idsOf(taken), ['one'])
})

for (const [what, late, next] of [
  ['for good', new UnderstudyError('authentication', 'no permission to read'), undefined],
  [
    'by name',
    new UnderstudyError('rejected', 'no such queue', { retriable: true }),
    new UnderstudyError('rejected', 'no leader yet', { retriable: true }),
  ],
] as const) {
  test(`a question that is refused ${what} once another one was answered does not count`, async () => {
    const first = Promise.withResolvers<never>()
    const { transport, clock, listener, subscription, taken } = await listening({
      before: ({ transport }) => {
        transport.onLink = (link) => {
          const ask = link.subscribe.bind(link)
          link.subscribe = (...asked) => {
            link.subscribe = ask
            return transport.links.length === 1 ? first.promise : ask(...asked)
          }
        }
      },
    })
    await clock.advance(4000)
    await listener.ready
    first.reject(late)
    await settled()
    assert.equal(listener.endedBy, undefined)
    subscription().deliver('one')
    await settled()
    assert.deepEqual(idsOf(taken), ['one'])
    if (next) transport.last.subscribing = next
    subscription().sink.cancelled(new UnderstudyError('protocol', 'the queue has lost its leader'))
    await clock.advance(1000)
    transport.last.subscribing = 'accept'
    await clock.advance(1000)
    subscription().deliver('two')
    await settled()
    assert.deepEqual(idsOf(taken), ['one', 'two'])
  })
}

const FAILING: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error('of its own')
  },
  'is async and fails': async () => await Promise.reject(new Error('of its own')),
}

for (const [what, onRelease] of Object.entries(FAILING)) {
  test(`an onRelease that ${what} keeps nobody from the next link`, async () => {
    const { transport, subscription, taken } = await listening({ onRelease: () => onRelease() })
    transport.last.die()
    await settled()
    assert.equal(transport.links.length, 2)
    subscription().deliver('after')
    await settled()
    assert.deepEqual(idsOf(taken), ['after'])
  })
}

test('a subscription that the broker ends before it is known to be there is made again', async () => {
  const { transport, clock } = await listening({
    before: ({ transport }) => {
      transport.onLink = (link) => {
        const subscribe = link.subscribe.bind(link)
        link.subscribe = async (destination, options, sink) => {
          const subscription = await subscribe(destination, options, sink)
          if (link.subscriptions.length === 1) sink.cancelled(new UnderstudyError('protocol', 'the queue was deleted'))
          return subscription
        }
      }
    },
  })
  await clock.advance(1000)
  assert.equal(transport.last.subscriptions.length, 2)
  assert.ok(!transport.last.subscriptions[1]?.cancelled)
})
