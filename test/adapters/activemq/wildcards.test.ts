import assert from 'node:assert/strict'
import test from 'node:test'
import { parseDestination } from '../../../src/transport/destination.ts'
import { message } from '../../support/client-parts.ts'
import { scriptedBroker } from '../../support/stomp-peer.ts'
import { acceptSubscription, confirmAll, dialAt, failure, Inbox, soon } from './dialled.ts'

for (const [written, read] of [
  ['topic://a.*', '/topic/a.*'],
  ['topic://a.#', '/topic/a.>'],
  ['topic://#', '/topic/>'],
  ['topic://*.b', '/topic/*.b'],
  ['topic://a#.b', '/topic/a#.b'],
  ['queue://a.#', '/queue/a.#'],
] as const) {
  test(`listening to ${written} subscribes to ${read}, and a delivery says which topic it came from`, async () => {
    let subscribed = ''
    await using broker = await scriptedBroker(async (peer) => {
      const { headers } = await acceptSubscription(peer)
      subscribed = headers['destination'] ?? ''
      const id = headers['id'] ?? ''
      peer.send({ command: 'MESSAGE', headers: { subscription: id, destination: '/topic/a.b', ack: '1' }, body: 'x' })
    })
    const link = await dialAt(broker.port)
    const inbox = new Inbox()
    await soon(link.subscribe(parseDestination(written), { prefetch: 1 }, inbox), 'the subscription')
    assert.equal(subscribed, read)
    assert.deepEqual((await inbox.next()).message.destination, { kind: 'topic', name: 'a.b' })
    await link.close(AbortSignal.abort())
  })
}

test('a # that is not the last word cannot be said to ActiveMQ, and nothing is sent', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    await confirmAll(peer)
  })
  const link = await dialAt(broker.port)
  for (const written of ['topic://#.b', 'topic://a.#.b', 'topic://#.#']) {
    const error = await failure(link.subscribe(parseDestination(written), { prefetch: 1 }, new Inbox()))
    assert.deepEqual([error.code, error.retriable], ['unsupported', false])
    assert.ok(error.message.includes(written))
  }
  await link.close(AbortSignal.abort())
})

test('nothing is sent to a wildcard or to what ActiveMQ reads as other destinations, and no answer is wanted there', async () => {
  const seen: string[] = []
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    for (;;) {
      const send = await peer.next('SEND')
      seen.push(send.headers['destination'] ?? '')
      peer.confirm(send)
    }
  })
  const link = await dialAt(broker.port)
  const wildcards = ['topic://a.*', 'topic://#', 'topic://a.>', 'queue://a.*', 'queue://>']
  const others = ['queue://a,b', 'topic://a,topic://b', 'queue://a?b=c', 'queue://a?', 'queue:// a', 'topic://a ']
  for (const written of [...wildcards, ...others]) {
    const destination = parseDestination(written)
    for (const refused of [
      { ...message('1'), destination },
      { ...message('1'), replyTo: destination },
    ]) {
      const error = await failure(link.send(refused, 1))
      assert.deepEqual([error.code, error.retriable], ['invalid-option', false])
    }
  }
  await link.send({ ...message('1'), destination: parseDestination('topic://a*.b') }, 1)
  await link.send({ ...message('1'), destination: parseDestination('queue://a.#') }, 1)
  assert.deepEqual(seen, ['/topic/a*.b', '/queue/a.#'])
  await link.close(AbortSignal.abort())
})
