import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import type { Lab } from '../../../infra/labs/lab.ts'
import { createLabs } from '../../../infra/labs/labs.ts'
import { answersStomp } from '../../../infra/labs/stomp-greeting.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'
import { drillUri } from '../../../src/cli/drill/run.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import type { Link } from '../../../src/transport/link.ts'
import type { OutgoingMessage } from '../../../src/transport/message.ts'
import { brokerSkip } from '../../support/brokers.ts'
import { message } from '../../support/client-parts.ts'
import { failure, Inbox, never, soon } from './dialled.ts'

// What ActiveMQ's own configuration makes of delays and of looks at a queue, and what a takeover leaves of them.
describe('delays, looks and purges on a real ActiveMQ', { skip: brokerSkip('activemq-jdbc') }, () => {
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

  const serves = async (node: string): Promise<void> => {
    const port = lab.nodes.find(({ name }) => name === node)?.port ?? 0
    const look = async (): Promise<true | undefined> => (await answersStomp(port, lab.credentials)) || undefined
    await waitUntil(look, { what: `broker ${node}`, withinMs: 60_000 })
  }
  const holder = async (): Promise<string> =>
    await waitUntil(async () => await lab.active(), { what: 'a holder of the lock', withinMs: 60_000 })

  const queue = (name: string): { kind: 'queue'; name: string } => ({ kind: 'queue', name })
  const to = (name: string, id: string, given: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
    ...message(id),
    destination: queue(name),
    ...given,
  })
  const ids = (inbox: Inbox): string[] => inbox.deliveries.map((delivery) => delivery.message.id)

  it('keeps delays of many lengths and delivers in the order of their end, never early', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const inbox = new Inbox()
    const cameAt = new Map<string, number>()
    const timed = {
      deliver: (delivery: (typeof inbox.deliveries)[number]) => {
        cameAt.set(delivery.message.id, Date.now())
        inbox.deliver(delivery)
      },
      cancelled: () => {},
    }
    await receiver.subscribe(queue('delayed'), { prefetch: 10 }, timed)
    const now = Date.now()
    const dueAt = { third: now + 4500, first: now + 1500, second: now + 3000 }
    for (const [id, deliverAtMs] of Object.entries(dueAt))
      await soon(sender.send(to('delayed', id, { deliverAtMs, headers: { trace: 'x' } }), 1), 'the confirm')
    await soon(sender.send(to('delayed', 'at once'), 1), 'the confirm')
    await inbox.next(4)
    assert.deepEqual(ids(inbox), ['at once', 'first', 'second', 'third'])
    for (const [id, at] of Object.entries(dueAt)) assert.ok((cameAt.get(id) ?? 0) >= at, `${id} came early`)
    const { headers, redelivered, destination } = (await inbox.next(2)).message
    assert.deepEqual([headers, redelivered, destination], [{ trace: 'x' }, false, queue('delayed')])
    for (const delivery of inbox.deliveries) await soon(delivery.settle('ack'), 'the acknowledge')
  })

  it('lets what expires after its delay live until then, and drops what expires before', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    const inbox = new Inbox()
    await receiver.subscribe(queue('expiring'), { prefetch: 10 }, inbox)
    const now = Date.now()
    const [early, late] = [now + 1000, now + 60_000]
    await sender.send(to('expiring', 'expired', { deliverAtMs: now + 2000, expiresAtMs: early }), 1)
    await sender.send(to('expiring', 'alive', { deliverAtMs: now + 2000, expiresAtMs: late }), 1)
    await sender.send(to('expiring', 'last', { deliverAtMs: now + 4000 }), 1)
    await inbox.next(2)
    assert.deepEqual(ids(inbox), ['alive', 'last'])
    for (const delivery of inbox.deliveries) await soon(delivery.settle('ack'), 'the acknowledge')
  })

  it('counts what stands in a queue, what a consumer holds included, and takes none of it', async () => {
    const [sender, receiver] = [await dial(), await dial()]
    for (const id of ['1', '2', '3', '4']) await sender.send(to('seen', id), 1)
    await sender.send(to('seen', 'later', { deliverAtMs: Date.now() + 600_000 }), 1)
    const four = { ready: 4, isExact: false, consumers: undefined }
    assert.deepEqual(await soon(sender.inspect('seen'), 'the look'), four)
    const inbox = new Inbox()
    await receiver.subscribe(queue('seen'), { prefetch: 2 }, inbox)
    await inbox.next(2)
    assert.deepEqual(await soon(receiver.inspect('seen'), 'a look beside a consumer'), four)
    assert.deepEqual(
      inbox.deliveries.map(({ message: { id, redelivered } }) => [id, redelivered]),
      [
        ['1', false],
        ['2', false],
      ],
    )
    await soon((await inbox.next(1)).settle('ack'), 'the acknowledge')
    assert.equal((await soon(sender.inspect('seen'), 'the last look'))?.ready, 3)
  })

  it('counts no further than a thousand, and purges all of what waits', async () => {
    const [sender, holding] = [await dial(), await dial()]
    const inbox = new Inbox()
    await holding.subscribe(queue('many'), { prefetch: 2 }, inbox)
    // Not in the database, which would take its time over so many.
    const given = { persistent: false }
    const sends = Array.from({ length: 1500 }, (_, index) => sender.send(to('many', String(index), given), 1))
    await soon(Promise.all(sends), 'the confirms')
    await inbox.next(2)
    assert.equal((await soon(sender.inspect('many'), 'the look'))?.ready, 1000)
    assert.equal(await soon(sender.purge('many'), 'the purge'), 1498)
    assert.equal((await soon(sender.inspect('many'), 'a look after it'))?.ready, 2)
    for (const delivery of inbox.deliveries) await soon(delivery.settle('ack'), 'the acknowledge')
    assert.deepEqual(await soon(sender.inspect('many'), 'the last look'), {
      ready: 0,
      isExact: true,
      consumers: undefined,
    })
    assert.equal(await soon(sender.purge('many'), 'the purge of nothing'), 0)
  })

  it('goes on after a look at a queue of which nothing is known', async () => {
    const link = await dial()
    assert.equal(await soon(link.inspect('never.used'), 'the look'), undefined)
    assert.equal(await soon(link.purge('never.used'), 'the purge'), 0)
    await soon(link.send(to('never.used', '1'), 1), 'the confirm')
    assert.equal((await soon(link.inspect('never.used'), 'another look'))?.ready, 1)
  })

  it('delivers a delayed message from the standby, in its time, when the master is killed', async () => {
    const master = await holder()
    const standby = master === 'a' ? 'b' : 'a'
    const sender = await dial()
    const dueAt = Date.now() + 20_000
    await soon(sender.send(to('survivors', 'later', { deliverAtMs: dueAt }), 1), 'the confirm')
    await soon(sender.send(to('survivors', 'soon', { deliverAtMs: Date.now() + 500 }), 1), 'the confirm')
    await lab.kill(master)
    await serves(standby)
    const receiver = await dial()
    const inbox = new Inbox()
    await receiver.subscribe(queue('survivors'), { prefetch: 10 }, inbox)
    const came = async (): Promise<true | undefined> => ids(inbox).includes('later') || undefined
    await waitUntil(came, { what: 'the delayed message', withinMs: 60_000 })
    assert.ok(Date.now() >= dueAt)
    assert.deepEqual(ids(inbox).toSorted(), ['later', 'soon'])
    for (const delivery of inbox.deliveries) await soon(delivery.settle('ack'), 'the acknowledge')
    await lab.start(master)
  })

  it('refuses a delay where the scheduler is off, and goes on without', async () => {
    const master = await holder()
    const standby = master === 'a' ? 'b' : 'a'
    const file = join(lab.folder, standby, 'activemq.xml')
    const xml = await readFile(file, 'utf8')
    await lab.stop(standby)
    await writeFile(file, xml.replace('schedulerSupport="true"', 'schedulerSupport="false"'))
    await lab.start(standby)
    await lab.stop(master)
    await serves(standby)
    const [sender, receiver] = [await dial(), await dial()]
    const inbox = new Inbox()
    await receiver.subscribe(queue('refused'), { prefetch: 10 }, inbox)
    const delayed = to('refused', 'delayed', { deliverAtMs: Date.now() + 600_000 })
    const error = await failure(sender.send(delayed, 1))
    assert.equal(error.code, 'unsupported')
    assert.match(error.message, /schedulerSupport="true"/)
    await soon(sender.send(to('refused', 'at once'), 1), 'the confirm')
    await soon((await inbox.next()).settle('ack'), 'the acknowledge')
    assert.deepEqual(ids(inbox), ['at once'])
  })
})
