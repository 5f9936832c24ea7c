import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { freePorts } from '../../../infra/labs/free-ports.ts'
import type { Proxy } from '../../../infra/proxy/proxy.ts'
import { startProxy } from '../../../infra/proxy/proxy.ts'
import { type Broker, dial, type End, proxyTo, startBroker, until } from './two-ends.ts'

interface Through {
  readonly broker: Broker
  readonly proxy: Proxy
  readonly client: End
  readonly server: End
}

/** A client whose connection through a proxy has been used once. */
async function through(context: TestContext): Promise<Through> {
  const broker = await startBroker(context)
  const proxy = await proxyTo(context, broker.port)
  const client = await dial(context, proxy.port)
  client.socket.write('hello ')
  const server = await arrived(broker, 0, 'hello ')
  return { broker, proxy, client, server }
}

async function arrived(broker: Broker, index: number, text: string): Promise<End> {
  await until(`${JSON.stringify(text)} at the broker`, () => broker.ends[index]?.received().toString() === text)
  return broker.ends[index] as End
}

describe('a proxy', () => {
  it('passes bytes on in both directions, and counts them', async (context) => {
    const seen: string[] = []
    const broker = await startBroker(context)
    const proxy = await proxyTo(context, broker.port, {
      onBytes: (direction, chunk) => seen.push(`${direction} ${chunk.toString()}`),
    })
    const client = await dial(context, proxy.port)
    client.socket.write('question')
    const server = await arrived(broker, 0, 'question')
    server.socket.write('answer')
    await until('the answer', () => client.received().toString() === 'answer')
    assert.deepEqual(seen, ['toBroker question', 'toClient answer'])
    assert.deepEqual(proxy.bytes, { toBroker: 8, toClient: 6 })
    assert.deepEqual([proxy.accepted, proxy.connections], [1, 1])
  })

  it('lets one side end and the other go on, and is rid of the connection when both have ended', async (context) => {
    const { proxy, client, server } = await through(context)
    client.socket.end('last words')
    await until('the end of the client', () => server.left() === 'end')
    assert.equal(server.received().toString(), 'hello last words')
    server.socket.end('goodbye')
    await until('the end of the broker', () => client.left() === 'end')
    assert.equal(client.received().toString(), 'goodbye')
    await until('no connection', () => proxy.connections === 0)
  })

  it('keeps every byte of a transfer that is greater than all buffers', async (context) => {
    const { client, server } = await through(context)
    const block = Buffer.alloc(16 * 1024 * 1024, 'abcdefg')
    client.socket.write(block)
    await until('all of it', () => server.received().length === block.length + 6)
    assert(server.received().subarray(6).equals(block))
  })

  it('cuts every connection with an orderly end, and takes new ones', async (context) => {
    const { proxy, client, server, broker } = await through(context)
    proxy.cut()
    await until('both ends to know', () => client.left() !== undefined && server.left() !== undefined)
    assert.deepEqual([client.left(), server.left()], ['end', 'end'])
    client.socket.end()
    server.socket.end()
    await until('no connection', () => proxy.connections === 0)
    const next = await dial(context, proxy.port)
    next.socket.write('again')
    await arrived(broker, 1, 'again')
  })

  it('resets every connection, and takes new ones', async (context) => {
    const { proxy, client, server, broker } = await through(context)
    proxy.reset()
    await until('both ends to know', () => client.left() !== undefined && server.left() !== undefined)
    assert.deepEqual([client.left(), server.left()], ['ECONNRESET', 'ECONNRESET'])
    await until('no connection', () => proxy.connections === 0)
    const next = await dial(context, proxy.port)
    next.socket.write('again')
    await arrived(broker, 1, 'again')
  })

  it('passes a reset of the broker on as a reset', async (context) => {
    const { client, server } = await through(context)
    server.socket.resetAndDestroy()
    await until('the client to know', () => client.left() !== undefined)
    assert.equal(client.left(), 'ECONNRESET')
  })

  it('refuses new connections while those that are open stay, and accepts again on the same port', async (context) => {
    const { proxy, client, server, broker } = await through(context)
    await proxy.refuse()
    await assert.rejects(dial(context, proxy.port), { code: 'ECONNREFUSED' })
    client.socket.write('still here')
    await until('the open connection', () => server.received().toString() === 'hello still here')
    await proxy.accept()
    await proxy.accept()
    const next = await dial(context, proxy.port)
    next.socket.write('back')
    await arrived(broker, 1, 'back')
  })

  it('refuses with its target when it is to, and takes connections when that does', async (context) => {
    const [port = 0] = await freePorts(1)
    const proxy = await proxyTo(context, port, { refusesWithTarget: true })
    const first = await dial(context, proxy.port)
    await until('the first to be turned away', () => first.left() === 'ECONNRESET')
    await until('the proxy to refuse', () => !proxy.listening)
    await assert.rejects(dial(context, proxy.port), { code: 'ECONNREFUSED' })
    const server = createServer((socket) => socket.on('error', () => {}).end('hello')).listen(port, '127.0.0.1')
    context.after(() => server.close())
    await until('the proxy to listen', () => proxy.listening)
    const next = await dial(context, proxy.port)
    await until('the broker to be heard', () => next.received().toString() === 'hello')
  })

  it('that was told to refuse does so also when its target listens again, until it is told to accept', async (context) => {
    const [port = 0] = await freePorts(1)
    const proxy = await proxyTo(context, port, { refusesWithTarget: true })
    await dial(context, proxy.port)
    await until('the proxy to refuse', () => !proxy.listening)
    await proxy.refuse()
    let looks = 0
    const server = createServer((socket) => {
      looks++
      socket.on('error', () => {}).resume()
    }).listen(port, '127.0.0.1')
    context.after(() => server.close())
    await until('the proxy to have seen its target', () => looks === 1)
    await assert.rejects(dial(context, proxy.port), { code: 'ECONNREFUSED' })
    await proxy.accept()
    await dial(context, proxy.port)
    assert.equal(proxy.listening, true)
  })

  it('that waits for its target leaves nothing behind when it is closed', async (context) => {
    const [port = 0] = await freePorts(1)
    const proxy = await proxyTo(context, port, { refusesWithTarget: true })
    await dial(context, proxy.port)
    await until('the proxy to refuse', () => !proxy.listening)
    await proxy.close()
    // A watch that went on would keep this process from its end.
    assert.equal(proxy.connections, 0)
  })

  it('says who is in the way when its port was taken while it refused', async (context) => {
    const broker = await startBroker(context)
    const proxy = await proxyTo(context, broker.port)
    await proxy.refuse()
    const squatter = await proxyTo(context, broker.port, { port: proxy.port })
    await assert.rejects(proxy.accept(), { code: 'unsupported', message: /cannot listen on .*EADDRINUSE/ })
    await squatter.close()
    await proxy.accept()
    await dial(context, proxy.port)
  })

  it('keeps mute connections open and tells neither side anything, until it speaks again', async (context) => {
    const { proxy, client, server, broker } = await through(context)
    proxy.mute()
    client.socket.end('unheard')
    server.socket.write('unheard too')
    // A second connection is what shows that time has passed: it is accepted, and nothing is dialled.
    const late = await dial(context, proxy.port)
    late.socket.write('anybody?')
    await until('both connections accepted', () => proxy.accepted === 2)
    assert.equal(server.received().toString(), 'hello ')
    assert.equal(server.left(), undefined)
    assert.equal(client.received().length, 0)
    assert.equal(broker.ends.length, 1)
    assert.deepEqual(proxy.bytes, { toBroker: 6, toClient: 0 })
    proxy.unmute()
    await until('what was said meanwhile', () => server.left() === 'end')
    assert.equal(server.received().toString(), 'hello unheard')
    await until('the answer', () => client.received().toString() === 'unheard too')
    await arrived(broker, 1, 'anybody?')
  })

  it('does not tell a broker while mute that its client was reset', async (context) => {
    const { proxy, client, server } = await through(context)
    proxy.mute()
    client.socket.resetAndDestroy()
    await once(client.socket, 'close')
    await dial(context, proxy.port)
    await until('the next connection', () => proxy.accepted === 2)
    assert.equal(server.left(), undefined)
    proxy.unmute()
    await until('the broker to know', () => server.left() === 'ECONNRESET')
  })

  it('cuts connections that came while it was mute, without ever dialling for them', async (context) => {
    const broker = await startBroker(context)
    const proxy = await proxyTo(context, broker.port)
    proxy.mute()
    const client = await dial(context, proxy.port)
    await until('the connection', () => proxy.connections === 1)
    proxy.cut()
    await until('the client to know', () => client.left() === 'end')
    proxy.unmute()
    client.socket.end()
    await until('no connection', () => proxy.connections === 0)
    assert.equal(broker.ends.length, 0)
  })

  it('holds one direction while the other flows', async (context) => {
    const { proxy, client, server } = await through(context)
    proxy.hold('toClient')
    server.socket.write('confirm')
    client.socket.write('more')
    await until('the open direction', () => server.received().toString() === 'hello more')
    assert.equal(client.received().length, 0)
    proxy.release('toClient')
    await until('the held direction', () => client.received().toString() === 'confirm')
  })

  it('drops what is held when it is cut', async (context) => {
    const { proxy, client, server } = await through(context)
    proxy.hold('toClient')
    server.socket.write('confirm')
    client.socket.write('more')
    await until('the open direction', () => server.received().toString() === 'hello more')
    proxy.cut()
    await until('the client to know', () => client.left() === 'end')
    assert.equal(client.received().length, 0)
  })

  it('keeps the order when a delay ends', async (context) => {
    const { proxy, client, server } = await through(context)
    proxy.delay(150, 'toBroker')
    const sentAt = performance.now()
    client.socket.write('slow ')
    server.socket.write('not slow')
    await until('the other direction', () => client.received().toString() === 'not slow')
    proxy.delay(0, 'toBroker')
    client.socket.write('quick')
    await until('both', () => server.received().toString() === 'hello slow quick')
    // No upper bound is asserted; a timer of Node may fire up to a millisecond early.
    assert(performance.now() - sentAt >= 149)
    assert.throws(() => proxy.delay(-1, 'toBroker'), { code: 'invalid-option' })
  })

  it('passes new connections on to another target, and leaves the open ones', async (context) => {
    const { proxy, client, server } = await through(context)
    const other = await startBroker(context)
    proxy.retarget({ host: '127.0.0.1', port: other.port })
    const next = await dial(context, proxy.port)
    next.socket.write('for the other')
    await arrived(other, 0, 'for the other')
    client.socket.write('for the first')
    await until('the first', () => server.received().toString() === 'hello for the first')
  })

  it('resets a client whose broker refuses', async (context) => {
    const broker = await startBroker(context)
    const away = await proxyTo(context, broker.port)
    await away.refuse()
    const proxy = await proxyTo(context, away.port)
    const client = await dial(context, proxy.port)
    await until('the client to know', () => client.left() !== undefined)
    assert.equal(client.left(), 'ECONNRESET')
    await until('no connection', () => proxy.connections === 0)
  })

  it('leaves no socket, no port and no timer when closed in the middle of everything', async (context) => {
    const broker = await startBroker(context)
    const proxy = await startProxy({ target: { host: '127.0.0.1', port: broker.port } })
    const clients = [await dial(context, proxy.port), await dial(context, proxy.port)]
    await until('both at the broker', () => broker.ends.length === 2)
    proxy.delay(3_000_000, 'toBroker')
    proxy.hold('toClient')
    for (const { socket } of clients) socket.write('never arrives')
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    await Promise.all([proxy.close(), proxy.close()])
    assert.equal(proxy.connections, 0)
    assert.equal(timers(), 0)
    await until('everybody to know', () => [...clients, ...broker.ends].every(({ left }) => left() !== undefined))
    await assert.rejects(dial(context, proxy.port), { code: 'ECONNREFUSED' })
    await assert.rejects(proxy.accept(), { code: 'closed' })
  })

  it('never leaves the machine', async () => {
    for (const host of ['192.0.2.1', 'example.org', '127.0.0.1.example.org']) {
      await assert.rejects(startProxy({ target: { host, port: 61613 } }), { code: 'invalid-option', message: /beyond/ })
    }
    await assert.rejects(startProxy({ target: { host: '127.0.0.1', port: 1 }, host: '0.0.0.0' }), {
      code: 'invalid-option',
    })
    await assert.rejects(startProxy({ target: { host: '127.0.0.1', port: 0 } }), { code: 'invalid-option' })
  })
})
