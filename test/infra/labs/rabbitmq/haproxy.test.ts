import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from 'amqplib'
import { answersAmqp } from '../../../../infra/labs/amqp-greeting.ts'
import { readServers } from '../../../../infra/labs/haproxy/process.ts'
import type { Lab } from '../../../../infra/labs/lab.ts'
import { type LabFolder, openLabFolder } from '../../../../infra/labs/lab-folder.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { waitUntil } from '../../../../infra/labs/wait-until.ts'
import { brokerSkip } from '../../../support/brokers.ts'
import { isPortOpen, newLabRoot } from '../../../support/lab-root.ts'

const QUEUE = 'understudy.test'

function entrancePort(lab: Lab): number {
  return Number(new URL(lab.entrances?.[0]?.endpoint ?? '').port)
}

/** Waits until HAProxy says that of the node; `UP` and `DOWN` are what it says between two changes. */
async function untilServer(folder: LabFolder, node: string, status: 'UP' | 'DOWN'): Promise<void> {
  const look = async (): Promise<true | undefined> =>
    (await readServers(folder)).get(node) === status ? true : undefined
  await waitUntil(look, { what: `${node} ${status}`, withinMs: 60_000, everyMs: 50 })
}

describe('the rabbitmq-quorum-haproxy lab', { skip: brokerSkip('rabbitmq-quorum-haproxy') }, () => {
  let lab: Lab
  let folder: LabFolder

  before(async () => {
    const root = newLabRoot('with a space')
    lab = await createLabs({ root }).up('rabbitmq-quorum-haproxy')
    folder = openLabFolder(root, lab.id)
  })
  after(async () => {
    await lab.down()
    assert.equal(await isPortOpen(entrancePort(lab)), false)
  })

  it('is reached through its entrance alone, by the URI too', async () => {
    const [entrance] = lab.entrances ?? []
    assert.equal(entrance?.name, 'haproxy')
    assert.equal(lab.failoverUri, `failover:(${entrance.endpoint})?nested.queueType=quorum`)
    assert.equal(await answersAmqp(entrancePort(lab)), true)
    assert.deepEqual([lab.settings['haproxyCheck'], lab.topology], ['amqp', 'quorum'])
    assert(lab.nodes.every(({ port }) => port !== entrancePort(lab)))
  })

  it('hands its sessions to all three nodes, and its faults are those of the nodes', async () => {
    for (const node of ['a', 'b', 'c']) await untilServer(folder, node, 'UP')
    assert.equal((await readServers(folder)).size, 3)
    assert.deepEqual(
      lab.faults.map(({ name }) => name),
      createLabs().faultNames('rabbitmq-quorum'),
    )
  })

  it('names its check in the settings, and predicts with it', () => {
    const { haproxyInterMs, haproxyFall, haproxyOnMarkedDown } = lab.settings
    assert.deepEqual([haproxyInterMs, haproxyFall, haproxyOnMarkedDown], [1000, 3, 'shutdown-sessions'])
    const because = (name: string): string | undefined =>
      lab.faults.find((fault) => fault.name === name)?.predicted?.because
    assert.match(because('pause') ?? '', /aten poll_interval 5 s.*AMQP check.*inter 1 s, fall 3/)
    assert.match(because('kill') ?? '', /HAProxy goes on handing sessions.*inter 1 s, fall 3/)
    assert.doesNotMatch(because('memory-alarm') ?? '', /HAProxy/)
  })

  it('marks a paused node down, ends the sessions with it, and takes it back', async () => {
    const client = await connectThrough(lab)
    try {
      const ended = Promise.withResolvers<void>()
      client.on('close', () => ended.resolve())
      client.on('error', () => {})
      const channel = await client.createConfirmChannel()
      await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
      channel.publish('', QUEUE, Buffer.from('job'), { persistent: true, mandatory: true })
      await channel.waitForConfirms()
      // The drill does not know which node is behind the entrance: the cluster tells.
      const fault = lab.faults.find(({ name }) => name === 'pause-client')
      const aim = await fault?.aim({ queue: QUEUE, clientNode: undefined, signal: new AbortController().signal })
      assert(aim)
      assert(['a', 'b', 'c'].includes(aim.target))
      await aim.inject()
      try {
        await untilServer(folder, aim.target, 'DOWN')
        await ended.promise
        assert.equal(await answersAmqp(entrancePort(lab)), true)
      } finally {
        assert.equal(await aim.heal(), 'continued (SIGCONT)')
      }
      await untilServer(folder, aim.target, 'UP')
      const log = await readFile(folder.log('haproxy'), 'utf8')
      assert.match(log, new RegExp(`^\\d{4}-.* Server rabbitmq/${aim.target} is DOWN`, 'm'))
    } finally {
      await client.close().catch(() => {})
    }
  })

  it('keeps its configuration with a result, which tells no secret', async () => {
    const file = lab.files.find((name) => name.endsWith('haproxy.cfg'))
    const text = await readFile(file ?? '', 'utf8')
    assert.match(text, /tcp-check send-binary 414d515000000901\n\s+tcp-check expect binary 010000\n/)
    assert.match(text, /on-marked-down shutdown-sessions/)
    const { client } = JSON.parse(await readFile(join(lab.folder, 'secret.json'), 'utf8'))
    assert(!text.includes(client.password))
  })
})

describe('a lab behind HAProxy', () => {
  it('is told to be unavailable where HAPROXY_HOME is wrong, with what to do about it', (context) => {
    const before = process.env['HAPROXY_HOME']
    context.after(() => {
      if (before === undefined) delete process.env['HAPROXY_HOME']
      else process.env['HAPROXY_HOME'] = before
    })
    process.env['HAPROXY_HOME'] = '/nowhere'
    const found = createLabs()
      .list()
      .filter(({ name }) => name.includes('-haproxy'))
    assert.equal(found.length, 4)
    for (const { availability } of found) {
      assert(!availability.available)
      assert.match(availability.reason, /HAPROXY_HOME \(\/nowhere\)|RabbitMQ|Erlang/)
      assert.notEqual(availability.remedy, '')
    }
  })
})

describe('the rabbitmq-classic-haproxy-plain lab', { skip: brokerSkip('rabbitmq-classic-haproxy-plain') }, () => {
  let lab: Lab
  let folder: LabFolder

  before(async () => {
    const root = newLabRoot('plain')
    lab = await createLabs({ root }).up('rabbitmq-classic-haproxy-plain')
    folder = openLabFolder(root, lab.id)
  })
  after(async () => {
    await lab.down()
  })

  it('marks a killed node down and takes it back, and never sees a paused one', async () => {
    await lab.pause('c')
    try {
      await lab.kill('b')
      await untilServer(folder, 'b', 'DOWN')
      // As many checks later, c is handed sessions on.
      assert.equal((await readServers(folder)).get('c'), 'UP')
    } finally {
      await lab.resume('c')
    }
    await lab.start('b')
    await untilServer(folder, 'b', 'UP')
    assert.doesNotMatch(await readFile(folder.log('haproxy'), 'utf8'), /rabbitmq\/c is DOWN/)
    assert.doesNotMatch(await readFile(folder.at('haproxy.cfg'), 'utf8'), /tcp-check|on-marked-down/)
  })
})

async function connectThrough(lab: Lab): ReturnType<typeof connect> {
  const { username = '', password = '' } = lab.credentials ?? {}
  return await connect({ hostname: '127.0.0.1', port: entrancePort(lab), username, password, heartbeat: 0 })
}
