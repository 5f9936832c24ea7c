import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { waitUntil } from '../../../infra/labs/wait-until.ts'
import { bridgeOf, createNetwork, type LabNetwork, namespaceOf, removeNetwork } from '../../../infra/netns/network.ts'
import { pathsBetween, THIS_MACHINE } from '../../../infra/netns/silence.ts'
import { withinNamespace } from '../../../infra/netns/within-namespace.ts'
import { namespaceSkip, newNetworkId, removeLeftNetworks } from '../../support/namespaces.ts'

const skip = namespaceSkip()

const PORT = 7000

before(async () => {
  if (skip === false) await removeLeftNetworks()
})

async function newNetwork(context: TestContext): Promise<{ readonly id: string; readonly network: LabNetwork }> {
  const id = newNetworkId()
  context.after(() => removeNetwork(id))
  return { id, network: await createNetwork(id, ['a', 'b']) }
}

/** What is left of that lab's network. */
function left(id: string): string[] {
  const links = readdirSync('/sys/class/net').filter((name) => name.startsWith(bridgeOf(id)))
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith(id)) : []
  return [...links, ...namespaces]
}

/** Sends back what it gets. Returns its pid once it listens. */
async function startEcho(context: TestContext, id: string, network: LabNetwork, host: string): Promise<number> {
  const code = `require('node:net').createServer((s) => { s.pipe(s); s.on('error', () => {}) })
    .listen(${PORT}, '${network.hosts[host]}', () => console.log(process.pid))`
  const { file, args } = withinNamespace({ file: process.execPath, args: ['-e', code] }, id, network, host)
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  context.after(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  assert.equal(Number(said.toString()), child.pid, 'the program has the pid of what was started')
  return child.pid ?? 0
}

interface Dialled {
  readonly socket: Socket
  readonly heard: () => string
}

async function dial(context: TestContext, host: string): Promise<Dialled> {
  const socket = connect({ host, port: PORT })
  context.after(() => socket.destroy())
  let heard = ''
  socket.on('data', (chunk) => (heard += chunk.toString()))
  await once(socket, 'connect')
  return { socket, heard: () => heard }
}

async function until(what: string, seen: () => boolean): Promise<void> {
  await waitUntil(() => seen() || undefined, { what, withinMs: 20_000 })
}

describe('a network of namespaces', { skip }, () => {
  it('is removed whole, by its name alone, and twice does nothing', async (context) => {
    const { id } = await newNetwork(context)
    assert.equal(left(id).length, 5, 'a bridge, two ends of it and two namespaces')
    await removeNetwork(id)
    assert.deepEqual(left(id), [])
    await removeNetwork(id)
  })

  it('is removed even when only half of it is there', async (context) => {
    const id = newNetworkId()
    context.after(() => removeNetwork(id))
    await assert.rejects(createNetwork(id, ['a', 'a']))
    assert.notDeepEqual(left(id), [])
    await removeNetwork(id)
    assert.deepEqual(left(id), [])
  })

  it('leaves the networks of others alone when it is removed', async (context) => {
    const { id } = await newNetwork(context)
    await removeNetwork('')
    await removeNetwork(id.slice(-8))
    await removeNetwork(newNetworkId())
    assert.equal(left(id).length, 5)
  })

  it('of a test that was killed is removed before the next tests', async (context) => {
    const network = fileURLToPath(new URL('../../../infra/netns/network.ts', import.meta.url))
    const code = `import { createNetwork } from ${JSON.stringify(network)}
      const id = 'netns-test' + process.pid + '-0badcafe'
      await createNetwork(id, ['a'])
      console.log(id)
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    const id = `netns-test${child.pid}-0badcafe`
    context.after(() => removeNetwork(id))
    await once(child.stdout, 'data')
    await removeLeftNetworks()
    assert.equal(left(id).length, 3, 'its process lives')
    child.kill('SIGKILL')
    await ended
    await removeLeftNetworks()
    assert.deepEqual(left(id), [])
  })

  it('does not overlap another', async (context) => {
    const one = await newNetwork(context)
    const other = await newNetwork(context)
    assert.notEqual(one.network.own, other.network.own)
  })

  it('carries a program in each namespace, which this machine reaches', async (context) => {
    const { id, network } = await newNetwork(context)
    await startEcho(context, id, network, 'a')
    await startEcho(context, id, network, 'b')
    const { socket, heard } = await dial(context, network.hosts['b'] ?? '')
    socket.write('hello')
    await until('the answer', () => heard() === 'hello')
  })
})

describe('a silent path', { skip }, () => {
  it('holds back what is sent on open connections until it is restored, and then delivers it', async (context) => {
    const { id, network } = await newNetwork(context)
    await startEcho(context, id, network, 'a')
    await startEcho(context, id, network, 'b')
    const toA = await dial(context, network.hosts['a'] ?? '')
    const toB = await dial(context, network.hosts['b'] ?? '')
    const paths = pathsBetween(id, network, 'a', [THIS_MACHINE, 'b'])
    assert.equal(await paths.areSilent(), false)
    assert.equal(await paths.restore(), false, 'nothing was silenced yet')
    await paths.silence()
    assert.equal(await paths.areSilent(), true)
    toA.socket.write('one')
    toB.socket.write('two')
    await until('the answer over the other path', () => toB.heard() === 'two')
    assert.equal(toA.heard(), '')
    assert.equal(await paths.restore(), true)
    assert.equal(await paths.restore(), false)
    assert.equal(await paths.areSilent(), false)
    await until('the answer that was held back', () => toA.heard() === 'one')
  })

  it('can be between two hosts that this machine still reaches', async (context) => {
    const { id, network } = await newNetwork(context)
    await startEcho(context, id, network, 'a')
    const paths = pathsBetween(id, network, 'a', ['b'])
    await paths.silence()
    const { socket, heard } = await dial(context, network.hosts['a'] ?? '')
    socket.write('here')
    await until('the answer', () => heard() === 'here')
    const code = `const s = require('node:net').connect(${PORT}, '${network.hosts['a']}')
      s.on('connect', () => { console.log('met'); process.exit() }).on('error', (e) => { console.log(e.code); process.exit() })
      setTimeout(() => { console.log('silence'); process.exit() }, 300)`
    const { file, args } = withinNamespace({ file: process.execPath, args: ['-e', code] }, id, network, 'b')
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    await once(child, 'exit')
    assert.equal(said.toString().trim(), 'silence')
    assert.equal(namespaceOf(id, 'b'), `${id}-b`)
  })
})

describe('a program of a host that a lab has no namespace for', () => {
  it('runs as it is', () => {
    const program = { file: '/bin/true', args: ['x'] }
    assert.deepEqual(withinNamespace(program, 'lab-1', undefined, 'a'), program)
    assert.deepEqual(withinNamespace(program, 'lab-1', { own: '', hosts: { b: '10.0.0.2' } }, 'a'), program)
  })
})
