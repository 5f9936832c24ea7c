import assert from 'node:assert/strict'
import test from 'node:test'
import { watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { type ScriptedLink } from '../support/scripted-transport.ts'
import { idsOf, type Listening, listening } from './listening.ts'

const never = new AbortController().signal

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
