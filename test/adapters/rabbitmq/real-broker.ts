import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { type Channel, type ChannelModel, connect as amqpConnect, type Options } from 'amqplib'
import { rabbitmqTransport } from '../../../adapters/rabbitmq/transport.ts'
import type { Lab } from '../../../infra/labs/lab.ts'
import { withCredentials } from '../../../src/cli/credentials.ts'
import { SendError } from '../../../src/errors.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import type { Destination } from '../../../src/transport/destination.ts'
import type { Link, LinkDelivery } from '../../../src/transport/link.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import type { QueueSettings } from '../../../src/transport/topology.ts'
import { message } from '../../support/client-parts.ts'
import { failure, lossOf, never, soon } from '../activemq/dialled.ts'
import { Box } from './dialled.ts'

const queue = (name: string): Destination => ({ kind: 'queue', name })

const to = (name: string, given: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  ...message('job-1', 'ü\0€'),
  destination: queue(name),
  ...given,
})

/**
 * Registers what scripts cannot tell: how a real RabbitMQ answers what this adapter writes. Its last test stops a node,
 * for good.
 */
export function onRealBroker(labOf: () => Lab): void {
  let uri = ''
  let other: ChannelModel | undefined
  const links: Link[] = []

  before(async () => {
    const lab = labOf()
    uri = withCredentials(lab.nodes[0]?.endpoint ?? '', lab.credentials)
    other = await amqpConnect(uri)
  })
  after(async () => {
    await Promise.all(links.map((link) => link.close(AbortSignal.abort())))
    await other?.close()
  })

  async function dial(query = '', declared: Readonly<Record<string, QueueSettings>> = {}): Promise<Link> {
    const [endpoint] = parseFailoverUri(`${uri}?heartbeat=5000&${query || 'queueType=classic'}`).endpoints
    assert.ok(endpoint)
    const topology = { settingsOf: (name: string) => declared[name], declared: () => Object.entries(declared) }
    const context = { topology, onBlocked: () => {} }
    const link = await soon(rabbitmqTransport().dial(endpoint, never, context), 'the link')
    links.push(link)
    return link
  }

  /** Another client of the same broker, for what ours does not do. */
  async function foreign<Value>(action: (channel: Channel) => Promise<Value> | Value): Promise<Value> {
    assert.ok(other)
    const channel = await other.createConfirmChannel()
    const result = await action(channel)
    await channel.waitForConfirms()
    await channel.close()
    return result
  }

  const publish = (name: string, options: Options.Publish, body = 'x'): Promise<unknown> =>
    foreign((channel) => channel.sendToQueue(name, Buffer.from(body), options))

  async function listen(link: Link, destination: Destination, prefetch = 10): Promise<Box> {
    const box = new Box()
    await soon(link.subscribe(destination, { prefetch }, box), 'the subscription')
    return box
  }

  async function ackAll({ deliveries }: { readonly deliveries: readonly LinkDelivery[] }): Promise<void> {
    await soon(Promise.all(deliveries.map(async (delivery) => delivery.settle('ack'))), 'the acknowledges')
  }

  it('delivers bytes, headers and identity as they were sent', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const box = await listen(receiver, queue('plain'))
    const headers = { 'a:b': 'c\\d\r\ne\0f', plain: 'ü€😀', ['n'.repeat(255)]: 'long name', 'x-death': 'ours' }
    const sent = to('plain', {
      headers,
      contentType: 'application/json',
      priority: 9,
      correlationId: 'request-1',
      replyTo: { kind: 'exchange', name: 'answers', routingKey: 'eu' },
      expiresAtMs: Date.now() + 60_000,
    })
    await soon(sender.send(sent, 3), 'the confirm')
    const delivery = await box.next()
    assert.deepEqual(delivery.message, {
      id: 'job-1',
      attempt: 3,
      destination: sent.destination,
      body: sent.body,
      contentType: 'application/json',
      headers,
      redelivered: false,
      correlationId: 'request-1',
      replyTo: sent.replyTo,
    })
    await ackAll(box)
  })

  it('carries a body of a megabyte, headers of 60 KB, 500 headers and an empty body', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const box = await listen(receiver, queue('large'))
    const body = Buffer.alloc(2 ** 20, 'ab\0')
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`h${index}`, String(index)]))
    for (const given of [
      { body },
      { headers: { long: 'x'.repeat(60_000) } },
      { headers: many },
      { body: Buffer.alloc(0) },
    ]) {
      await soon(sender.send(to('large', given), 1), 'the confirm')
    }
    assert.ok((await box.next(1)).message.body.equals(body))
    assert.equal((await box.next(2)).message.headers['long']?.length, 60_000)
    assert.equal((await box.next(3)).message.headers['h499'], '499')
    assert.equal((await box.next(4)).message.body.length, 0)
    await ackAll(box)
  })

  it('reads what other clients send: numbers, times, bytes and tables as text, and no id as none', async () => {
    const receiver = await dial()
    const box = await listen(receiver, queue('foreign'))
    const headers = {
      count: 7,
      yes: true,
      nothing: null,
      bytes: Buffer.from('ü'),
      when: { '!': 'timestamp', value: 1_700_000_000 },
      list: [1, 'two', { three: Buffer.from('3') }],
      half: 0.5,
    }
    await publish('foreign', { headers, replyTo: 'answers' })
    const { message } = await box.next()
    assert.deepEqual(message.headers, {
      count: '7',
      yes: 'true',
      nothing: '',
      bytes: 'ü',
      when: '2023-11-14T22:13:20.000Z',
      list: '[1,"two",{"three":"3"}]',
      half: '0.5',
    })
    assert.deepEqual([message.id, message.attempt, message.replyTo], ['', 1, queue('answers')])
    await ackAll(box)
  })

  for (const type of ['classic', 'quorum'] as const) {
    it(`makes a missing queue ${type}, with dead letters, and moves a rejected delivery there, history and all`, async () => {
      const link = await dial(`queueType=${type}`)
      const name = `fresh-${type}`
      const box = await listen(link, queue(name))
      await soon(link.send(to(name), 1), 'the confirm')
      await soon((await box.next()).settle('reject'), 'the rejection')
      const letters = await listen(link, queue(`DLQ.${name}`))
      const { message } = await letters.next()
      assert.equal(message.id, 'job-1')
      assert.match(message.headers['x-death'] ?? '', /"reason":"rejected"/)
      assert.deepEqual(message.destination, queue(`DLQ.${name}`))
      await ackAll(letters)
      // Declared once more as it should be: no answer of no.
      await foreign((channel) =>
        channel.assertQueue(name, {
          arguments: {
            'x-queue-type': type,
            'x-dead-letter-exchange': '',
            'x-dead-letter-routing-key': `DLQ.${name}`,
            ...(type === 'quorum' ? { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' } : {}),
          },
        }),
      )
    })

    it(`delivers a requeued one of a ${type} queue again, marked as such`, async () => {
      const link = await dial(`queueType=${type}`)
      const box = await listen(link, queue(`again-${type}`))
      await soon(link.send(to(`again-${type}`, { headers: { trace: 'x' } }), 2), 'the confirm')
      await soon((await box.next(1)).settle('requeue'), 'the requeue')
      const { message } = await box.next(2)
      assert.deepEqual(
        [message.id, message.attempt, message.redelivered, message.headers['trace']],
        ['job-1', 2, true, 'x'],
      )
      await ackAll({ deliveries: box.deliveries.slice(1) })
    })
  }

  it('uses a queue that is there as it is, whatever it is like', async () => {
    await foreign((channel) => channel.assertQueue('theirs', { durable: false, autoDelete: false, maxLength: 5 }))
    const link = await dial()
    const box = await listen(link, queue('theirs'))
    await soon(link.send(to('theirs'), 1), 'the confirm')
    await box.next()
    await ackAll(box)
  })

  it('makes the queues that are bound to an exchange or a topic when that is first used', async () => {
    const declared: Record<string, QueueSettings> = {
      'bound.eu': { bindings: [{ kind: 'exchange', name: 'bound.orders', routingKey: 'eu.#' }] },
      'bound.log': { bindings: [{ kind: 'topic', name: 'bound.#' }] },
    }
    const link = await dial('', declared)
    const destination = { kind: 'exchange', name: 'bound.orders', routingKey: 'eu.new' } as const
    await soon(link.send(to('', { destination }), 1), 'the exchange')
    await soon(link.send(to('', { destination: { kind: 'topic', name: 'bound.news' } }), 1), 'the topic')
    const counts = await foreign(async (channel) => [
      (await channel.checkQueue('bound.eu')).messageCount,
      (await channel.checkQueue('bound.log')).messageCount,
    ])
    assert.deepEqual(counts, [1, 1])
  })

  it('declares what was asked for: limits, life times, priorities and bindings', async () => {
    const settings: QueueSettings = {
      deadLetterTo: { kind: 'exchange', name: 'graves', routingKey: 'all' },
      messageTtlMs: 60_000,
      expiresAfterMs: 60_000,
      maxLength: 2,
      maxPriority: 5,
      bindings: [
        { kind: 'topic', name: 'news.*' },
        { kind: 'exchange', name: 'orders', routingKey: 'eu.#' },
      ],
    }
    const link = await dial('', { declared: settings })
    await soon(link.declare('declared', settings), 'the declaration')
    await soon(link.declare('declared', settings), 'the same again')
    await soon(
      link.send(to('', { destination: { kind: 'topic', name: 'news.today' }, id: 'low', priority: 1 }), 1),
      'topic',
    )
    const exchange = { kind: 'exchange', name: 'orders', routingKey: 'eu.new' } as const
    await soon(link.send(to('', { destination: exchange, id: 'high', priority: 5 }), 1), 'the exchange')
    const full = await failure(link.send(to('declared', { id: 'too much' }), 1))
    assert.ok(full instanceof SendError)
    assert.deepEqual([full.outcome, full.retriable], ['rejected', true])
    const box = await listen(await dial(), queue('declared'))
    await box.next(2)
    assert.deepEqual(
      box.deliveries.map(({ message: { id, destination } }) => [id, destination]),
      [
        ['high', exchange],
        ['low', { kind: 'topic', name: 'news.today' }],
      ],
    )
    await ackAll(box)
  })

  it('says which argument differs where a queue is there and of another kind, and not to try again', async () => {
    await foreign((channel) => channel.assertQueue('otherwise', { durable: true }))
    const link = await dial('', { otherwise: { messageTtlMs: 5 } })
    for (const ask of [
      () => link.declare('otherwise', { messageTtlMs: 5 }),
      () => link.send(to('otherwise'), 1),
      () => link.subscribe(queue('otherwise'), { prefetch: 1 }, new Box()),
    ]) {
      const error = await failure(ask())
      assert.deepEqual([error.code, error.retriable], ['rejected', false])
      assert.match(
        error.message,
        /has queue otherwise with other settings: \w+ \(.+\) is none there, and .+ is wanted here/,
      )
    }
    await soon(link.send(to('likewise'), 1), 'a send to another queue of the same link')
  })

  it('refuses priorities of a quorum queue before anything is asked', async () => {
    const link = await dial()
    const error = await failure(link.declare('q', { type: 'quorum', maxPriority: 3 }))
    assert.deepEqual([error.code, error.retriable], ['unsupported', false])
  })

  it('reports what no queue takes, and drops what no subscriber hears', async () => {
    const link = await dial()
    const destination = { kind: 'exchange', name: 'deaf', routingKey: 'k' } as const
    const error = await failure(link.send(to('', { destination }), 1))
    assert.ok(error instanceof SendError)
    assert.deepEqual([error.outcome, error.retriable], ['returned', false])
    await soon(link.send(to('', { destination: { kind: 'topic', name: 'nobody.listens' } }), 1), 'the topic')
  })

  it('makes a queue again that was removed under it', async () => {
    const link = await dial()
    await soon(link.send(to('removed'), 1), 'the first')
    await foreign((channel) => channel.deleteQueue('removed'))
    const error = await failure(link.send(to('removed'), 1))
    assert.ok(error instanceof SendError)
    assert.deepEqual([error.outcome, error.retriable], ['returned', true])
    await soon(link.send(to('removed'), 2), 'the second attempt')
  })

  it('is told when its queue is removed, and may subscribe again on the same link', async () => {
    const link = await dial()
    const [box, sibling] = [await listen(link, queue('vanishing')), await listen(link, queue('staying'))]
    await foreign((channel) => channel.deleteQueue('vanishing'))
    assert.equal((await box.cancel()).retriable, true)
    const again = await listen(link, queue('vanishing'))
    await soon(link.send(to('vanishing'), 1), 'the confirm')
    await again.next()
    await soon(link.send(to('staying'), 1), 'the confirm')
    await sibling.next()
    await Promise.all([again, sibling].map(ackAll))
  })

  it('gives every subscriber of a topic a copy, by both kinds of wildcards', async () => {
    const link = await dial()
    const boxes = await Promise.all(['a.*.c', 'a.>', '#'].map((name) => listen(link, { kind: 'topic', name })))
    const deaf = await listen(link, { kind: 'topic', name: 'a.*' })
    await soon(link.send(to('', { destination: { kind: 'topic', name: 'a.b.c' } }), 1), 'the confirm')
    for (const box of boxes) assert.deepEqual((await box.next()).message.destination, { kind: 'topic', name: 'a.b.c' })
    assert.equal(deaf.deliveries.length, 0)
    await Promise.all(boxes.map(ackAll))
  })

  it('keeps the prefetch, acknowledges out of order, and gives the rest back when the subscription ends', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const box = new Box()
    const subscription = await receiver.subscribe(queue('order'), { prefetch: 3 }, box)
    for (const id of ['1', '2', '3', '4']) await soon(sender.send(to('order', { id }), 1), 'the confirm')
    await box.next(3)
    assert.deepEqual(
      box.deliveries.map(({ message }) => message.id),
      ['1', '2', '3'],
      'the prefetch holds the fourth back',
    )
    const settled = Promise.all([box.deliveries[2]?.settle('ack'), box.deliveries[0]?.settle('ack')])
    await soon(subscription.cancel(never), 'the end of the subscription')
    await settled
    const next = await listen(await dial(), queue('order'))
    await next.next(2)
    assert.deepEqual(next.deliveries.map(({ message }) => message.id).toSorted(), ['2', '4'])
    await ackAll(next)
  })

  it('has acknowledged everything that was settled when close resolves', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const box = await listen(receiver, queue('drained'), 100)
    await soon(
      Promise.all(Array.from({ length: 100 }, (_, index) => sender.send(to('drained', { id: String(index) }), 1))),
      'the confirms',
    )
    await box.next(100)
    for (const delivery of box.deliveries) void delivery.settle('ack')
    await soon(receiver.close(never), 'the end of close')
    assert.deepEqual(await receiver.closed, { kind: 'closed' })
    assert.equal((await foreign((channel) => channel.checkQueue('drained'))).messageCount, 0)
  })

  it('loses one subscription and no sibling when something on its channel is refused', async () => {
    const link = await dial()
    const [box, sibling] = [await listen(link, queue('broken')), await listen(link, queue('whole'))]
    await soon(link.send(to('broken'), 1), 'the confirm')
    const delivery = await box.next()
    await soon(delivery.settle('ack'), 'the acknowledge')
    await soon(delivery.settle('reject'), 'a second word, which the core never gives')
    assert.match((await box.cancel()).message, /unknown delivery tag/)
    await soon(link.send(to('whole'), 1), 'the confirm')
    await sibling.next()
    await ackAll(sibling)
  })

  it('sends to a queue that another connection has to itself, and cannot listen to it', async () => {
    assert.ok(other)
    const channel = await other.createChannel()
    await channel.assertQueue('private', { exclusive: true })
    const link = await dial()
    await soon(link.send(to('private'), 1), 'the confirm')
    const error = await failure(link.subscribe(queue('private'), { prefetch: 1 }, new Box()))
    assert.deepEqual([error.code, error.retriable], ['rejected', true])
    await channel.close()
  })

  it('refuses what is larger than the broker takes, and that alone', async () => {
    const link = await dial()
    const body = Buffer.alloc(134_217_729)
    const error = await failure(link.send(to('huge', { body }), 1))
    assert.ok(error instanceof SendError)
    assert.deepEqual([error.outcome, error.retriable], ['rejected', false])
    await soon(link.send(to('huge'), 1), 'the next')
  })

  it('tells a wrong password and a missing virtual host from what may pass', async () => {
    const [endpoint] = parseFailoverUri(uri).endpoints
    assert.ok(endpoint)
    const dialWith = (given: object): Promise<Link> => rabbitmqTransport().dial({ ...endpoint, ...given }, never)
    const login = await failure(dialWith({ password: 'hunter2' }))
    assert.deepEqual([login.code, login.retriable], ['authentication', false])
    const vhost = await failure(dialWith({ path: 'nowhere' }))
    assert.deepEqual([vhost.code, vhost.retriable], ['invalid-uri', false])
    assert.match(vhost.message, /vhost nowhere not found/)
  })

  it('is a lost link when the broker stops, and says so once', async () => {
    const lab = labOf()
    const node = lab.nodes[2] ?? assert.fail('there is no third node')
    const [endpoint] = parseFailoverUri(withCredentials(node.endpoint, lab.credentials)).endpoints
    assert.ok(endpoint)
    const link = await soon(rabbitmqTransport().dial(endpoint, never), 'the link')
    links.push(link)
    await listen(link, { kind: 'topic', name: 'last.words' })
    await lab.stop(node.name)
    const error = await lossOf(link)
    assert.deepEqual([error.code, error.retriable], ['link-lost', true])
  })
}
