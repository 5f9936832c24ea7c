import assert from 'node:assert/strict'
import test from 'node:test'
import type { UnderstudyError } from '../../../src/errors.ts'
import type { Destination } from '../../../src/transport/destination.ts'
import type { Link, LinkDelivery, Subscription } from '../../../src/transport/link.ts'
import {
  type AmqpFrame,
  body,
  header,
  longLong,
  messageId,
  method,
  octet,
  readShortString,
  short,
  shortString,
} from '../../support/amqp-frames.ts'
import { type AmqpPeer, scriptedAmqpBroker } from '../../support/amqp-peer.ts'
import { failure, lossOf, never, soon, until } from '../activemq/dialled.ts'
import { Box, dialAt, linked } from './dialled.ts'

const JOBS: Destination = { kind: 'queue', name: 'jobs' }

interface On extends AsyncDisposable {
  readonly link: Link
  readonly peer: AmqpPeer
  readonly box: Box
  readonly subscription: Subscription
  /** The channel that consumes. */
  readonly channel: number
}

/** A link with one subscription; then, and not before, the broker plays `script` on its channel. */
async function subscribed(
  script: (peer: AmqpPeer, channel: number) => Promise<void> | void,
  query?: string,
): Promise<On> {
  const isSubscribed = Promise.withResolvers<void>()
  let channel = 0
  const broker = await scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    peer.answerQuestions({
      'basic.consume': (frame) => {
        channel = frame.channel
        return method(channel, 'basic.consume-ok', shortString('consumer'))
      },
    })
    await isSubscribed.promise
    await script(peer, channel)
  })
  const link = await dialAt(broker.port, query)
  const box = new Box()
  const subscription = await soon(link.subscribe(JOBS, { prefetch: 7 }, box), 'the subscription')
  isSubscribed.resolve()
  const [peer] = broker.peers
  assert.ok(peer)
  return {
    link,
    peer,
    box,
    subscription,
    channel,
    async [Symbol.asyncDispose]() {
      await link.close(AbortSignal.abort())
      await broker.close()
    },
  }
}

function deliverMany(peer: AmqpPeer, channel: number, count: number): void {
  for (let tag = 1; tag <= count; tag++) peer.deliver(channel, 'consumer', tag, { body: Buffer.from(String(tag)) })
}

/** `tag`, or `<=tag` where it stands for all before it too. */
function acked({ payload }: AmqpFrame): string {
  return `${payload.readUInt8(8) === 1 ? '<=' : ''}${payload.readBigUInt64BE(0)}`
}

function settle(deliveries: readonly LinkDelivery[], ...tags: number[]): Promise<unknown> {
  return soon(Promise.all(tags.map(async (tag) => deliveries[tag - 1]?.settle('ack'))), 'the acknowledges')
}

test('it asks for its own prefetch, per consumer, and consumes with acknowledge on a channel of its own', async () => {
  const asked: AmqpFrame[] = []
  await using broker = await scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    peer.answerQuestions({
      'basic.qos': (frame) => {
        asked.push(frame)
        return method(frame.channel, 'basic.qos-ok')
      },
      'basic.consume': (frame) => {
        asked.push(frame)
        return method(frame.channel, 'basic.consume-ok', shortString('consumer'))
      },
    })
  })
  const link = await dialAt(broker.port)
  await soon(link.subscribe(JOBS, { prefetch: 7 }, new Box()), 'the first')
  await soon(link.subscribe(JOBS, { prefetch: 100_000 }, new Box()), 'the second')
  const [qos, consume, large] = asked
  assert.equal(qos?.payload.toString('hex'), '00000000000700')
  assert.equal(readShortString(consume?.payload ?? Buffer.alloc(3), 2).text, 'jobs')
  assert.equal((consume?.payload.at(-5) ?? 1) & 2, 0, 'no-ack')
  assert.equal(large?.payload.readUInt16BE(4), 65_535, 'the most that AMQP can say')
  assert.equal(new Set(asked.map(({ channel }) => channel)).size, 2)
  await link.close(AbortSignal.abort())
})

test('what is acknowledged in one turn goes out as one frame', async () => {
  await using on = await subscribed((peer, channel) => deliverMany(peer, channel, 5))
  await on.box.next(5)
  await settle(on.box.deliveries, 2, 1, 3)
  assert.equal(acked(await on.peer.next('basic.ack')), '<=3')
  await settle(on.box.deliveries, 4)
  assert.equal(acked(await on.peer.next('basic.ack')), '4')
})

test('nothing is acknowledged that was not: behind an open delivery each goes out by itself', async () => {
  await using on = await subscribed((peer, channel) => deliverMany(peer, channel, 7))
  await on.box.next(7)
  await settle(on.box.deliveries, 1, 2, 6, 4)
  assert.deepEqual(
    [
      acked(await on.peer.next('basic.ack')),
      acked(await on.peer.next('basic.ack')),
      acked(await on.peer.next('basic.ack')),
    ],
    ['<=2', '6', '4'],
  )
  await settle(on.box.deliveries, 3)
  assert.equal(acked(await on.peer.next('basic.ack')), '3')
  await settle(on.box.deliveries, 5, 7)
  assert.equal(acked(await on.peer.next('basic.ack')), '<=7')
})

test('reject and requeue say so, and the frames around them acknowledge no more than was said', async () => {
  await using on = await subscribed((peer, channel) => deliverMany(peer, channel, 4))
  await on.box.next(4)
  const [first, second, third, fourth] = on.box.deliveries
  await soon(
    Promise.all([first?.settle('ack'), second?.settle('reject'), third?.settle('requeue'), fourth?.settle('ack')]),
    'the settlements',
  )
  const rejects = [await on.peer.next('basic.reject'), await on.peer.next('basic.reject')]
  assert.deepEqual(
    rejects.map(({ payload }) => [Number(payload.readBigUInt64BE(0)), payload[8]]),
    [
      [2, 0],
      [3, 1],
    ],
  )
  assert.equal(acked(await on.peer.next('basic.ack')), '<=4')
})

test('acknowledges reach the broker before the subscription ends, and before the link does', async () => {
  await using on = await subscribed((peer, channel) => deliverMany(peer, channel, 2))
  await on.box.next(2)
  const settled = on.box.deliveries[0]?.settle('ack')
  await soon(on.subscription.cancel(never), 'the end of the subscription')
  await settled
  await using other = await subscribed((peer, channel) => deliverMany(peer, channel, 2))
  await other.box.next(2)
  const alsoSettled = other.box.deliveries[0]?.settle('ack')
  await soon(other.link.close(never), 'the end of the link')
  await alsoSettled
  for (const { methods } of [on.peer, other.peer]) {
    assert.ok(methods.indexOf('basic.ack') > 0 && methods.indexOf('basic.ack') < methods.indexOf('channel.close'))
  }
})

test('after the end of a subscription nothing is delivered and nothing can be settled', async () => {
  await using on = await subscribed((peer, channel) => deliverMany(peer, channel, 1))
  const delivery = await on.box.next()
  await soon(on.subscription.cancel(never), 'the end of the subscription')
  await on.subscription.cancel(never)
  const error = await failure(delivery.settle('ack'))
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
  assert.ok(!on.peer.methods.includes('basic.ack'))
})

test('a cancel that gets no answer ends with its signal', async () => {
  await using on = await subscribed((peer) => peer.answerQuestions({ 'channel.close': () => Buffer.alloc(0) }))
  const late = new AbortController()
  const cancelled = on.subscription.cancel(late.signal)
  await until(() => on.peer.methods.includes('channel.close'), 'the question')
  late.abort()
  await soon(cancelled, 'the end of the cancel')
})

test('a consumer that the broker cancels is told of, and may be subscribed again on the same link', async () => {
  await using on = await subscribed((peer, channel) => {
    peer.write(method(channel, 'basic.cancel', shortString('consumer'), octet(1)))
  })
  const reason = await on.box.cancel()
  assert.equal(reason.retriable, true)
  await soon(on.link.subscribe(JOBS, { prefetch: 1 }, new Box()), 'the next subscription')
})

for (const [code, text, known] of [
  [
    406,
    'PRECONDITION_FAILED - delivery acknowledgement on channel 2 timed out. Timeout value used: 1800000 ms.',
    'deadline',
  ],
  [406, 'PRECONDITION_FAILED - unknown delivery tag 9', 'protocol'],
  [541, 'INTERNAL_ERROR', 'link-lost'],
  [404, "NOT_FOUND - home node 'rabbit@a' of durable queue 'jobs' in vhost '/' is down or inaccessible", 'unreachable'],
] as const) {
  test(`a channel closed by ${code} (${text.slice(0, 40)}…) ends its subscription as ${known}, and spares its siblings`, async () => {
    await using on = await subscribed(async (peer, channel) => {
      deliverMany(peer, channel, 1)
      await until(() => peer.methods.filter((name) => name === 'basic.consume').length === 2, 'the sibling')
      peer.closeChannel(channel, code, text)
      await peer.next('channel.close-ok')
      peer.deliver(channel + 1, 'consumer', 1, { body: Buffer.from('sibling') })
    })
    const delivery = await on.box.next()
    const sibling = new Box()
    await soon(on.link.subscribe(JOBS, { prefetch: 1 }, sibling), 'the sibling')
    assert.equal((await on.box.cancel()).code, known)
    assert.equal((await failure(delivery.settle('ack'))).code, 'link-lost')
    await soon((await sibling.next()).settle('ack'), 'the acknowledge of the sibling')
  })
}

test('a subscription that the broker refuses rejects, and the link lives on', async () => {
  let refuse = true
  await using broker = await scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    const closed = [short(403), shortString("ACCESS_REFUSED - access to queue 'jobs' refused"), short(60), short(20)]
    peer.answerQuestions({
      'basic.consume': ({ channel }) =>
        refuse ? method(channel, 'channel.close', ...closed) : method(channel, 'basic.consume-ok', shortString('c')),
    })
  })
  const link = await dialAt(broker.port)
  const box = new Box()
  const error = await failure(link.subscribe(JOBS, { prefetch: 1 }, box))
  assert.deepEqual([error.code, error.retriable], ['authentication', false])
  assert.deepEqual(box.cancels, [])
  refuse = false
  await soon(link.subscribe(JOBS, { prefetch: 1 }, box), 'the next')
  await link.close(AbortSignal.abort())
})

for (const [text, known, retriable, says] of [
  [
    "ACCESS_REFUSED - read access to queue 'jobs' in vhost '/' refused for user 'guest'",
    'authentication',
    false,
    /refused read access to queue 'jobs' in vhost '\/'$/,
  ],
  ["ACCESS_REFUSED - queue 'jobs' in vhost '/' in exclusive use", 'unreachable', true, /in exclusive use$/],
  ["ACCESS_REFUSED - queue name 'x' contains reserved prefix 'amq.*'", 'rejected', false, /reserved prefix/],
] as const) {
  test(`a subscription refused as ${JSON.stringify(text)} is ${known}, ${retriable ? '' : 'not '}retriable`, async () => {
    const refusal = [short(403), shortString(text), short(60), short(20)]
    await using on = await linked((peer) => {
      peer.answerQuestions({ 'basic.consume': ({ channel }) => method(channel, 'channel.close', ...refusal) })
    })
    const error = await failure(on.link.subscribe(JOBS, { prefetch: 1 }, new Box()))
    assert.deepEqual([error.code, error.retriable], [known, retriable])
    assert.match(error.message, says)
    assert.doesNotMatch(error.message, /guest/)
  })
}

test('a link that is lost during subscribe rejects it as retriable', async () => {
  await using broker = await scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    peer.answerQuestions({ 'basic.consume': () => Buffer.alloc(0) })
    await until(() => peer.methods.includes('basic.consume'), 'the question')
    await peer.destroy()
  })
  const link = await dialAt(broker.port)
  const error = await failure(link.subscribe(JOBS, { prefetch: 1 }, new Box()))
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
})

test('a delivery of a lost link cannot be settled, and what waited to be written says so', async () => {
  await using on = await subscribed((peer, channel) => deliverMany(peer, channel, 2))
  const [first] = [await on.box.next(1), await on.box.next(2)]
  await on.peer.destroy()
  await lossOf(on.link)
  const error = await failure(first.settle('ack'))
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
  assert.deepEqual(on.box.cancels, [], 'the end of the link tells')
})

test('topics and exchanges are heard through a queue of their own, with the wildcards of both worlds', async () => {
  const asked: string[] = []
  await using broker = await scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    peer.answerQuestions({
      'queue.declare': (frame) => {
        const { end } = readShortString(frame.payload, 2)
        asked.push(`bits ${frame.payload[end]}`)
        return method(frame.channel, 'queue.declare-ok', shortString('amq.gen-1'), Buffer.alloc(8))
      },
      'queue.bind': (frame) => {
        const queue = readShortString(frame.payload, 2)
        const exchange = readShortString(frame.payload, queue.end)
        asked.push(`${queue.text} ${exchange.text} ${readShortString(frame.payload, exchange.end).text}`)
        return method(frame.channel, 'queue.bind-ok')
      },
    })
  })
  const link = await dialAt(broker.port)
  for (const destination of [
    { kind: 'topic', name: 'news.*.>' },
    { kind: 'topic', name: '>' },
    { kind: 'exchange', name: 'orders', routingKey: 'eu.#' },
  ] as const) {
    await soon(link.subscribe(destination, { prefetch: 1 }, new Box()), 'the subscription')
  }
  // Exclusive and auto-delete, and gone with the node: nobody else may need it.
  assert.deepEqual(asked, [
    'bits 12',
    'amq.gen-1 amq.topic news.*.#',
    'bits 12',
    'amq.gen-1 amq.topic #',
    'bits 12',
    'amq.gen-1 orders eu.#',
  ])
  await link.close(AbortSignal.abort())
})

for (const [what, bytes] of [
  ['a body of 2^60 bytes', (channel: number) => [...deliver(channel), header(channel, 2n ** 60n)]],
  ['a body of 2^63 bytes and more', (channel: number) => [...deliver(channel), header(channel, 2n ** 63n + 1n)]],
  ['a body one byte too long', (channel: number) => [...deliver(channel), header(channel, 1001)]],
  [
    'a body in pieces without an end',
    (channel: number) => [
      ...deliver(channel),
      header(channel, 500),
      ...Array.from({ length: 600 }, () => body(channel, Buffer.alloc(0))),
    ],
  ],
] as [string, (channel: number) => Buffer[]][]) {
  test(`${what} ends the link, and is not kept`, async () => {
    await using on = await subscribed(
      (peer, channel) => peer.write(...bytes(channel)),
      'heartbeat=0&maxMessageBytes=1000',
    )
    const error = await lossOf(on.link)
    assert.equal(error.code, 'protocol')
    assert.match(error.message, /more than 1000 bytes/)
    await soon(on.peer.closed, 'the end of the connection')
    assert.equal(on.box.deliveries.length, 0)
  })
}

function deliver(channel: number): Buffer[] {
  const args = [shortString('consumer'), longLong(1), octet(0), shortString(''), shortString('jobs')]
  return [method(channel, 'basic.deliver', ...args)]
}

for (const [what, bytes] of [
  ['binary noise', () => Buffer.from('\xff'.repeat(50), 'latin1')],
  [
    'a frame longer than was agreed',
    (channel: number) => Buffer.concat([octet(3), short(channel), Buffer.from([0, 2, 0, 1])]),
  ],
  ['a frame on a channel that nobody opened', () => body(77, Buffer.from('x'))],
  ['an answer that nobody asked for', (channel: number) => method(channel, 'queue.bind-ok')],
  [
    'a cancel of an unknown consumer',
    (channel: number) => method(channel, 'basic.cancel', shortString('who'), octet(1)),
  ],
  [
    'a frame of an unknown kind',
    (channel: number) => Buffer.concat([octet(9), short(channel), Buffer.alloc(4), octet(0xce)]),
  ],
] as [string, (channel: number) => Buffer][]) {
  test(`${what} on an established link is a lost link with one classified error`, async () => {
    await using on = await subscribed((peer, channel) => peer.write(bytes(channel)))
    const error = await lossOf(on.link)
    assert.deepEqual([error.code, error.retriable], ['protocol', true])
    await soon(on.peer.closed, 'the end of the connection')
  })
}

for (const [what, bytes] of [
  [
    'a delivery for an unknown consumer',
    (channel: number) => [
      method(channel, 'basic.deliver', shortString('who'), longLong(1), octet(0), shortString(''), shortString('q')),
      header(channel, 0),
    ],
  ],
  ['a head in place of a body', (channel: number) => [...deliver(channel), header(channel, 5), header(channel, 5)]],
  [
    'more body than was announced',
    (channel: number) => [...deliver(channel), header(channel, 1), body(channel, Buffer.from('xx'))],
  ],
  ['a body without a delivery', (channel: number) => [body(channel, Buffer.from('x'))]],
] as [string, (channel: number) => Buffer[]][]) {
  test(`${what} ends the subscription, and nothing of it is delivered`, async () => {
    await using on = await subscribed((peer, channel) => peer.write(...bytes(channel)))
    let reason: UnderstudyError | undefined
    void on.link.closed.then((closed) => {
      if (closed.kind === 'lost') reason = closed.error
    })
    await until(() => (reason ??= on.box.cancels[0]) !== undefined, 'the end')
    assert.ok(reason && ['protocol', 'link-lost'].includes(reason.code), String(reason))
    assert.equal(on.box.deliveries.length, 0)
  })
}

test('a connection that is cut in the middle of a message delivers no half of it', async () => {
  await using on = await subscribed(async (peer, channel) => {
    const half = Buffer.concat([
      ...deliver(channel),
      header(channel, 10, messageId('1')),
      body(channel, Buffer.from('half')),
    ])
    await new Promise((resolve) => peer.socket.write(half, resolve))
    await peer.destroy()
  })
  const error = await lossOf(on.link)
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
  assert.equal(on.box.deliveries.length, 0)
})

test('a forced close of the connection, which amqplib calls no error, is a lost link', async () => {
  await using on = await subscribed((peer) =>
    peer.closeConnection(320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'"),
  )
  const error = await lossOf(on.link)
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
  assert.match(error.message, /reason 'shutdown'/)
})

test('close with a dead peer is bounded by its signal', async () => {
  await using on = await subscribed((peer) => peer.answerQuestions({ 'channel.close': () => Buffer.alloc(0) }))
  const late = new AbortController()
  const closing = on.link.close(late.signal)
  await until(() => on.peer.methods.includes('channel.close'), 'the goodbye')
  late.abort()
  await soon(closing, 'the end of close')
  assert.deepEqual(await on.link.closed, { kind: 'closed' })
  await soon(on.peer.closed, 'the end of the connection')
})
