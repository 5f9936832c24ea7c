import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { SendError } from '../../../src/errors.ts'
import { NOTHING_DECLARED } from '../../../src/transport/topology.ts'
import { watch } from '../../support/client-parts.ts'
import { failure, Inbox, soon } from '../activemq/dialled.ts'
import { closeLinks, dialling, exchange, never, queue, to, topic, turns } from './dialled.ts'

afterEach(closeLinks)

const ids = (inbox: Inbox): string[] => inbox.deliveries.map(({ message }) => message.id)

async function refusal(promise: Promise<unknown>): Promise<SendError> {
  const error = await failure(promise)
  assert.ok(error instanceof SendError, error.name)
  return error
}

test('a message arrives as it was sent, whatever its sender and its receivers do to theirs', async () => {
  const { dial } = dialling()
  const [sender, receiver] = [await dial(), await dial()]
  const inbox = new Inbox()
  await receiver.subscribe(queue('a'), { prefetch: 10 }, inbox)
  const body = Buffer.from('ü\0€')
  const headers = { 'a:b': 'c\\d\r\ne' }
  const given = { body, headers, contentType: 'text/plain', correlationId: 'r', replyTo: topic('answers') }
  const sent = sender.send(to(queue('a'), 'job-1', given), 3)
  body.fill(0)
  headers['a:b'] = ''
  await sent
  const delivery = await inbox.next()
  const { message } = delivery
  assert.deepEqual(message, {
    id: 'job-1',
    attempt: 3,
    destination: queue('a'),
    body: Buffer.from('ü\0€'),
    contentType: 'text/plain',
    headers: { 'a:b': 'c\\d\r\ne' },
    redelivered: false,
    correlationId: 'r',
    replyTo: topic('answers'),
  })
  message.body.fill(0)
  await delivery.settle('requeue')
  const again = await inbox.next(2)
  assert.deepEqual([again.message.body.toString(), again.message.redelivered], ['ü\0€', true])
})

test('neither a confirm nor a delivery comes from within the call', async () => {
  const { dial } = dialling()
  const link = await dial()
  const inbox = new Inbox()
  await link.subscribe(queue('a'), { prefetch: 1 }, inbox)
  const sent = watch(link.send(to(queue('a')), 1))
  await Promise.resolve()
  assert.deepEqual([sent.ending().kind, inbox.deliveries.length], ['pending', 0])
  await turns()
  assert.deepEqual([sent.ending().kind, inbox.deliveries.length], ['done', 1])
})

test('a subscription is confirmed before its first delivery comes', async () => {
  const { dial } = dialling()
  const link = await dial()
  await link.send(to(queue('a')), 1)
  const order: string[] = []
  const sink = { deliver: () => order.push('delivered'), cancelled: () => {} }
  await link.subscribe(queue('a'), { prefetch: 1 }, sink).then(() => order.push('subscribed'))
  await turns()
  assert.deepEqual(order, ['subscribed', 'delivered'])
})

test('no more than the prefetch is out, and settling brings the next', async () => {
  const { dial } = dialling()
  const link = await dial()
  const inbox = new Inbox()
  for (const id of ['1', '2', '3']) await link.send(to(queue('a'), id), 1)
  await link.subscribe(queue('a'), { prefetch: 2 }, inbox)
  await turns()
  assert.deepEqual(ids(inbox), ['1', '2'])
  await inbox.deliveries[1]?.settle('ack')
  await turns()
  assert.deepEqual(ids(inbox), ['1', '2', '3'])
})

test('a rejected delivery goes to DLQ.NAME, or where the queue was declared to send it', async () => {
  const { dial, broker } = dialling()
  const link = await dial()
  await link.declare('declared', { deadLetterTo: queue('morgue') })
  for (const name of ['plain', 'declared']) {
    const inbox = new Inbox()
    await link.subscribe(queue(name), { prefetch: 1 }, inbox)
    await link.send(to(queue(name)), 1)
    await (await inbox.next()).settle('reject')
  }
  assert.deepEqual([broker.depth('DLQ.plain'), broker.depth('DLQ.declared'), broker.depth('morgue')], [1, 0, 1])
  assert.deepEqual([broker.depth('plain'), broker.depth('declared')], [0, 0])
})

test('a cancelled subscription gives back what it holds, and settling that is refused', async () => {
  const { dial } = dialling()
  const link = await dial()
  const [inbox, next] = [new Inbox(), new Inbox()]
  const subscription = await link.subscribe(queue('a'), { prefetch: 10 }, inbox)
  await link.send(to(queue('a'), '1'), 1)
  const delivery = await inbox.next()
  await subscription.cancel(never)
  await subscription.cancel(never)
  await link.subscribe(queue('a'), { prefetch: 10 }, next)
  assert.equal((await next.next()).message.redelivered, true)
  const error = await failure(delivery.settle('ack'))
  assert.deepEqual([error.code, error.retriable], ['rejected', true])
})

test('a topic has a copy for every subscriber, those that listen to a pattern included', async () => {
  const { dial } = dialling()
  const link = await dial()
  const patterns = ['a.b', 'a.*', 'a.#', '#', '*', 'a.b.c', '#.b']
  const inboxes = patterns.map(() => new Inbox())
  for (const [index, pattern] of patterns.entries())
    await link.subscribe(topic(pattern), { prefetch: 1 }, inboxes[index] ?? assert.fail())
  await link.send(to(topic('a.b')), 1)
  await turns()
  assert.deepEqual(
    patterns.filter((_, index) => inboxes[index]?.deliveries.length === 1),
    ['a.b', 'a.*', 'a.#', '#', '#.b'],
  )
  assert.deepEqual(inboxes[1]?.deliveries[0]?.message.destination, topic('a.b'))
})

test('a message cannot be sent to a pattern', async () => {
  const { dial } = dialling()
  const link = await dial()
  for (const destination of [topic('a.*'), topic('#'), exchange('e', 'x.#.y')]) {
    const error = await refusal(link.send(to(destination), 1))
    assert.deepEqual([error.code, error.outcome, error.retriable], ['invalid-option', 'not-sent', false])
  }
  await link.send(to(topic('a*b.c#')), 1)
})

test('an exchange hands a copy to each bound queue once, and returns what nobody is bound to', async () => {
  const { dial, broker } = dialling()
  const link = await dial()
  await link.declare('eu', { bindings: [exchange('orders', 'eu.#'), exchange('orders', '*.new')] })
  await link.declare('new', { bindings: [exchange('orders', '*.new')] })
  await link.send(to(exchange('orders', 'eu.new')), 1)
  await link.send(to(exchange('orders', 'eu.old.one')), 1)
  assert.deepEqual([broker.depth('eu'), broker.depth('new')], [2, 1])
  for (const unheard of [exchange('orders', 'us.old'), exchange('nobody', 'eu.new')]) {
    const error = await refusal(link.send(to(unheard), 1))
    assert.deepEqual([error.code, error.outcome, error.retriable], ['returned', 'returned', false])
  }
})

test('an exchange can be listened to, and its keys are no topics', async () => {
  const { dial } = dialling()
  const link = await dial()
  const [inbox, others] = [new Inbox(), new Inbox()]
  await link.subscribe(exchange('orders', 'eu.*'), { prefetch: 1 }, inbox)
  await link.subscribe(topic('#'), { prefetch: 1 }, others)
  await link.subscribe(exchange('invoices', '#'), { prefetch: 1 }, others)
  await link.send(to(exchange('orders', 'eu.new')), 1)
  assert.deepEqual((await inbox.next()).message.destination, exchange('orders', 'eu.new'))
  await turns()
  assert.equal(others.deliveries.length, 0)
})

test('a queue may be bound to topics', async () => {
  const { dial } = dialling()
  const link = await dial()
  const inbox = new Inbox()
  await link.declare('log', { bindings: [topic('news.#')] })
  await link.send(to(topic('news.today')), 1)
  await link.subscribe(queue('log'), { prefetch: 1 }, inbox)
  assert.deepEqual((await inbox.next()).message.destination, queue('log'))
})

test('a full queue refuses sends for now, and takes them again when there is room', async () => {
  const { dial } = dialling()
  const link = await dial()
  await link.declare('short', { maxLength: 1 })
  await link.send(to(queue('short')), 1)
  const error = await refusal(link.send(to(queue('short'), 'job-2'), 1))
  assert.deepEqual([error.code, error.outcome, error.retriable, error.forNow], ['rejected', 'rejected', true, true])
  await link.subscribe(queue('short'), { prefetch: 1 }, new Inbox())
  await turns()
  await link.send(to(queue('short'), 'job-3'), 1)
})

test('a queue with priorities delivers the highest first, up to the highest that it tells apart', async () => {
  const { dial } = dialling()
  const link = await dial()
  await link.declare('urgent', { maxPriority: 5 })
  const sent: [string, number | undefined][] = [
    ['1', 0],
    ['2', 9],
    ['3', undefined],
    ['4', 5],
    ['5', 0],
  ]
  for (const [id, priority] of sent) {
    await link.send(to(queue('urgent'), id, { priority }), 1)
    await link.send(to(queue('plain'), id, { priority }), 1)
  }
  const [urgent, plain] = [new Inbox(), new Inbox()]
  await link.subscribe(queue('urgent'), { prefetch: 10 }, urgent)
  await link.subscribe(queue('plain'), { prefetch: 10 }, plain)
  await turns()
  assert.deepEqual(
    [ids(urgent), ids(plain)],
    [
      ['2', '4', '3', '1', '5'],
      ['1', '2', '3', '4', '5'],
    ],
  )
})

test('a message expires after its own time or that of its queue, whichever is sooner', async () => {
  const { dial, clock, broker } = dialling()
  const link = await dial()
  await link.declare('brief', { messageTtlMs: 5_000 })
  await link.send(to(queue('brief'), '1', { expiresAtMs: clock.wallTime() + 2_000 }), 1)
  await link.send(to(queue('brief'), '2', { expiresAtMs: clock.wallTime() + 60_000 }), 1)
  clock.advance(3_000)
  assert.deepEqual([broker.depth('brief'), broker.depth('DLQ.brief')], [1, 1])
  clock.advance(3_000)
  assert.deepEqual([broker.depth('brief'), broker.depth('DLQ.brief')], [0, 2])
})

test('a queue is what the application declared before it is first used on a link', async () => {
  const { dial } = dialling()
  const settings = { maxLength: 1 }
  const topology = { ...NOTHING_DECLARED, settingsOf: (name: string) => (name === 'short' ? settings : undefined) }
  const link = await dial({ topology, onBlocked: () => {} })
  await link.send(to(queue('short')), 1)
  assert.equal((await refusal(link.send(to(queue('short')), 1))).outcome, 'rejected')
})

test('queues that are bound to an exchange or a topic are there before it is first used on a link', async () => {
  const { dial, broker } = dialling()
  const bound = [
    ['eu', { bindings: [exchange('orders', 'eu.#')] }],
    ['log', { bindings: [topic('news.#')] }],
    ['other', { bindings: [exchange('others', '#')] }],
  ] as const
  const link = await dial({ topology: { ...NOTHING_DECLARED, declared: () => bound }, onBlocked: () => {} })
  await link.send(to(exchange('orders', 'eu.new')), 1)
  await link.send(to(topic('news.today')), 1)
  assert.equal((await refusal(link.send(to(exchange('orders', 'us.new')), 1))).outcome, 'returned')
  assert.deepEqual(
    bound.map(([name]) => broker.depth(name)),
    [1, 1, 0],
  )
})

test('the letters of a declared queue find the queues that are bound where they go', async () => {
  const { dial, broker } = dialling()
  const work = { deadLetterTo: exchange('dead', 'work') }
  const bound = [['letters', { bindings: [exchange('dead', '#')] }]] as const
  const topology = { settingsOf: (name: string) => (name === 'work' ? work : undefined), declared: () => bound }
  const link = await dial({ topology, onBlocked: () => {} })
  await link.send(to(queue('work')), 1)
  const inbox = new Inbox()
  await link.subscribe(queue('work'), { prefetch: 1 }, inbox)
  await (await inbox.next()).settle('reject')
  assert.equal(broker.depth('letters'), 1)
})

test('a queue cannot be declared in two ways; more bindings are no other way', async () => {
  const { dial } = dialling()
  const link = await dial()
  await link.declare('a', { maxLength: 1, type: 'quorum' })
  await link.declare('a', { maxLength: 1, type: 'quorum', bindings: [exchange('e', 'k')] })
  const error = await failure(link.declare('a', { maxLength: 2 }))
  assert.deepEqual([error.code, error.retriable], ['rejected', false])
})

test('close says goodbye, and everything afterwards is refused', async () => {
  const { dial, brokers } = dialling()
  const link = await dial()
  await soon(link.close(never), 'the end of close')
  await link.close(never)
  assert.deepEqual(await link.closed, { kind: 'closed' })
  const error = await refusal(link.send(to(queue('a')), 1))
  assert.deepEqual([error.code, error.outcome], ['closed', 'not-sent'])
  for (const call of [link.declare('a', {}), link.subscribe(queue('a'), { prefetch: 1 }, new Inbox())])
    assert.equal((await failure(call)).code, 'closed')
  assert.equal(brokers.size, 0)
})

test('a broker that holds nothing is forgotten, and one that holds a message waits for the next link', async () => {
  const { dial, brokers, clock } = dialling()
  const link = await dial()
  await link.send(to(queue('a'), '1', { expiresAtMs: clock.wallTime() + 60_000 }), 1)
  assert.equal(clock.pending, 1)
  await link.close(never)
  assert.deepEqual([brokers.size, clock.pending], [1, 0], 'the broker, and no timer')
  const next = await dial()
  assert.equal(clock.pending, 1)
  const inbox = new Inbox()
  await next.subscribe(queue('a'), { prefetch: 1 }, inbox)
  await (await inbox.next()).settle('ack')
  await next.close(never)
  assert.deepEqual([brokers.size, clock.pending], [0, 0])
})
