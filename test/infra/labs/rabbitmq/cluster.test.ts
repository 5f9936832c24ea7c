import assert from 'node:assert/strict'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type ChannelModel, connect } from 'amqplib'
import type { Marker } from '../../../../src/drill/broker-control.ts'
import type { Aim } from '../../../../src/drill/fault.ts'
import { answersAmqp } from '../../../../infra/labs/amqp-greeting.ts'
import type { Lab } from '../../../../infra/labs/lab.ts'
import { openLabFolder } from '../../../../infra/labs/lab-folder.ts'
import { createLabs } from '../../../../infra/labs/labs.ts'
import { processState } from '../../../../infra/labs/processes/process-identity.ts'
import { findMarkedProcesses } from '../../../../infra/labs/processes/process-marks.ts'
import { readRunningNodes } from '../../../../infra/labs/rabbitmq/management.ts'
import { waitUntil } from '../../../../infra/labs/wait-until.ts'
import { brokerSkip } from '../../../support/brokers.ts'
import { isPortOpen, newLabRoot } from '../../../support/lab-root.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const QUEUE = 'understudy.test'
const NODES = ['a', 'b', 'c']
const AT_A = { queue: 'jobs', clientNode: 'a', signal: new AbortController().signal }

/** Declares the queue through the first node, which then leads it or is its home. */
async function declareQueue(lab: Lab): Promise<void> {
  const connection = await connectTo(lab, 'a')
  try {
    const channel = await connection.createConfirmChannel()
    const type = String(lab.settings['queueType'])
    await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': type } })
    channel.publish('', QUEUE, Buffer.from('job'), { persistent: true, mandatory: true })
    await channel.waitForConfirms()
  } finally {
    await connection.close()
  }
}

async function connectTo(lab: Lab, name: string, password = lab.credentials?.password): Promise<ChannelModel> {
  const node = lab.nodes.find((one) => one.name === name)
  const { username } = lab.credentials ?? {}
  return await connect({
    hostname: '127.0.0.1',
    port: node?.port ?? 0,
    username: username ?? '',
    password: password ?? '',
  })
}

async function untilActive(lab: Lab, wanted: (node: string | undefined) => boolean): Promise<string | undefined> {
  const look = async (): Promise<{ node: string | undefined } | undefined> => {
    const node = await lab.active(QUEUE)
    return wanted(node) ? { node } : undefined
  }
  return (await waitUntil(look, { what: 'who serves the queue', withinMs: 60_000, everyMs: 20 })).node
}

/** One node after the other hears of an alarm of the others. */
async function untilProof(aim: Aim, wanted: RegExp): Promise<void> {
  const look = async (): Promise<string | undefined> => wanted.exec((await aim.proof()) ?? '')?.[0]
  await waitUntil(look, { what: `a proof with ${wanted.source}`, withinMs: 20_000 })
}

async function runningNodes(lab: Lab, root: string, asked: string): Promise<string[]> {
  return (await readRunningNodes(openLabFolder(root, lab.id), asked)).sort()
}

// One cluster for all tests of a kind: each begins and ends with all nodes up.
describe('the rabbitmq-quorum lab', { skip: brokerSkip('rabbitmq-quorum') }, () => {
  let root = ''
  let lab: Lab

  before(async () => {
    root = newLabRoot('with a space')
    lab = await createLabs({ root }).up('rabbitmq-quorum')
    await declareQueue(lab)
  })
  after(async () => {
    await lab.down()
  })

  it('has three nodes that serve, in one cluster', async () => {
    assert.deepEqual(
      lab.nodes.map(({ name }) => name),
      NODES,
    )
    for (const { name, port, product } of lab.nodes) {
      assert.equal(await answersAmqp(port), true)
      assert.match(product, /^RabbitMQ \d/)
      assert.deepEqual(await runningNodes(lab, root, name), NODES)
    }
    const endpoints = lab.nodes.map(({ endpoint }) => endpoint).join(',')
    assert.equal(lab.failoverUri, `failover:(${endpoints})?nested.queueType=quorum`)
    assert.equal(lab.topology, 'quorum')
  })

  it('names the leader of a queue, and nobody for a queue that is not there', async () => {
    assert.equal(await lab.active(QUEUE), 'a')
    assert.equal(await lab.active(), 'a')
    assert.equal(await lab.active('no.such.queue'), undefined)
  })

  it("has each node's own pid, that of its Erlang VM", async () => {
    for (const name of NODES) {
      assert.equal(await readFile(join(lab.folder, name, 'pid'), 'utf8'), String(lab.pid(name)))
      assert.match(await readFile(`/proc/${lab.pid(name)}/comm`, 'utf8'), /^beam/)
    }
  })

  it('lets nobody in without the password of this lab', async () => {
    await assert.rejects(connectTo(lab, 'a', 'wrong'), /ACCESS.REFUSED/)
  })

  it('elects another leader when the leader is killed, which comes back into the cluster', async () => {
    const markers: Marker[] = []
    const watch = await lab.watch((marker) => markers.push(marker), QUEUE)
    const leader = (await lab.active(QUEUE)) ?? ''
    const killed = Date.now()
    await lab.kill(leader)
    assert.equal(lab.state(leader), 'gone')
    const next = await untilActive(lab, (node) => node !== undefined && node !== leader)
    const elected = await waitUntil(() => markers.find(({ kind }) => kind === 'leader-elected'), {
      what: 'a word of the election',
      withinMs: 20_000,
    })
    assert.deepEqual([elected.node, elected.source], [next, 'log'])
    assert(elected.wall + elected.toleranceMs >= killed && elected.wall <= Date.now())
    assert(markers.some(({ kind, node }) => kind === 'leader-lost' && node === leader))
    await watch.close()
    await watch.close()

    await lab.start(leader)
    assert.equal(lab.state(leader), 'running')
    assert.deepEqual(await runningNodes(lab, root, leader), NODES)
    assert.equal(await lab.active(QUEUE), next)
    await assert.rejects(lab.start(leader), { code: 'unsupported', message: /running already/ })
  })

  it('elects another leader when the leader is asked to leave', async () => {
    const leader = (await lab.active(QUEUE)) ?? ''
    await lab.stop(leader)
    assert.equal(lab.state(leader), 'gone')
    const next = await untilActive(lab, (node) => node !== undefined && node !== leader)
    await lab.start(leader)
    assert.equal(await lab.active(QUEUE), next)
  })

  it('accepts and stays mute when paused, and another one leads after a while', async () => {
    const leader = (await lab.active(QUEUE)) ?? ''
    const port = lab.nodes.find(({ name }) => name === leader)?.port ?? 0
    await lab.pause(leader)
    assert.equal(lab.state(leader), 'paused')
    assert.equal(await isPortOpen(port), true)
    assert.equal(await answersAmqp(port), false)
    await untilActive(lab, (node) => node !== undefined && node !== leader)
    await lab.resume(leader)
    await waitUntil(async () => (await answersAmqp(port)) || undefined, { what: leader, withinMs: 60_000 })
  })

  it('is used by another process through its folder', async () => {
    const attached = createLabs({ root }).attach(lab.id)
    assert.deepEqual(attached.nodes, lab.nodes)
    assert.deepEqual(attached.credentials, lab.credentials)
    assert.equal(attached.failoverUri, lab.failoverUri)
  })

  it('hands out logs and configuration without a password, and keeps those to this user', async (context) => {
    const directory = temporaryFolder('logs', context)
    const kept = await lab.collect(directory)
    const expected = [...NODES.flatMap((node) => [`${node}-rabbitmq.conf`, `${node}.log`]), 'epmd.log']
    assert.deepEqual(kept.sort(), expected)
    const secrets = JSON.parse(await readFile(join(lab.folder, 'secret.json'), 'utf8'))
    const texts = await Promise.all(kept.map(async (name) => await readFile(join(directory, name), 'utf8')))
    for (const secret of [secrets.client.password, secrets.cookie]) {
      assert.equal(typeof secret, 'string')
      assert(texts.every((text) => !text.includes(secret)))
      for (const { identity } of findMarkedProcesses(root)) {
        const command = await readFile(`/proc/${identity.pid}/cmdline`, 'utf8').catch(() => '')
        assert(!command.includes(secret))
      }
    }
    const files = ['secret.json', 'home/.erlang.cookie', ...NODES.map((node) => `${node}/conf.d/secret.conf`)]
    const modes = await Promise.all(files.map(async (file) => (await stat(join(lab.folder, file))).mode & 0o777))
    assert.deepEqual(modes, [0o600, 0o400, 0o600, 0o600, 0o600])
  })

  it('listens to 127.0.0.1 alone', async (context) => {
    if (process.platform !== 'linux') return context.skip('there is no /proc here')
    const ports = new Set(Object.values(openLabFolder(root, lab.id).read().ports))
    const tables = await Promise.all(
      ['tcp', 'tcp6'].map(async (name) => await readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
    )
    const listening = [...tables.join('\n').matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F:]+ 0A /gm)]
    const own = listening.filter(([, , port]) => ports.has(Number.parseInt(port ?? '', 16)))
    assert(own.length >= ports.size)
    // epmd adds the other loopback address by itself.
    const loopback = new Set(['0100007F', '00000000000000000000000001000000', '0000000000000000FFFF00000100007F'])
    for (const [line, address] of own) assert(loopback.has(address ?? ''), line)
  })

  // The last of them: it ends the cluster of all others.
  it('leaves no process, no open port and no folder, a paused node included', async () => {
    const { processes, ports } = openLabFolder(root, lab.id).read()
    const identities = Object.values(processes).flatMap(({ identity }) => identity ?? [])
    assert.equal(identities.length, 4)
    assert(findMarkedProcesses(root).length > 4)
    await lab.pause('b')
    await lab.down()
    assert(identities.every((identity) => processState(identity) === 'gone'))
    assert.deepEqual(findMarkedProcesses(root), [])
    assert.deepEqual(
      await Promise.all(Object.values(ports).map(isPortOpen)),
      Object.values(ports).map(() => false),
    )
    assert.deepEqual(await readdir(root), [])
  })
})

describe('the rabbitmq-classic lab', { skip: brokerSkip('rabbitmq-classic') }, () => {
  let root = ''
  let lab: Lab

  before(async () => {
    root = newLabRoot('classic')
    lab = await createLabs({ root }).up('rabbitmq-classic')
    await declareQueue(lab)
  })
  after(async () => {
    await lab.down()
  })

  it('has its queue at home on one node', async () => {
    assert.match(lab.failoverUri, /\?nested\.queueType=classic$/)
    assert.equal(lab.topology, 'home-node')
    assert.equal(await lab.active(QUEUE), 'a')
  })

  it('has nobody stand in for the home node, whose queue is back with it', async () => {
    const markers: Marker[] = []
    const watch = await lab.watch((marker) => markers.push(marker), QUEUE)
    const seen = async (kind: Marker['kind']): Promise<Marker> => {
      return await waitUntil(() => markers.find((marker) => marker.kind === kind), { what: kind, withinMs: 20_000 })
    }
    assert.deepEqual([(await seen('queue-up')).node, (await seen('queue-up')).source], ['a', 'management API'])
    await lab.kill('a')
    assert.equal((await seen('queue-down')).node, 'a')
    assert.equal(await lab.active(QUEUE), undefined)
    markers.length = 0
    await lab.start('a')
    assert.equal((await seen('queue-up')).node, 'a')
    assert.equal(await untilActive(lab, (node) => node !== undefined), 'a')
    await watch.close()
  })

  for (const name of ['memory-alarm', 'disk-alarm']) {
    it(`has ${name} in effect on every node until it is healed`, async () => {
      const fault = lab.faults.find((one) => one.name === name)
      assert.equal(await fault?.missing(), undefined)
      const aim = await fault?.aim(AT_A)
      assert(aim)
      assert.equal(await aim.proof(), undefined)
      await aim.inject()
      await untilProof(aim, / on a, b, c /)
      assert.match((await aim.heal()) ?? '', /as configured/)
      const ended = async (): Promise<true | undefined> => ((await aim.proof()) === undefined ? true : undefined)
      await waitUntil(ended, { what: `the end of ${name}`, withinMs: 20_000 })
    })
  }

  // The last of them: it leaves a node behind that is down.
  it('raises an alarm on the nodes that are there', async () => {
    await lab.kill('b')
    const aim = await lab.faults.find(({ name }) => name === 'memory-alarm')?.aim(AT_A)
    assert(aim)
    await aim.inject()
    await untilProof(aim, / on a, c /)
    assert.notEqual(await aim.heal(), undefined)
  })
})
