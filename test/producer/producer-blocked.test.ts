import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectedProducer, failureOf, message, watch } from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import type { ScriptedLink } from '../support/scripted-transport.ts'

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

const written = (link: ScriptedLink, from: number): string[] =>
  link.sent.slice(from).map(({ message: { id }, attempt }) => `${id}/${attempt}`)

test('a destination that is away is asked for by one send at a time, and the others follow in order', async () => {
  const { producer, link, clock, transport } = await connectedProducer()
  const sends = ['a', 'b', 'c', 'd'].map((id) => watch(producer.send(message(id))))
  link.sent[2]?.confirm()
  await settled()
  for (const at of [1, 0, 3]) link.sent[at]?.fail('returned', { retriable: true })
  await settled()
  assert.deepEqual(written(link, 4), [], 'not at once')
  await clock.advance(100)
  assert.deepEqual(written(link, 4), ['a/2'])
  link.sent.at(-1)?.fail('returned', { retriable: true })
  await clock.advance(100)
  assert.deepEqual(written(link, 5), ['a/3'])
  link.sent.at(-1)?.confirm()
  await settled()
  assert.deepEqual(written(link, 6), ['b/2', 'd/2'])
  link.confirmAll()
  await settled()
  assert.ok(sends.every(({ ending }) => ending().kind === 'done'))
  assert.equal(transport.links.length, 1)
})

test('each destination that is away is asked for by itself', async () => {
  const { producer, link, clock } = await connectedProducer()
  const to = (id: string, name: string): void => {
    watch(producer.send({ ...message(id), destination: { kind: 'queue', name } }))
  }
  for (const [id, name] of [
    ['a', 'x'],
    ['b', 'y'],
    ['c', 'x'],
  ] as const)
    to(id, name)
  for (const send of link.sent) send.fail('returned', { retriable: true })
  await clock.advance(100)
  assert.deepEqual(written(link, 3), ['a/2', 'b/2'])
  link.sent[4]?.confirm()
  await settled()
  assert.deepEqual(written(link, 5), [], 'another destination says nothing of this one')
  link.sent[3]?.confirm()
  await settled()
  assert.deepEqual(written(link, 5), ['c/2'])
})

test('when the one that asks is refused for good, the others ask for themselves', async () => {
  const { producer, link, clock } = await connectedProducer()
  const sends = ['a', 'b'].map((id) => watch(producer.send(message(id))))
  for (const send of link.sent) send.fail('returned', { retriable: true })
  await clock.advance(100)
  link.sent.at(-1)?.fail('rejected')
  await settled()
  assert.equal(failureOf(sends[0] ?? assert.fail()).outcome, 'rejected')
  assert.deepEqual(written(link, 3), ['b/2'])
})

test('a broker that owes a confirm is found while the eldest send waits for its destination', async () => {
  const { producer, link, clock, transport } = await connectedProducer({ uri: `${URI}&confirmTimeout=1000` })
  const away = watch(producer.send(message('away')))
  link.sent[0]?.fail('returned', { retriable: true })
  await settled()
  watch(producer.send({ ...message('silent'), destination: { kind: 'queue', name: 'other' } }))
  for (let tick = 0; tick < 21 && transport.links.length === 1; tick++) {
    await clock.advance(100)
    const probe = link.sent.findLast(({ message: { id } }) => id === 'away')
    if (probe && !probe.answered) probe.fail('returned', { retriable: true })
  }
  assert.equal(transport.links.length, 2)
  assert.equal(away.ending().kind, 'pending')
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

test('when the one that asks is given up meanwhile, the next one goes on asking', async () => {
  const { producer, link, clock } = await connectedProducer()
  const caller = new AbortController()
  const first = watch(producer.send(message('a'), caller.signal))
  const second = watch(producer.send(message('b')))
  for (const send of link.sent) send.fail('returned', { retriable: true })
  await clock.advance(100)
  assert.deepEqual(written(link, 2), ['a/2'])
  caller.abort()
  link.sent.at(-1)?.fail('returned', { retriable: true })
  await clock.advance(100)
  assert.equal(first.ending().kind, 'failed')
  assert.deepEqual(written(link, 3), ['b/2'])
  link.confirmAll()
  await settled()
  assert.equal(second.ending().kind, 'done')
})
