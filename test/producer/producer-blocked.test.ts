import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectedProducer, failureOf, message, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'

const URI = 'failover:(stomp://a,stomp://b)?randomize=false&jitter=0'

test('a blocked broker owes no confirm in time, and owes it again once it reads on', async () => {
  const { producer, link, clock, transport, events } = await connectedProducer({ uri: `${URI}&confirmTimeout=1000` })
  const sending = watch(producer.send(message('one')))
  link.context?.onBlocked('low on memory')
  await clock.advance(20_000)
  assert.equal(transport.links.length, 1)
  assert.equal(sending.ending().kind, 'pending')
  link.context?.onBlocked(undefined)
  await clock.advance(999)
  assert.equal(transport.links.length, 1)
  await clock.advance(2)
  assert.equal(transport.links.length, 2, 'a broker that reads and does not confirm is given up as ever')
  assert.ok(events.some((event) => event.type === 'interrupted' && event.error.code === 'confirm-timeout'))
})

test('a blocked broker does not stretch the retry threshold', async () => {
  const { producer, link, clock } = await connectedProducer({ uri: `${URI}&retryThreshold=5000` })
  const sending = watch(producer.send(message('one')))
  link.context?.onBlocked('low on disk')
  await clock.advance(5001)
  const error = failureOf(sending)
  assert.deepEqual([error.outcome, error.code], ['unknown', 'unconfirmed'])
})

test('a destination that is away for a while is tried again on the same link, in order', async () => {
  const { producer, link, clock, transport } = await connectedProducer()
  const sends = ['a', 'b', 'c'].map((id) => watch(producer.send(message(id))))
  link.sent[0]?.fail('returned', { retriable: true })
  link.sent[1]?.fail('returned', { retriable: true })
  await settled()
  assert.equal(link.sent.length, 3, 'not at once')
  await clock.advance(100)
  assert.deepEqual(
    link.sent.slice(3).map(({ message: { id }, attempt }) => `${id}/${attempt}`),
    ['a/2', 'b/2'],
  )
  link.confirmAll()
  await settled()
  assert.deepEqual(
    sends.map(({ ending }) => ending().kind),
    ['done', 'done', 'done'],
  )
  assert.equal(transport.links.length, 1)
})

test('a destination that stays away ends the send as returned once the threshold is over', async () => {
  const { producer, link, clock } = await connectedProducer({ uri: `${URI}&retryThreshold=1000` })
  link.confirms = false
  const sending = watch(producer.send(message('one')))
  for (let n = 0; n < 12 && sending.ending().kind === 'pending'; n++) {
    link.sent.at(-1)?.fail('returned', { retriable: true })
    await clock.advance(100)
  }
  const error = failureOf(sending)
  assert.equal(error.outcome, 'returned')
  assert.ok(link.sent.length >= 9)
})

test('what was returned waits for nothing when the link is lost: the next link gets it in its place', async () => {
  const { producer, link, clock, transport } = await connectedProducer()
  for (const id of ['a', 'b']) watch(producer.send(message(id)))
  link.sent[0]?.fail('returned', { retriable: true })
  await settled()
  link.die()
  await clock.advance(1000)
  assert.deepEqual(
    transport.last.sent.map(({ message: { id } }) => id),
    ['a', 'b'],
  )
})
