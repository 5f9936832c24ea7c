import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { NETWORK_FAULT_NAMES, throughProxies } from '../../../infra/proxy/network-faults.ts'
import type { BrokerControl } from '../../../src/drill/broker-control.ts'
import type { Aim, Fault, FaultContext } from '../../../src/drill/fault.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { freePorts } from '../../../infra/labs/free-ports.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'
import { type Broker, dial, type End, startBroker, until } from './two-ends.ts'

const NOBODY: FaultContext = { queue: 'jobs', clientNode: undefined, signal: new AbortController().signal }

/** What the faults of a path ask of a control; the rest must not be touched. */
function controlOver(ports: readonly number[], more: Partial<BrokerControl> = {}): BrokerControl {
  const refuse = (): never => {
    throw new Error('the brokers themselves are not to be hurt')
  }
  return {
    lab: 'scripted',
    nodes: ports.map((port, index) => ({
      name: 'abc'.charAt(index),
      product: 'peer',
      host: '127.0.0.1',
      port,
      endpoint: `stomp://127.0.0.1:${port}`,
    })),
    faults: [],
    credentials: undefined,
    slowestPeriodMs: 1,
    slowestTakeoverMs: 1,
    settings: {},
    files: [],
    active: async () => 'a',
    state: () => 'running',
    kill: refuse,
    stop: refuse,
    pause: refuse,
    resume: refuse,
    start: refuse,
    watch: refuse,
    ...more,
  }
}

type Through = Awaited<ReturnType<typeof throughProxies<BrokerControl>>>

async function through(context: TestContext, control: BrokerControl, options = {}): Promise<Through> {
  const made = await throughProxies(control, options)
  context.after(() => made.close())
  return made
}

function faultOf({ control }: Through, name: string): Fault {
  const fault = control.faults.find((one) => one.name === name)
  assert.ok(fault, `there is a fault ${name}`)
  return fault
}

async function aimed(made: Through, name: string, context: FaultContext = NOBODY): Promise<Aim> {
  const aim = await faultOf(made, name).aim(context)
  assert.ok(aim, `${name} found something to hurt`)
  return aim
}

async function untilProven(aim: Aim): Promise<string> {
  return await waitUntil(() => aim.proof(), { what: 'a proof', withinMs: 20_000 })
}

interface Path {
  readonly broker: Broker
  readonly made: Through
  readonly client: End
  /** The broker's end of the client's connection. */
  readonly far: End
  readonly port: number
}

/** A client with one connection through the proxy of the only node. */
async function onePath(context: TestContext, options = {}): Promise<Path> {
  const broker = await startBroker(context)
  const made = await through(context, controlOver([broker.port]), options)
  const port = made.control.nodes[0]?.port ?? 0
  const client = await dial(context, port)
  await until('the broker met the client', () => broker.ends.length === 1)
  const far = broker.ends[0]
  assert.ok(far)
  return { broker, made, client, far, port }
}

describe('brokers through proxies', () => {
  it('are found at the proxies, with the same names and the faults of a path alone', async (context) => {
    const broker = await startBroker(context)
    const { control } = await through(context, controlOver([broker.port]))
    const [node] = control.nodes
    assert.ok(node)
    assert.equal(node.name, 'a')
    assert.notEqual(node.port, broker.port)
    assert.equal(node.endpoint, `stomp://127.0.0.1:${node.port}`)
    assert.deepEqual(
      control.faults.map(({ name }) => name),
      [...NETWORK_FAULT_NAMES],
    )
    const client = await dial(context, node.port)
    client.socket.write('hello')
    await until('the broker heard it', () => broker.ends[0]?.received().toString() === 'hello')
  })

  it('refuse where the broker behind the proxy does, as a standby', async (context) => {
    const broker = await startBroker(context)
    const { control } = await through(context, controlOver([broker.port, ...(await freePorts(1))]))
    const standby = control.nodes[1]?.port ?? 0
    const refused = async (): Promise<true | undefined> => {
      const code = await dial(context, standby).then(
        ({ socket }) => void socket.destroy(),
        (error: NodeJS.ErrnoException) => error.code,
      )
      return code === 'ECONNREFUSED' || undefined
    }
    await waitUntil(refused, { what: 'a refusal', withinMs: 20_000 })
    await dial(context, control.nodes[0]?.port ?? 0)
  })

  it('keep what else the control has', async (context) => {
    const broker = await startBroker(context)
    const lab = { ...controlOver([broker.port]), id: 'scripted-1' }
    const made = await throughProxies(lab)
    context.after(() => made.close())
    assert.equal(made.control.id, 'scripted-1')
    assert.equal(await made.control.active(), 'a')
  })

  it('leave no port open once closed', async (context) => {
    const broker = await startBroker(context)
    const made = await through(context, controlOver([broker.port]))
    await made.close()
    await made.close()
    await assert.rejects(dial(context, made.control.nodes[0]?.port ?? 0), { code: 'ECONNREFUSED' })
  })

  it('have their entrances moved, not their nodes, where there are entrances', async (context) => {
    const [node, entrance] = [await startBroker(context), await startBroker(context)]
    const entrances = [{ name: 'haproxy', endpoint: `amqp://127.0.0.1:${entrance.port}/vhost` }]
    const made = await through(context, controlOver([node.port], { entrances }))
    assert.equal(made.control.nodes[0]?.port, node.port)
    const endpoint = made.control.entrances?.[0]?.endpoint ?? ''
    const port = Number(/^amqp:\/\/127\.0\.0\.1:(\d+)\/vhost$/.exec(endpoint)?.[1])
    assert.ok(port > 0 && port !== entrance.port, endpoint)
    assert.equal(await faultOf(made, 'cut').aim(NOBODY), undefined, 'nobody is connected, so there is nothing to hurt')
    const client = await dial(context, port)
    const aim = await aimed(made, 'cut')
    assert.deepEqual([aim.target, aim.endpoint, aim.finding], ['haproxy', null, undefined])
    await aim.inject()
    await untilProven(aim)
    await until('the client was reset', () => client.left() === 'ECONNRESET')
  })

  it('beyond this machine are refused unless they are asked for', async (context) => {
    const remote = controlOver([1], {
      nodes: [{ name: 'a', product: 'peer', host: '192.0.2.1', port: 5, endpoint: 'stomp://192.0.2.1:5' }],
    })
    await assert.rejects(throughProxies(remote), (error) => error instanceof UnderstudyError)
    const { control } = await through(context, remote, { beyond: true })
    assert.equal(control.nodes[0]?.host, '127.0.0.1')
  })

  it('may be reached over IPv6', async (context) => {
    const broker = await startBroker(context, '::1')
    const nodes = [
      { name: 'a', product: 'peer', host: '::1', port: broker.port, endpoint: `stomp://[::1]:${broker.port}` },
    ]
    const { control } = await through(context, controlOver([], { nodes }))
    const client = await dial(context, control.nodes[0]?.port ?? 0)
    client.socket.write('six')
    await until('the broker heard it', () => broker.ends[0]?.received().toString() === 'six')
  })

  it('that are in memory cannot be behind a proxy', async () => {
    const nodes = [{ name: 'a', product: 'memory', host: 'm', port: 0, endpoint: 'memory://m' }]
    await assert.rejects(throughProxies(controlOver([], { nodes })), { code: 'invalid-uri' })
  })

  it('say that TLS cannot be, unless the name in the certificate is told', async (context) => {
    const nodes = [{ name: 'a', product: 'peer', host: '127.0.0.1', port: 5, endpoint: 'amqps://127.0.0.1:5' }]
    const without = await through(context, controlOver([], { nodes }))
    assert.match((await faultOf(without, 'cut').missing()) ?? '', /certificate.*nested\.serverName/)
    const clientOptions = { 'nested.serverName': 'broker.example' }
    const named = await through(context, controlOver([], { nodes }), { clientOptions })
    assert.equal(await faultOf(named, 'cut').missing(), undefined)
  })
})

describe('the aim of a fault of the path', () => {
  it('is the node of the client, before the one that serves', async (context) => {
    const brokers = [await startBroker(context), await startBroker(context)]
    const made = await through(context, controlOver(brokers.map(({ port }) => port)))
    assert.equal((await aimed(made, 'cut', { ...NOBODY, clientNode: 'b' })).target, 'b')
    assert.equal((await aimed(made, 'cut')).target, 'a')
  })

  it('is the node with the connections when nobody can tell who serves', async (context) => {
    const brokers = [await startBroker(context), await startBroker(context)]
    const unknown = controlOver(
      brokers.map(({ port }) => port),
      { active: async () => undefined },
    )
    const made = await through(context, unknown)
    assert.equal(await faultOf(made, 'slow').aim(NOBODY), undefined)
    await dial(context, made.control.nodes[1]?.port ?? 0)
    await until('the proxy took it', () => brokers[1]?.ends.length === 1)
    assert.equal((await aimed(made, 'slow')).target, 'b')
  })
})

describe('cut', () => {
  it('resets what is open on both sides, and welcomes what comes', async (context) => {
    const { broker, made, client, far, port } = await onePath(context)
    const aim = await aimed(made, 'cut')
    assert.equal(await aim.proof(), undefined)
    await aim.inject()
    assert.match(await untilProven(aim), /^1 connection .* reset \(RST\)$/)
    await until('both ends were reset', () => client.left() === 'ECONNRESET' && far.left() === 'ECONNRESET')
    assert.equal(await aim.heal(), undefined)
    await dial(context, port)
    await until('the next one got through', () => broker.ends.length === 2)
  })

  it('is not proven when there was nothing to cut', async (context) => {
    const broker = await startBroker(context)
    const aim = await aimed(await through(context, controlOver([broker.port])), 'cut')
    await aim.inject()
    assert.equal(await aim.proof(), undefined)
  })
})

describe('half-open', () => {
  it('keeps everything open and passes nothing on until it is healed, and then all of it', async (context) => {
    const { made, client, far, port, broker } = await onePath(context)
    const aim = await aimed(made, 'half-open')
    assert.equal(aim.finding, 'mute')
    await aim.inject()
    assert.match(await untilProven(aim), /^1 connection open .* nothing/)
    client.socket.write('late')
    const second = await dial(context, port)
    second.socket.write('later')
    assert.equal(far.received().length, 0)
    assert.equal(broker.ends.length, 1)
    assert.equal(await aim.heal(), 'the path passes on again')
    assert.equal(await aim.heal(), undefined)
    await until('all of it arrived', () => far.received().toString() === 'late' && broker.ends.length === 2)
    await until('the second too', () => broker.ends[1]?.received().toString() === 'later')
    assert.equal(client.left(), undefined)
  })
})

describe('slow', () => {
  it('is proven by bytes that were late both ways, and healed', async (context) => {
    const { made, client, far } = await onePath(context, { delayMs: 20 })
    const aim = await aimed(made, 'slow')
    await aim.inject()
    client.socket.write('there')
    await until('there', () => far.received().toString() === 'there')
    assert.equal(await aim.proof(), undefined, 'one way is half a proof')
    far.socket.write('back')
    await until('back', () => client.received().toString() === 'back')
    assert.match(await untilProven(aim), /20 ms late/)
    assert.equal(await aim.heal(), 'the path is as quick as before')
    assert.equal(await aim.heal(), undefined)
    await aim.inject()
    await aim.heal()
    client.socket.write('!')
    await until('what comes after', () => far.received().toString() === 'there!')
    assert.equal(await aim.proof(), undefined)
  })
})

describe('refuse', () => {
  it('resets what is open and refuses what comes until it is healed', async (context) => {
    const { broker, made, client, port } = await onePath(context)
    const aim = await aimed(made, 'refuse')
    assert.equal(await aim.heal(), undefined, 'nothing was done yet')
    await aim.inject()
    assert.match(await untilProven(aim), /refused$/)
    await until('the client was reset', () => client.left() === 'ECONNRESET')
    await assert.rejects(dial(context, port), { code: 'ECONNREFUSED' })
    assert.equal(await aim.heal(), 'opened to its clients again')
    await dial(context, port)
    await until('the next one got through', () => broker.ends.length === 2)
  })
})

describe('what is predicted of a path', () => {
  async function predicted(context: TestContext, name: string, clientOptions: Record<string, string>, more = {}) {
    const made = await through(context, controlOver([1, 2], more), { clientOptions })
    const { predicted: prediction } = faultOf(made, name)
    assert.ok(prediction)
    return prediction
  }

  it('is that nobody stands in for a broker that holds a lock and cannot be reached', async (context) => {
    const { upperMs, because } = await predicted(context, 'half-open', { heartbeat: '1000' })
    assert.equal(upperMs, null)
    assert.match(because, /heartbeat of 1 s/)
  })

  it("follows the client's heartbeat and connectTimeout where others can be reached", async (context) => {
    const quorum = { topology: 'quorum' }
    const quick = await predicted(context, 'half-open', { heartbeat: '1000', connectTimeout: '1000' }, quorum)
    assert.deepEqual([quick.lowerMs, quick.upperMs], [500, 2500])
    const deaf = await predicted(context, 'half-open', { heartbeat: '0', confirmTimeout: '4000' }, quorum)
    assert.equal(deaf.upperMs, 4000 + 3000)
    assert.match(deaf.because, /confirmTimeout 4 s/)
  })

  it('is twice the delay, unless the client takes that for silence', async (context) => {
    assert.equal((await predicted(context, 'slow', { heartbeat: '1000' })).upperMs, 500)
    assert.equal((await predicted(context, 'slow', { heartbeat: '300' })).upperMs, null)
  })

  it('says that a slow handshake of AMQP takes longer than the client waits for one', async (context) => {
    const nodes = [{ name: 'a', product: 'peer', host: '127.0.0.1', port: 5, endpoint: 'amqp://127.0.0.1:5' }]
    const slow = await predicted(context, 'slow', { heartbeat: '1000', connectTimeout: '1000' }, { nodes })
    assert.match(slow.because, /anew takes 1\.5 s, longer than connectTimeout 1 s/)
    const patient = await predicted(context, 'slow', { heartbeat: '1000', connectTimeout: '3000' }, { nodes })
    assert.doesNotMatch(patient.because, /anew/)
  })
})
