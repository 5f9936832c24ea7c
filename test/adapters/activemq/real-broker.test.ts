import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import type { Lab } from '../../../infra/labs/lab.ts'
import { drillUri } from '../../../src/cli/drill/run.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import { formatDestination } from '../../../src/transport/destination.ts'
import type { Link } from '../../../src/transport/link.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { message } from '../../support/client-parts.ts'
import { failure, Inbox, never, soon } from './dialled.ts'

/** What scripts cannot tell: how a real ActiveMQ answers what this adapter writes. */
describe('the adapter on a real ActiveMQ', { skip: brokerSkip('activemq-jdbc') }, () => {
  let lab: Lab
  const links: Link[] = []

  before(async () => {
    lab = await createLabs().up('activemq-jdbc')
  })
  after(async () => {
    await Promise.all(links.map((link) => link.close(AbortSignal.abort())))
    await lab?.down()
  })

  async function dial(): Promise<Link> {
    const active = await lab.active()
    const { port } = lab.nodes.find(({ name }) => name === active) ?? assert.fail('no broker serves')
    const endpoint = parseFailoverUri(drillUri(lab, {})).endpoints.find((one) => one.port === port)
    assert.ok(endpoint)
    const link = await soon(activemqTransport().dial(endpoint, never), 'the link')
    links.push(link)
    return link
  }

  const to = (name: string, given: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
    ...message('job-1', 'ü\0€'),
    destination: { kind: 'queue', name },
    ...given,
  })
  const queue = (name: string): { kind: 'queue'; name: string } => ({ kind: 'queue', name })

  it('delivers bytes, headers and identity as they were sent', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const inbox = new Inbox()
    await receiver.subscribe(queue('plain'), { prefetch: 10 }, inbox)
    const headers = { 'a:b': 'c\\d\r\ne', plain: 'ü€😀' }
    await sender.send(to('plain', { headers, contentType: 'application/json', priority: 9 }), 3)
    const delivery = await inbox.next()
    const { message } = delivery
    assert.deepEqual(
      [message.id, message.attempt, message.contentType, message.body.toString(), message.redelivered],
      ['job-1', 3, 'application/json', 'ü\0€', false],
    )
    for (const [name, value] of Object.entries(headers)) assert.equal(message.headers[name], value)
    await soon(delivery.settle('ack'), 'the acknowledge')
  })

  it('takes an expiry with a fraction of a millisecond, and one as far off as can be told', async () => {
    const sender = await dial()
    for (const inMs of [60_000.5, 1e14]) {
      await soon(sender.send(to('expiring', { expiresAtMs: Date.now() + inMs }), 1), `the confirm, ${inMs} ms`)
    }
  })

  it('carries a body of a megabyte, a header line of 10 KB and 200 headers', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const inbox = new Inbox()
    await receiver.subscribe(queue('large'), { prefetch: 10 }, inbox)
    const body = Buffer.alloc(2 ** 20, 'ab\0')
    await sender.send(to('large', { body }), 1)
    await sender.send(to('large', { headers: { long: 'x'.repeat(10_000) } }), 1)
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`h${index}`, String(index)]))
    await sender.send(to('large', { headers: many }), 1)
    assert.ok((await inbox.next(1)).message.body.equals(body))
    assert.equal((await inbox.next(2)).message.headers['long']?.length, 10_000)
    assert.equal((await inbox.next(3)).message.headers['h199'], '199')
    for (const delivery of inbox.deliveries) await soon(delivery.settle('ack'), 'the acknowledge')
  })

  it('moves a rejected delivery to the dead letters, cause and all, and delivers it no more', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const [inbox, dead] = [new Inbox(), new Inbox()]
    await receiver.subscribe(queue('refused'), { prefetch: 10 }, inbox)
    await receiver.subscribe(queue('ActiveMQ.DLQ'), { prefetch: 10 }, dead)
    await sender.send(to('refused', { id: 'refused-1' }), 1)
    await soon((await inbox.next()).settle('reject'), 'the rejection')
    const letter = await dead.next()
    assert.equal(letter.message.id, 'refused-1')
    await soon(letter.settle('ack'), 'the acknowledge')
    assert.equal(inbox.deliveries.length, 1)
  })

  it('delivers a requeued one again with the same id, headers and bytes', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const inbox = new Inbox()
    await receiver.subscribe(queue('again'), { prefetch: 10 }, inbox)
    await sender.send(to('again', { headers: { trace: 'x' }, priority: 7 }), 2)
    await soon((await inbox.next(1)).settle('requeue'), 'the requeue')
    const again = await inbox.next(2)
    assert.deepEqual(
      [again.message.id, again.message.attempt, again.message.headers['trace'], again.message.body.toString()],
      ['job-1', 2, 'x', 'ü\0€'],
    )
    await soon(again.settle('ack'), 'the acknowledge')
  })

  it('acknowledges one by one in any order, and hands the rest to the next subscriber after a cancel', async () => {
    const [sender, receiver, other] = [await dial(), await dial(), await dial()]
    const [inbox, next] = [new Inbox(), new Inbox()]
    const subscription = await receiver.subscribe(queue('order'), { prefetch: 3 }, inbox)
    for (const id of ['1', '2', '3', '4']) await sender.send(to('order', { id }), 1)
    await inbox.next(3)
    assert.deepEqual(
      inbox.deliveries.map(({ message }) => message.id),
      ['1', '2', '3'],
      'the prefetch holds the fourth back',
    )
    await soon((await inbox.next(3)).settle('ack'), 'the third')
    await soon((await inbox.next(1)).settle('ack'), 'the first')
    await soon(subscription.cancel(never), 'the end of the subscription')
    await other.subscribe(queue('order'), { prefetch: 10 }, next)
    const [second, fourth] = [await next.next(1), await next.next(2)]
    assert.deepEqual([second.message.id, fourth.message.id].toSorted(), ['2', '4'])
    await soon(Promise.all(next.deliveries.map((delivery) => delivery.settle('ack'))), 'the acknowledges')
  })

  it('names the frame that an ERROR is about: an acknowledge of what was acknowledged', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const inbox = new Inbox()
    await receiver.subscribe(queue('twice'), { prefetch: 10 }, inbox)
    await sender.send(to('twice'), 1)
    const delivery = await inbox.next()
    await soon(delivery.settle('ack'), 'the acknowledge')
    const error = await failure(delivery.settle('ack'))
    assert.deepEqual([error.code, error.retriable], ['rejected', true])
    await sender.send(to('twice', { id: 'job-2' }), 1)
    await soon((await inbox.next(2)).settle('ack'), 'an acknowledge on the same link')
  })

  it('listens to topics by wildcards, and says which topic each message came from', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const inbox = new Inbox()
    const topic = (name: string): { kind: 'topic'; name: string } => ({ kind: 'topic', name })
    await receiver.subscribe(topic('news.#'), { prefetch: 10 }, inbox)
    await receiver.subscribe(topic('news.*'), { prefetch: 10 }, inbox)
    const heard = ['news', 'news.a', 'news.a.b', 'other.a']
    for (const name of heard) await sender.send(to(name, { id: name, destination: topic(name) }), 1)
    await inbox.next(4)
    assert.deepEqual(inbox.deliveries.map(({ message }) => formatDestination(message.destination)).toSorted(), [
      'topic://news',
      'topic://news.a',
      'topic://news.a',
      'topic://news.a.b',
    ])
    for (const delivery of inbox.deliveries) await soon(delivery.settle('ack'), 'the acknowledge')
  })

  it('says goodbye with its RECEIPT', async () => {
    const link = await dial()
    await soon(link.close(never), 'the end of close')
    assert.deepEqual(await link.closed, { kind: 'closed' })
  })
})
