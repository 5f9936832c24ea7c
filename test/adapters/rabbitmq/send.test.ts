import assert from 'node:assert/strict'
import test from 'node:test'
import { SendError } from '../../../src/errors.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import { NOTHING_DECLARED } from '../../../src/transport/topology.ts'
import { header, long, messageId, method, octet, short, shortString } from '../../support/amqp-frames.ts'
import type { AmqpPeer, Published } from '../../support/amqp-peer.ts'
import { message } from '../../support/client-parts.ts'
import { failure, lossOf, never, soon, until } from '../activemq/dialled.ts'
import { linked } from './dialled.ts'

const to = (name: string, given: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  ...message('job-1'),
  destination: { kind: 'queue', name },
  ...given,
})

/** A promise together with how far it is. */
function watch(promise: Promise<void>): { readonly promise: Promise<void>; state: 'pending' | 'done' | 'failed' } {
  const watched: ReturnType<typeof watch> = { promise, state: 'pending' }
  promise.then(
    () => (watched.state = 'done'),
    () => (watched.state = 'failed'),
  )
  return watched
}

/** How a send ended without success. */
async function ended(send: Promise<void>): Promise<Pick<SendError, 'outcome' | 'code' | 'retriable'>> {
  const error = await failure(send)
  assert.ok(error instanceof SendError, String(error))
  const { outcome, code, retriable } = error
  return { outcome, code, retriable }
}

test('a send resolves on the ack of its publish, and not before', async () => {
  const confirm = Promise.withResolvers<void>()
  let published: Published | undefined
  await using on = await linked(async (peer) => {
    published = await peer.nextPublish()
    await confirm.promise
    peer.ack(published.channel, 1)
  })
  const sent = watch(on.link.send(to('jobs'), 1))
  await until(() => published !== undefined, 'the message')
  assert.equal(sent.state, 'pending')
  confirm.resolve()
  await soon(sent.promise, 'the confirm')
  assert.deepEqual(
    [published?.exchange, published?.routingKey, published?.mandatory, published?.body.toString()],
    ['', 'jobs', true, 'x'],
  )
})

test('topics are not mandatory, exchanges are, and both carry their routing key', async () => {
  const seen: Published[] = []
  await using on = await linked(async (peer) => {
    for (let tag = 1; ; tag++) {
      const published = await peer.nextPublish()
      seen.push(published)
      peer.ack(published.channel, tag)
    }
  })
  await soon(on.link.send(to('', { destination: { kind: 'topic', name: 'news.today' } }), 1), 'the topic')
  const exchange = { kind: 'exchange', name: 'orders', routingKey: 'eu.new' } as const
  await soon(on.link.send(to('', { destination: exchange }), 1), 'the exchange')
  assert.deepEqual(
    seen.map(({ exchange, routingKey, mandatory }) => [exchange, routingKey, mandatory]),
    [
      ['amq.topic', 'news.today', false],
      ['orders', 'eu.new', true],
    ],
  )
})

test('with mandatory=false nothing is asked to come back', async () => {
  let published: Published | undefined
  await using on = await linked(async (peer) => {
    published = await peer.nextPublish()
    peer.ack(published.channel, 1)
  }, 'heartbeat=0&mandatory=false')
  await soon(on.link.send(to('jobs'), 1), 'the confirm')
  assert.deepEqual([published?.routingKey, published?.mandatory], ['jobs', false])
})

test('one ack with `multiple` confirms all before it, and those behind it wait on', async () => {
  await using on = await linked(async (peer) => {
    const published = [await peer.nextPublish(), await peer.nextPublish(), await peer.nextPublish()]
    peer.ack(published[0]?.channel ?? 0, 2, true)
  })
  const sends = ['1', '2', '3'].map((id) => watch(on.link.send(to('jobs', { id }), 1)))
  await soon(Promise.all(sends.slice(0, 2).map(({ promise }) => promise)), 'the first two')
  assert.equal(sends[2]?.state, 'pending')
})

test('acks out of order confirm their own message each', async () => {
  await using on = await linked(async (peer) => {
    const { channel } = await peer.nextPublish()
    await peer.nextPublish()
    peer.ack(channel, 2)
  })
  const sends = ['1', '2'].map((id) => watch(on.link.send(to('jobs', { id }), 1)))
  await soon(sends[1]?.promise ?? Promise.reject(), 'the second')
  assert.equal(sends[0]?.state, 'pending')
})

test('a second ack of the same message is harmless, to it and to those behind', async () => {
  await using on = await linked(async (peer) => {
    const { channel } = await peer.nextPublish()
    peer.ack(channel, 1)
    peer.ack(channel, 1)
    peer.ack(channel, 1, true)
    await peer.nextPublish()
    peer.ack(channel, 1)
    peer.ack(channel, 2)
  })
  await soon(on.link.send(to('jobs', { id: '1' }), 1), 'the first')
  await soon(on.link.send(to('jobs', { id: '2' }), 1), 'the second')
})

for (const tag of [7, 4_000_000_000, 2n ** 63n]) {
  test(`an ack of message ${tag}, which was never sent, ends the link as a protocol error`, async () => {
    await using on = await linked(async (peer) => {
      const { channel } = await peer.nextPublish()
      peer.ack(channel, tag)
    })
    const sent = ended(on.link.send(to('jobs'), 1))
    assert.equal((await lossOf(on.link)).code, 'protocol')
    assert.deepEqual(await sent, { outcome: 'unknown', code: 'unconfirmed', retriable: true })
  })
}

test('a nack is a refusal, which another broker may not repeat', async () => {
  await using on = await linked(async (peer) => peer.nack((await peer.nextPublish()).channel, 1))
  assert.deepEqual(await ended(on.link.send(to('jobs'), 1)), {
    outcome: 'rejected',
    code: 'rejected',
    retriable: true,
  })
})

test('a queue that returns its message is away for a while, and asked for again at the next send', async () => {
  const returned = async (peer: AmqpPeer): Promise<void> => {
    const published = await peer.nextPublish()
    peer.sendBack(published)
    peer.ack(published.channel, 1)
    peer.ack((await peer.nextPublish()).channel, 2)
  }
  await using on = await linked(returned)
  assert.deepEqual(await ended(on.link.send(to('jobs'), 1)), {
    outcome: 'returned',
    code: 'returned',
    retriable: true,
  })
  await soon(on.link.send(to('jobs'), 2), 'the next attempt')
  assert.equal(on.peer.methods.filter((name) => name === 'queue.declare').length, 2)
})

test('an exchange without a queue for the routing key returns its message for good', async () => {
  await using on = await linked(async (peer) => {
    const published = await peer.nextPublish()
    peer.sendBack(published)
    peer.ack(published.channel, 1)
  })
  const destination = { kind: 'exchange', name: 'orders', routingKey: 'nobody' } as const
  const error = await failure(on.link.send(to('', { destination }), 1))
  assert.ok(error instanceof SendError)
  assert.deepEqual([error.outcome, error.retriable], ['returned', false])
  assert.match(error.message, /returned message job-1: NO_ROUTE/)
})

test('of many in flight, those that came back are told from those that did not', async () => {
  await using on = await linked(async (peer) => {
    const published = [await peer.nextPublish(), await peer.nextPublish(), await peer.nextPublish()]
    const [, second] = published
    assert.ok(second)
    peer.sendBack(second)
    peer.ack(second.channel, 3, true)
  })
  const sends = ['1', '2', '3'].map((id) => on.link.send(to('jobs', { id }), 1))
  const results = await soon(Promise.allSettled(sends), 'all three')
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('of two sends with one id the one that came back is known by where it was sent', async () => {
  await using on = await linked(async (peer) => {
    const published = [await peer.nextPublish(), await peer.nextPublish()]
    const exchanged = published.find(({ exchange }) => exchange === 'orders')
    assert.ok(exchanged)
    peer.sendBack(exchanged)
    peer.ack(exchanged.channel, 2, true)
  })
  const queued = on.link.send(to('', { destination: { kind: 'exchange', name: 'audit', routingKey: 'k' } }), 1)
  const destination = { kind: 'exchange', name: 'orders', routingKey: 'k' } as const
  const exchanged = ended(on.link.send(to('', { destination }), 1))
  await soon(queued, 'the confirm')
  assert.equal((await exchanged).outcome, 'returned')
})

test('a topic that may not be written to costs the sends to it, and none to its neighbours', async () => {
  const text = "ACCESS_REFUSED - access to topic 'secret' in exchange 'amq.topic' in vhost '/' refused for user 'guest'"
  await using on = await linked(async (peer) => {
    const { channel } = await peer.nextPublish()
    await peer.nextPublish()
    peer.closeChannel(channel, 403, text)
  })
  const innocent = ended(on.link.send(to('', { destination: { kind: 'topic', name: 'open' } }), 1))
  const guilty = ended(on.link.send(to('', { destination: { kind: 'topic', name: 'secret' } }), 1))
  assert.deepEqual(await guilty, { outcome: 'rejected', code: 'authentication', retriable: false })
  assert.deepEqual(await innocent, { outcome: 'unknown', code: 'unconfirmed', retriable: true })
})

test('a link that is lost leaves what was written as unknown, and what waited for its queue as not sent', async () => {
  await using on = await linked(async (peer) => {
    await peer.nextPublish()
    peer.answerQuestions({ 'queue.declare': () => Buffer.alloc(0) })
  })
  const written = ended(on.link.send(to('jobs'), 1))
  await until(() => on.peer.methods.includes('basic.publish'), 'the message')
  const waiting = ended(on.link.send(to('others'), 1))
  await until(() => on.peer.methods.filter((name) => name === 'queue.declare').length === 2, 'the question')
  await on.peer.destroy()
  assert.deepEqual(await written, { outcome: 'unknown', code: 'unconfirmed', retriable: true })
  assert.equal((await waiting).outcome, 'not-sent')
  assert.equal((await ended(on.link.send(to('jobs'), 2))).outcome, 'not-sent')
})

test('sends to one destination are written in the order they are made, while its queue is asked for and after', async () => {
  const order: string[] = []
  await using on = await linked(async (peer) => {
    for (let tag = 1; ; tag++) {
      const { channel, body } = await peer.nextPublish()
      order.push(body.toString())
      peer.ack(channel, tag)
    }
  })
  const sends: Promise<void>[] = []
  for (let index = 0; index < 50; index++) {
    sends.push(on.link.send(to('jobs', { id: String(index), body: Buffer.from(String(index)) }), 1))
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await soon(Promise.all(sends), 'the confirms')
  assert.deepEqual(
    order,
    Array.from({ length: 50 }, (_, index) => String(index)),
  )
})

test('a thousand in flight bring no listener warning', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  try {
    await using on = await linked(async (peer) => {
      let channel = 0
      for (let count = 0; count < 1000; count++) channel = (await peer.nextPublish()).channel
      peer.ack(channel, 1000, true)
    })
    await soon(
      Promise.all(Array.from({ length: 1000 }, (_, index) => on.link.send(to('jobs', { id: String(index) }), 1))),
      'the confirms',
    )
  } finally {
    process.off('warning', onWarning)
  }
  assert.deepEqual(warnings, [])
})

for (const [what, given, names] of [
  ['a header name of 256 bytes', { headers: { ['n'.repeat(256)]: 'x' } }, /name of a header/],
  ['a header name of 86 characters and 258 bytes', { headers: { ['€'.repeat(86)]: 'x' } }, /name of a header/],
  ['headers of a megabyte', { headers: { long: 'x'.repeat(2 ** 20) } }, /headers of the message/],
  ['many headers of 100 KB', { headers: manyHeaders(1000) }, /headers of the message/],
  ['an id of 256 bytes', { id: 'x'.repeat(256) }, /id of the message/],
  ['a correlation id of 256 bytes', { correlationId: 'x'.repeat(256) }, /correlation id/],
  ['a content type of 256 bytes', { contentType: 'x'.repeat(256) }, /content type/],
  ['a queue name of 256 bytes', { destination: { kind: 'queue', name: 'q'.repeat(256) } }, /destination/],
  ['a priority that fits into no byte', { priority: 300 }, /does not fit into AMQP/],
  ['an expiry beyond the ten years that RabbitMQ counts', { expiresAtMs: Date.now() + 4e11 }, /ten years/],
  ['a header that RabbitMQ routes by', { headers: { CC: 'x' } }, /CC/],
  ['a header that receivers cannot read', { headers: { ['__proto__']: 'x' } }, /__proto__/],
] as [string, Partial<OutgoingMessage>, RegExp][]) {
  test(`${what} is refused before anything is written, and the link lives on`, async () => {
    await using on = await linked(async (peer) => {
      peer.ack((await peer.nextPublish()).channel, 1)
    })
    const error = await failure(on.link.send(to('jobs', given), 1))
    assert.ok(error instanceof SendError)
    assert.deepEqual([error.outcome, error.code, error.retriable], ['not-sent', 'invalid-option', false])
    assert.match(error.message, names)
    await soon(on.link.send(to('jobs'), 1), 'the next')
    assert.equal(on.peer.methods.filter((name) => name === 'basic.publish').length, 1)
  })
}

function manyHeaders(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, 'x'.repeat(100)]))
}

test('headers of 60 KB go out, where the broker takes frames of that size', async () => {
  await using on = await linked(async (peer) => {
    peer.ack((await peer.nextPublish()).channel, 1)
  })
  await soon(on.link.send(to('jobs', { headers: { long: 'x'.repeat(60_000) } }), 1), 'the confirm')
})

for (const [text, outcome, retriable] of [
  ["ACCESS_REFUSED - access to exchange 'orders' in vhost '/' refused for user 'guest'", 'rejected', false],
  ["NOT_FOUND - no exchange 'orders' in vhost '/'", 'returned', true],
] as const) {
  test(`a channel closed over one of many sends (${text.slice(0, 14)}) is believed of that one alone`, async () => {
    await using on = await linked(async (peer) => {
      const { channel } = await peer.nextPublish()
      await peer.nextPublish()
      peer.closeChannel(channel, text.startsWith('ACCESS') ? 403 : 404, text)
      await peer.next('channel.close-ok')
      const again = await peer.nextPublish()
      peer.ack(again.channel, 1)
    })
    const innocent = ended(on.link.send(to('jobs', { id: 'innocent' }), 1))
    const destination = { kind: 'exchange', name: 'orders', routingKey: 'k' } as const
    const guilty = ended(on.link.send(to('', { id: 'guilty', destination }), 1))
    assert.deepEqual(await innocent, { outcome: 'unknown', code: 'unconfirmed', retriable: true })
    const { outcome: known, retriable: again } = await guilty
    assert.deepEqual([known, again], [outcome, retriable])
    await soon(on.link.send(to('jobs', { id: 'next' }), 1), 'a send on a new channel')
  })
}

test('a broker that blocks is told of with its reason, and that it reads on', async () => {
  const told: (string | undefined)[] = []
  const context = {
    topology: NOTHING_DECLARED,
    onBlocked: (reason: string | undefined) => void told.push(reason),
  }
  await using _on = await linked(
    (peer) => {
      peer.write(method(0, 'connection.blocked', shortString('low on memory')), method(0, 'connection.unblocked'))
    },
    undefined,
    context,
  )
  await until(() => told.length === 2, 'both words')
  assert.deepEqual(told, ['low on memory', undefined])
})

test('a blocked broker ends neither the link nor a close', async () => {
  await using on = await linked((peer) => peer.write(method(0, 'connection.blocked', shortString('low on disk'))))
  await soon(on.link.close(never), 'the end of close')
  assert.deepEqual(await on.link.closed, { kind: 'closed' })
})

test('a returned message that announces more than a body may have ends the link', async () => {
  await using on = await linked(async (peer) => {
    const { channel } = await peer.nextPublish()
    peer.write(
      method(channel, 'basic.return', short(312), shortString('NO_ROUTE'), octet(0), shortString('jobs')),
      header(channel, 2n ** 60n, messageId('job-1')),
    )
  })
  const sent = ended(on.link.send(to('jobs'), 1))
  assert.match((await lossOf(on.link)).message, /more than 134217728 bytes/)
  assert.equal((await sent).outcome, 'unknown')
})

test('a queue whose node is down is away, and the send may be tried again on the same link', async () => {
  let isDown = true
  await using on = await linked(async (peer) => {
    peer.answerQuestions({
      'queue.declare': ({ channel }) =>
        isDown
          ? notFound(
              channel,
              "NOT_FOUND - home node 'rabbit@a' of durable queue 'jobs' in vhost '/' is down or inaccessible",
            )
          : method(channel, 'queue.declare-ok', shortString('jobs'), long(0), long(0)),
    })
    peer.ack((await peer.nextPublish()).channel, 1)
  })
  assert.deepEqual(await ended(on.link.send(to('jobs'), 1)), {
    outcome: 'returned',
    code: 'returned',
    retriable: true,
  })
  isDown = false
  await soon(on.link.send(to('jobs'), 2), 'the next attempt')
})

test('with mandatory=false a message is handed in though the node of its queue is down', async () => {
  const text = "NOT_FOUND - home node 'rabbit@a' of durable queue 'jobs' in vhost '/' is down or inaccessible"
  await using on = await linked(async (peer) => {
    peer.answerQuestions({ 'queue.declare': ({ channel }) => notFound(channel, text) })
    peer.ack((await peer.nextPublish()).channel, 1)
  }, 'heartbeat=0&mandatory=false')
  // Confirmed and lost: what the option is there to rehearse.
  await soon(on.link.send(to('jobs'), 1), 'the confirm')
})

function notFound(channel: number, text: string): Buffer {
  return method(channel, 'channel.close', short(404), shortString(text), short(50), short(10))
}

test('however many queues are used for the first time at once, questions take few channels', async () => {
  const open = new Set<number>()
  let most = 0
  await using on = await linked(async (peer) => {
    const waiting: number[] = []
    peer.answerQuestions({
      'channel.open': ({ channel }) => {
        open.add(channel)
        most = Math.max(most, open.size)
        return method(channel, 'channel.open-ok', long(0))
      },
      'channel.close': ({ channel }) => {
        open.delete(channel)
        return method(channel, 'channel.close-ok')
      },
      'queue.declare': ({ channel }) => {
        waiting.push(channel)
        return Buffer.alloc(0)
      },
    })
    for (let tag = 1; tag <= 1000; ) {
      await until(() => waiting.length > 0, 'a question')
      for (const channel of waiting.splice(0)) {
        peer.write(method(channel, 'queue.declare-ok', shortString('q'), long(0), long(0)))
        await peer.nextPublish()
        peer.ack(1, tag++)
      }
    }
  })
  const sends = Array.from({ length: 1000 }, async (_, index) => on.link.send(to(`q${index}`), 1))
  await soon(Promise.all(sends), 'the confirms')
  assert.ok(most <= 200, `${most} channels`)
})
