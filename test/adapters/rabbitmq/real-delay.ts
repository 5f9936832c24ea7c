import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { type ChannelModel, connect as amqpConnect } from 'amqplib'
import { rabbitmqTransport } from '../../../adapters/rabbitmq/transport.ts'
import type { Lab } from '../../../infra/labs/lab.ts'
import { withCredentials } from '../../../src/cli/credentials.ts'
import { SendError } from '../../../src/errors.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import { eventually, within } from '../../../src/testing/contract/waiting.ts'
import type { Destination } from '../../../src/transport/destination.ts'
import type { Link, LinkDelivery } from '../../../src/transport/link.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import { message } from '../../support/client-parts.ts'
import { failure, never, soon } from '../activemq/dialled.ts'
import { Box } from './dialled.ts'

const MINUTES_MS = 60_000

/** Writes down when each delivery came. */
class TimedBox extends Box {
  readonly cameAtMs: Map<string, number> = new Map()

  override deliver(delivery: LinkDelivery): void {
    this.cameAtMs.set(delivery.message.id, Date.now())
    super.deliver(delivery)
  }

  /** Patient: what is due may come late on a busy machine. */
  async all(count: number): Promise<readonly LinkDelivery[]> {
    await eventually(`${count} deliveries`, () => this.deliveries.length >= count)
    return this.deliveries
  }
}

const queue = (name: string): Destination => ({ kind: 'queue', name })

function delayed(name: string, delayMs: number, given: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { ...message('job-1'), destination: queue(name), deliverAtMs: Date.now() + delayMs, ...given }
}

/** Registers how messages with a delay fare on a real RabbitMQ. It begins and ends with all nodes up. */
export function onRealBrokerWithDelay(labOf: () => Lab): void {
  let uri = ''
  let other: ChannelModel | undefined
  const links: Link[] = []

  before(async () => {
    uri = withCredentials(labOf().nodes[0]?.endpoint ?? '', labOf().credentials)
    other = await amqpConnect(uri)
    // Ends with the node that is restarted.
    other.on('error', () => {})
  })
  after(async () => {
    await Promise.all(links.map((link) => link.close(AbortSignal.abort())))
    await other?.close().catch(() => {})
  })

  async function dial(type = 'classic'): Promise<Link> {
    const [endpoint] = parseFailoverUri(`${uri}?heartbeat=5000&queueType=${type}`).endpoints
    assert.ok(endpoint)
    const link = await soon(rabbitmqTransport().dial(endpoint, never), 'the link')
    links.push(link)
    return link
  }

  async function listen(link: Link, name: string): Promise<TimedBox> {
    const box = new TimedBox()
    await soon(link.subscribe(queue(name), { prefetch: 10 }, box), 'the subscription')
    return box
  }

  /** Without the levels, whoever is next makes them anew. */
  async function removeLevels(): Promise<void> {
    assert.ok(other)
    const channel = await other.createChannel()
    for (const name of ['complete', 'deliver', 'undelivered', ...Array.from({ length: 28 }, (_, n) => String(n))]) {
      await channel.deleteQueue(`understudy.delay.${name}`)
      await channel.deleteExchange(`understudy.delay.${name}`)
    }
    await channel.close()
  }

  for (const type of ['classic', 'quorum'] as const) {
    it(`makes levels of ${type} queues and delivers in the order of the delays, none too early, as if there had been none`, async () => {
      await removeLevels()
      const link = await dial(type)
      const name = `delayed.${type}`
      const box = await listen(link, name)
      // Until the levels are made, what is due meanwhile would go out at once.
      await within('the levels', link.send(delayed('warming.up', MINUTES_MS), 1))
      const sent = [2600, 1900, 1200, 500].map((delayMs) =>
        delayed(name, delayMs, { id: String(delayMs), headers: { trace: 'x' }, priority: 3 }),
      )
      await soon(Promise.all(sent.map((one) => link.send(one, 1))), 'the confirms')
      const deliveries = await box.all(4)
      assert.deepEqual(
        deliveries.map(({ message: { id, destination, headers } }) => [id, destination, headers]),
        sent.toReversed().map(({ id }) => [id, queue(name), { trace: 'x' }]),
      )
      for (const { id, deliverAtMs } of sent) assert.ok((box.cameAtMs.get(id) ?? 0) >= (deliverAtMs ?? 0), `${id} ms`)
      await Promise.all(deliveries.map((delivery) => delivery.settle('ack')))
    })

    it(`keeps one of 31 minutes in a ${type} queue that nobody listens to, from its confirm on`, async () => {
      const link = await dial(type)
      const name = `long.${type}`
      const box = await listen(link, name)
      // 18,600 tenths of a second: their highest bit stands for 2 to the 14th.
      const level = 'understudy.delay.14'
      const before = (await link.inspect(level))?.ready ?? 0
      await soon(link.send(delayed(name, 31 * MINUTES_MS), 1), 'the confirm')
      // A replicated queue tells its length a little later.
      await eventually('the message in its level', async () => (await link.inspect(level))?.ready === before + 1)
      assert.deepEqual(await link.inspect(level), { ready: before + 1, isExact: true, consumers: 0 })
      assert.deepEqual(await link.inspect(name), { ready: 0, isExact: true, consumers: 1 })
      assert.equal(box.deliveries.length, 0)
      assert.equal(await soon(link.purge(level), 'the purge'), before + 1)
    })
  }

  it('makes the queue that a message is for, dead letters and all, and tells of its rejection as of any other', async () => {
    const link = await dial()
    await soon(link.send(delayed('later', 200), 1), 'the confirm')
    assert.deepEqual((await link.inspect('DLQ.later'))?.ready, 0)
    const box = await listen(link, 'later')
    const [delivery] = await box.all(1)
    await soon(delivery?.settle('reject') ?? Promise.reject(), 'the rejection')
    const letters = await listen(link, 'DLQ.later')
    const [letter] = await letters.all(1)
    assert.ok(letter)
    const { headers, destination } = letter.message
    assert.deepEqual(destination, queue('DLQ.later'))
    const deaths = JSON.parse(headers['x-death'] ?? '') as Record<string, unknown>[]
    assert.deepEqual(
      deaths.map((death) => [death['queue'], death['reason'], death['exchange'], death['routing-keys']]),
      [['later', 'rejected', '', ['later']]],
    )
    assert.deepEqual([headers['x-first-death-queue'], headers['x-first-death-reason']], ['later', 'rejected'])
    await letter.settle('ack')
  })

  it('does not let an expiry end the delay', async () => {
    const link = await dial()
    const box = await listen(link, 'expiring')
    const sent = delayed('expiring', 1500, { expiresAtMs: Date.now() + 300 })
    await soon(link.send(sent, 1), 'the confirm')
    const [delivery] = await box.all(1)
    assert.ok((box.cameAtMs.get('job-1') ?? 0) >= (sent.deliverAtMs ?? 0))
    await delivery?.settle('ack')
  })

  it('sends at once what is due already', async () => {
    const link = await dial()
    const box = await listen(link, 'due')
    await soon(link.send(delayed('due', -1), 2), 'the confirm')
    assert.equal((await box.next()).message.attempt, 2)
    await box.deliveries[0]?.settle('ack')
  })

  it('gives a queue nothing that is for another whose name ends alike', async () => {
    const link = await dial()
    const [eu, all] = [await listen(link, 'eu.orders'), await listen(link, 'orders')]
    await soon(link.send(delayed('eu.orders', 100, { id: 'eu' }), 1), 'the confirm')
    await soon(link.send(delayed('orders', 500, { id: 'all' }), 1), 'the confirm')
    await all.all(1)
    assert.deepEqual(
      [eu, all].map(({ deliveries }) => deliveries.map(({ message: { id } }) => id)),
      [['eu'], ['all']],
    )
    await Promise.all([eu, all].flatMap(({ deliveries }) => deliveries.map((delivery) => delivery.settle('ack'))))
  })

  it('makes a level again that was removed, after the broker has sent the message back', async () => {
    assert.ok(other)
    const link = await dial()
    await soon(link.send(delayed('mended', 100), 1), 'the first')
    const channel = await other.createChannel()
    await channel.deleteQueue('understudy.delay.16')
    await channel.close()
    const error = await failure(link.send(delayed('mended', 120 * MINUTES_MS), 1))
    assert.ok(error instanceof SendError)
    assert.deepEqual([error.outcome, error.retriable], ['returned', true])
    await soon(link.send(delayed('mended', 120 * MINUTES_MS), 2), 'the second attempt')
    assert.equal(await soon(link.purge('understudy.delay.16'), 'the purge'), 1)
  })

  it('keeps what is due when its queue has been removed meanwhile', async () => {
    assert.ok(other)
    const link = await dial()
    await soon(link.send(delayed('vanished', 1000), 1), 'the confirm')
    const channel = await other.createChannel()
    await channel.deleteQueue('vanished')
    await channel.close()
    const box = await listen(link, 'understudy.delay.undelivered')
    const [delivery] = await box.all(1)
    assert.deepEqual(delivery?.message.destination, queue('vanished'))
    await delivery?.settle('ack')
  })

  it('refuses what cannot wait, before anything is written', async () => {
    const link = await dial()
    for (const [given, code] of [
      [{ destination: { kind: 'topic', name: 'news' } as const }, 'unsupported'],
      [{ deliverAtMs: Date.now() + 311 * 24 * 60 * MINUTES_MS }, 'invalid-option'],
    ] as const) {
      const error = await failure(link.send(delayed('refused', 1000, given), 1))
      assert.ok(error instanceof SendError)
      assert.deepEqual([error.code, error.outcome, error.retriable], [code, 'not-sent', false])
    }
    assert.equal(await link.inspect('refused'), undefined)
  })

  it('delivers after a restart of the broker what was confirmed before it', async () => {
    const lab = labOf()
    const node = lab.nodes[0]?.name ?? ''
    // All on queues that outlive one node. What falls due while their leaders move may be offered again after three
    // minutes only (RabbitMQ's own wait for the confirm of a dead letter), so that this is due later as a rule.
    await removeLevels()
    const link = await dial('quorum')
    await soon(link.send(delayed('warming.up', MINUTES_MS), 1), 'the levels')
    const sent = delayed('survivor', 30_000)
    await soon(link.send(sent, 1), 'the confirm')
    await lab.stop(node)
    await lab.start(node)
    const later = await eventually('a link', () => dial('quorum').catch(() => undefined))
    const box = await listen(later, 'survivor')
    const delivery = await eventually('the delivery', () => box.deliveries[0], 4 * MINUTES_MS)
    assert.equal(delivery.message.id, 'job-1')
    assert.ok((box.cameAtMs.get('job-1') ?? 0) >= (sent.deliverAtMs ?? 0))
    await delivery.settle('ack')
  })
}
