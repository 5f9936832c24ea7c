import assert from 'node:assert/strict'
import test from 'node:test'
import {
  connectedProducer,
  failureOf,
  message,
  type ProducerParts,
  producerParts,
  TWO,
  watch,
} from '../support/client-parts.ts'
import { settled } from '../support/fake-clock.ts'
import { badCredentials, type ScriptedLink } from '../support/scripted-transport.ts'

const never = new AbortController().signal

test('drain waits for every confirm, those of the line included, and takes nothing more', async () => {
  const { producer, link } = await connectedProducer({ uri: `${TWO}&maxPending=2` })
  const sends = ['a', 'b', 'c', 'd'].map((id) => watch(producer.send(message(id))))
  const draining = watch(producer.drain(never))
  const late = watch(producer.send(message('late')))
  await settled()
  assert.deepEqual([failureOf(late).code, failureOf(late).outcome], ['closed', 'not-sent'])
  link.sent[0]?.confirm()
  link.sent[1]?.confirm()
  await settled()
  assert.deepEqual(link.ids, ['a', 'b', 'c', 'd'])
  link.sent[2]?.confirm()
  await settled()
  assert.equal(draining.ending().kind, 'pending')
  link.sent[3]?.confirm()
  await settled()
  assert.equal(draining.ending().kind, 'done')
  assert.ok(sends.every(({ ending }) => ending().kind === 'done'))
})

test('drain of an idle producer is done at once', async () => {
  const { producer } = await connectedProducer()
  assert.equal(await producer.drain(never), true)
  assert.equal(await producer.drain(AbortSignal.abort()), true)
})

test('drain is over when its signal fires, or has fired before', async () => {
  const { producer } = await connectedProducer()
  watch(producer.send(message('a')))
  assert.equal(await producer.drain(AbortSignal.abort()), false)
  const late = new AbortController()
  const draining = producer.drain(late.signal)
  late.abort()
  assert.equal(await draining, false)
})

test('drain goes on over the next link', async () => {
  const { producer, link, transport } = await connectedProducer()
  const sending = watch(producer.send(message('a')))
  const draining = watch(producer.drain(never))
  link.die()
  await settled()
  assert.equal(draining.ending().kind, 'pending')
  transport.last.confirmAll()
  await settled()
  assert.deepEqual([draining.ending().kind, sending.ending().kind], ['done', 'done'])
})

test('close settles everything: what was written is unknown, what was not is not sent', async () => {
  const { producer, session, transport, clock, link } = await connectedProducer({ uri: `${TWO}&maxPending=2` })
  const a = watch(producer.send(message('a')))
  transport.answer('a', 'refuse').answer('b', 'refuse')
  link.die()
  await settled()
  const [b, c] = [watch(producer.send(message('b'))), watch(producer.send(message('c')))]
  await session.close(never)
  await settled()
  assert.deepEqual(
    [a, b, c].map((one) => [failureOf(one).code, failureOf(one).outcome]),
    [
      ['closed', 'unknown'],
      ['closed', 'not-sent'],
      ['closed', 'not-sent'],
    ],
  )
  assert.equal(producer.pending, 0)
  assert.equal(clock.pending, 0)
  const after = watch(producer.send(message('d')))
  await settled()
  assert.deepEqual([failureOf(after).code, failureOf(after).attempts], ['closed', 0])
})

test('a final failure ends every send with its reason, and later ones at once', async () => {
  const { producer, transport, link } = await connectedProducer()
  const written = watch(producer.send(message('a')))
  transport.answer('b', badCredentials())
  link.die()
  await settled()
  assert.deepEqual([failureOf(written).code, failureOf(written).outcome], ['authentication', 'unknown'])
  const later = watch(producer.send(message('b')))
  await settled()
  assert.deepEqual([failureOf(later).code, failureOf(later).outcome], ['authentication', 'not-sent'])
})

const PRIORITY = 'failover:(stomp://a,stomp://b)?priorityBackup=true&randomize=false&jitter=0&drainTimeout=5000'

/** On the second choice with one send written, and the switch to the preferred broker begun. */
async function switching(): Promise<
  ProducerParts & { readonly link: ScriptedLink; readonly first: ReturnType<typeof watch> }
> {
  const of = producerParts({ uri: PRIORITY })
  of.transport.answer('a', 'refuse')
  of.session.open()
  await settled()
  const link = of.transport.last
  const first = watch(of.producer.send(message('first')))
  of.transport.answer('a', 'accept')
  await of.clock.advance(1000)
  assert.equal(of.events.at(-1)?.type, 'switching')
  return { ...of, link, first }
}

test('during a switch what was written is finished here, and what is new goes to the preferred broker', async () => {
  const { producer, link, first, transport } = await switching()
  const second = watch(producer.send(message('second')))
  assert.deepEqual(link.ids, ['first'])
  link.confirmAll()
  await settled()
  assert.equal(first.ending().kind, 'done')
  assert.deepEqual(transport.last.ids, ['second'])
  assert.equal(transport.last.host, 'a')
  assert.equal(transport.last.sent[0]?.attempt, 1)
  transport.last.confirmAll()
  await settled()
  assert.equal(second.ending().kind, 'done')
})

test('drain during a switch waits for what goes to the preferred broker, too', async () => {
  const { producer, link, transport } = await switching()
  const second = watch(producer.send(message('second')))
  const draining = watch(producer.drain(never))
  link.confirmAll()
  await settled()
  assert.equal(draining.ending().kind, 'pending')
  transport.last.confirmAll()
  await settled()
  assert.deepEqual([draining.ending().kind, second.ending().kind], ['done', 'done'])
})

test('a link lost during the switch: its unconfirmed go to the preferred broker, and are watched there', async () => {
  const { producer, link, first, transport, clock } = await switching()
  link.die()
  await settled()
  assert.deepEqual(
    transport.last.sent.map(({ message, attempt }) => `${message.id}/${attempt}`),
    ['first/2'],
  )
  await clock.advance(15_000)
  assert.ok(transport.last.host === 'b' && transport.links.some(({ host, over }) => host === 'a' && over))
  transport.last.confirmAll()
  await settled()
  assert.equal(first.ending().kind, 'done')
  assert.equal(producer.pending, 0)
})

test('a preferred link that dies during the switch: nothing is written twice, and new sends go on here', async () => {
  const { producer, link, first, transport } = await switching()
  transport.last.die()
  transport.answer('a', 'refuse')
  const second = watch(producer.send(message('second')))
  await settled()
  assert.deepEqual(link.ids, ['first'])
  link.confirmAll()
  await settled()
  assert.deepEqual(link.ids, ['first', 'second'])
  link.confirmAll()
  await settled()
  assert.deepEqual([first.ending().kind, second.ending().kind], ['done', 'done'])
})

test('a switch that outlasts the drain timeout sends the unconfirmed again at the preferred broker', async () => {
  const { producer, link, first, transport, clock } = await switching()
  link.closesMute = true
  await clock.advance(5000)
  assert.deepEqual(transport.last.ids, ['first'])
  transport.last.confirmAll()
  await settled()
  assert.equal(first.ending().kind, 'done')
  await clock.advance(5000)
  assert.ok(link.over)
  await settled()
  assert.equal(producer.pending, 0)
})
