import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { SendError } from '../../../src/errors.ts'
import { NOTHING_DECLARED } from '../../../src/transport/topology.ts'
import { watch } from '../../support/client-parts.ts'
import { failure, Inbox, lossOf, soon } from '../activemq/dialled.ts'
import { closeLinks, dialling, never, queue, to, turns } from './dialled.ts'

afterEach(closeLinks)

async function endOf(promise: Promise<unknown>): Promise<SendError> {
  const error = await failure(promise)
  assert.ok(error instanceof SendError, error.name)
  return error
}

test('a cut ends every link with its reason, leaves sends unknown and gives deliveries back', async () => {
  const { dial, broker } = dialling()
  const [link, receiver] = [await dial(), await dial()]
  const inbox = new Inbox()
  await receiver.subscribe(queue('a'), { prefetch: 1 }, inbox)
  await link.send(to(queue('a'), '1'), 1)
  const delivery = await inbox.next()
  broker.holdConfirms()
  const sent = endOf(link.send(to(queue('a'), '2'), 4))
  broker.cut()
  const error = await sent
  assert.deepEqual([error.code, error.outcome, error.retriable, error.attempts], ['unconfirmed', 'unknown', true, 4])
  assert.deepEqual([(await lossOf(link)).code, (await lossOf(receiver)).code], ['link-lost', 'link-lost'])
  assert.deepEqual([(await failure(delivery.settle('ack'))).code, broker.depth('a')], ['link-lost', 2])
  assert.equal((await endOf(link.send(to(queue('a')), 1))).outcome, 'not-sent')
  const next = new Inbox()
  await (await dial()).subscribe(queue('a'), { prefetch: 2 }, next)
  await next.next(2)
  assert.deepEqual(
    next.deliveries.map(({ message }) => [message.id, message.redelivered]),
    [
      ['1', true],
      ['2', false],
    ],
  )
})

test('a broker that refuses takes no new link and keeps the old ones', async () => {
  const { dial, broker } = dialling()
  const link = await dial()
  broker.refuse()
  const error = await failure(dial())
  assert.deepEqual([error.code, error.retriable, error.endpoint], ['refused', true, 'memory://x'])
  await link.send(to(queue('a')), 1)
  broker.accept()
  await dial()
})

test('credentials are accepted whatever they are, until the broker is told to refuse them', async () => {
  const { dial, broker } = dialling()
  await dial(undefined, 'memory://user:secret@x')
  broker.failCredentials()
  const error = await failure(dial(undefined, 'memory://user:secret@x'))
  assert.deepEqual([error.code, error.retriable], ['authentication', false])
  assert.doesNotMatch(error.message, /secret/)
  broker.acceptCredentials()
  await dial(undefined, 'memory://user:secret@x')
})

test('a held confirm holds the send and not the message, and comes when it is released', async () => {
  const { dial, broker } = dialling()
  const link = await dial()
  const inbox = new Inbox()
  await link.subscribe(queue('a'), { prefetch: 1 }, inbox)
  broker.holdConfirms()
  const sent = watch(link.send(to(queue('a')), 1))
  await (await inbox.next()).settle('ack')
  await turns()
  assert.equal(sent.ending().kind, 'pending')
  broker.releaseConfirms()
  await turns()
  assert.equal(sent.ending().kind, 'done')
})

test('a blocked broker tells producers why, takes sends in order once it is unblocked, and acknowledges meanwhile', async () => {
  const { dial, broker } = dialling()
  const told: (string | undefined)[] = []
  const context = {
    topology: NOTHING_DECLARED,
    onBlocked: (reason: string | undefined) => told.push(reason),
  }
  const [producer, receiver] = [await dial(context), await dial(context)]
  const inbox = new Inbox()
  await receiver.subscribe(queue('a'), { prefetch: 5 }, inbox)
  await producer.send(to(queue('a'), '1'), 1)
  const delivery = await inbox.next()
  broker.block('disk')
  const sent = ['2', '3'].map((id) => watch(producer.send(to(queue('a'), id), 1)))
  await delivery.settle('ack')
  await turns()
  assert.deepEqual([told, sent.map(({ ending }) => ending().kind)], [['disk'], ['pending', 'pending']])
  broker.unblock()
  await turns()
  assert.deepEqual(
    [told, sent.map(({ ending }) => ending().kind)],
    [
      ['disk', undefined],
      ['done', 'done'],
    ],
  )
  assert.deepEqual(
    inbox.deliveries.map(({ message }) => message.id),
    ['1', '2', '3'],
  )
})

test('a link that comes during a block is told with its first send', async () => {
  const { dial, broker } = dialling()
  const told: (string | undefined)[] = []
  broker.block('disk')
  const link = await dial({ topology: NOTHING_DECLARED, onBlocked: (reason) => told.push(reason) })
  await turns()
  assert.deepEqual(told, [])
  const sent = link.send(to(queue('a')), 1)
  await turns()
  assert.deepEqual(told, ['disk'])
  broker.unblock()
  await soon(sent, 'the confirm')
})

test('a mute broker answers nothing, and all of it once it speaks again', async () => {
  const { dial, broker } = dialling()
  const link = await dial(undefined, 'memory:x?heartbeat=0')
  const inbox = new Inbox()
  await link.subscribe(queue('a'), { prefetch: 1 }, inbox)
  broker.mute()
  const calls = [link.send(to(queue('a')), 1), link.subscribe(queue('b'), { prefetch: 1 }, inbox), dial()].map(watch)
  await turns()
  assert.deepEqual(
    [calls.map(({ ending }) => ending().kind), inbox.deliveries.length, broker.depth('a')],
    [['pending', 'pending', 'pending'], 0, 0],
  )
  broker.unmute()
  await turns()
  assert.deepEqual([calls.map(({ ending }) => ending().kind), inbox.deliveries.length], [['done', 'done', 'done'], 1])
})

test('a dial to a mute broker ends with its signal, as a handshake that was never answered', async () => {
  const { dial, broker } = dialling()
  broker.mute()
  const late = new AbortController()
  const dialled = failure(dial(undefined, 'memory:x', late.signal))
  await turns()
  late.abort()
  const error = await dialled
  assert.deepEqual([error.code, error.retriable], ['handshake-timeout', true])
  assert.equal((await failure(dial(undefined, 'memory:x', AbortSignal.abort()))).code, 'aborted')
})

test('a link finds a mute broker out by its heart-beat, and one that speaks again in time it does not', async () => {
  const { dial, broker, clock } = dialling()
  const link = await dial(undefined, 'memory:x?heartbeat=1000')
  broker.mute()
  clock.advance(1_400)
  broker.unmute()
  assert.equal(clock.pending, 0)
  broker.mute()
  clock.advance(1_600)
  const error = await lossOf(link)
  assert.deepEqual([error.code, error.retriable], ['heartbeat-lost', true])
})

test('close of a link to a mute broker ends with its signal', async () => {
  const { dial, broker, clock } = dialling()
  const link = await dial()
  broker.mute()
  const late = new AbortController()
  const closed = watch(link.close(late.signal))
  await turns()
  assert.equal(closed.ending().kind, 'pending')
  late.abort()
  await turns()
  assert.equal(closed.ending().kind, 'done')
  assert.deepEqual([await link.closed, clock.pending], [{ kind: 'closed' }, 0])
})

test('a subscription whose end a mute broker never heard of ends with its link', async () => {
  const { dial, broker } = dialling()
  const link = await dial(undefined, 'memory:x?heartbeat=0')
  await link.send(to(queue('a')), 1)
  const inbox = new Inbox()
  const subscription = await link.subscribe(queue('a'), { prefetch: 1 }, inbox)
  await inbox.next()
  broker.mute()
  const late = new AbortController()
  const cancelled = subscription.cancel(late.signal)
  late.abort()
  await soon(cancelled, 'the end of the subscription')
  broker.cut()
  broker.unmute()
  const next = new Inbox()
  await (await dial()).subscribe(queue('a'), { prefetch: 1 }, next)
  assert.equal((await next.next()).message.redelivered, true)
})

test('a broker told to refuse sends refuses so many of them, for good', async () => {
  const { dial, broker } = dialling()
  const link = await dial()
  broker.nackNext(2)
  for (const id of ['1', '2']) {
    const error = await endOf(link.send(to(queue('a'), id), 1))
    assert.deepEqual([error.code, error.outcome, error.retriable], ['rejected', 'rejected', false])
  }
  await link.send(to(queue('a'), '3'), 1)
  assert.equal(broker.depth('a'), 1)
})

test('a subscription that the broker ends says so, and its link lives on', async () => {
  const { dial, broker } = dialling()
  const link = await dial()
  const reasons: string[] = []
  const deliver = (): void => assert.fail('nothing was sent')
  await link.subscribe(queue('a'), { prefetch: 1 }, { deliver, cancelled: ({ code }) => reasons.push(code) })
  broker.cancelConsumers()
  await turns()
  assert.deepEqual(reasons, ['link-lost'])
  await link.send(to(queue('a')), 1)
  await turns()
  const inbox = new Inbox()
  await link.subscribe(queue('a'), { prefetch: 1 }, inbox)
  assert.equal((await inbox.next()).message.redelivered, false)
})

test('a broker that was stopped has what was persistent when it is started again, and nothing else', async () => {
  const { dial, broker } = dialling()
  const link = await dial()
  const inbox = new Inbox()
  await link.send(to(queue('a'), '1'), 1)
  await link.send(to(queue('a'), '2', { persistent: false }), 1)
  await link.send(to(queue('a'), '3'), 1)
  await link.subscribe(queue('a'), { prefetch: 2 }, inbox)
  await inbox.next(2)
  broker.stop()
  assert.equal((await lossOf(link)).code, 'link-lost')
  assert.equal((await failure(dial())).code, 'refused')
  broker.restart()
  const next = new Inbox()
  const again = await dial()
  await again.subscribe(queue('a'), { prefetch: 5 }, next)
  await next.next(2)
  await turns()
  assert.deepEqual(
    next.deliveries.map(({ message }) => [message.id, message.redelivered]),
    [
      ['1', true],
      ['3', false],
    ],
  )
})

test('a door can be hurt without the others noticing', async () => {
  const { dial, broker } = dialling()
  const [one, other] = [broker.door(1), broker.door(2)]
  assert.equal(one.address, 'memory://x:1')
  const [link, spared] = [await dial(undefined, one.address), await dial(undefined, other.address)]
  one.cut()
  assert.equal((await lossOf(link)).code, 'link-lost')
  await one.refuse()
  assert.equal((await failure(dial(undefined, one.address))).code, 'refused')
  one.slam()
  assert.equal((await failure(dial(undefined, one.address))).code, 'unreachable')
  assert.deepEqual([one.dials, one.open, other.dials, other.open], [2, 0, 1, 1])
  await spared.send(to(queue('a')), 1)
  await one.heal()
  const held = await dial(undefined, one.address)
  one.hold()
  const sent = watch(held.send(to(queue('a')), 1))
  await turns()
  assert.deepEqual([sent.ending().kind, broker.depth('a')], ['pending', 2])
  await one.heal()
  await turns()
  assert.equal(sent.ending().kind, 'done')
  one.mute()
  const unread = watch(held.send(to(queue('a')), 1))
  await turns()
  assert.deepEqual([unread.ending().kind, broker.depth('a')], ['pending', 2])
  await one.heal()
  await turns()
  assert.equal(unread.ending().kind, 'done')
})

test('a reset leaves nothing behind', async () => {
  const { dial, broker, brokers } = dialling()
  const link = await dial()
  broker.door(7)
  broker.mute()
  broker.nackNext(3)
  await link.close(AbortSignal.abort())
  assert.equal(brokers.size, 1)
  broker.reset()
  assert.equal(brokers.size, 0)
  await (await dial()).close(never)
})
