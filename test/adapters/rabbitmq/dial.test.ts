import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import test from 'node:test'
import { inspect } from 'node:util'
import { rabbitmqTransport } from '../../../adapters/rabbitmq/transport.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { dial } from '../../../src/failover/dial.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import { body, frame, header, long, longString, method, octet, short, shortString } from '../../support/amqp-frames.ts'
import { type AmqpPeer, scriptedAmqpBroker } from '../../support/amqp-peer.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { failure, lossOf, never, soon, until } from '../activemq/dialled.ts'
import { dialAt, endpointAt } from './dialled.ts'

/** A port on which nobody listens: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}

/** The dial that fails against a broker with this script. */
async function refusedBy(script: (peer: AmqpPeer) => Promise<void> | void, credentials = ''): Promise<UnderstudyError> {
  await using broker = await scriptedAmqpBroker(script)
  const endpoint = endpointAt(broker.port, 'heartbeat=0', credentials)
  const error = await failure(rabbitmqTransport().dial(endpoint, never))
  await Promise.all(broker.peers.map(({ closed }) => soon(closed, 'the end of the connection')))
  return error
}

test('it says who it is, asks for the virtual host and the heart-beat, and links on open-ok', async () => {
  const seen: string[] = []
  await using broker = await scriptedAmqpBroker(async (peer) => {
    seen.push((await peer.start()).payload.toString('latin1'))
    peer.write(method(0, 'connection.tune', short(0), long(0), short(60)))
    seen.push((await peer.next('connection.tune-ok')).payload.toString('hex'))
    seen.push((await peer.next('connection.open')).payload.toString('latin1'))
    peer.write(method(0, 'connection.open-ok', shortString('')))
  })
  const endpoint = endpointAt(broker.port, 'heartbeat=6500', 'us%3Aer:p%40ss@', '/jobs%2Feu')
  const link = await soon(rabbitmqTransport().dial(endpoint, never), 'the link')
  const [start, tuneOk, open] = seen
  assert.match(start ?? '', /PLAIN.*\0us:er\0p@ss/s)
  assert.match(start ?? '', /understudy-mq.*connection\.blocked/s)
  // No limit of channels, frames of 128 KiB, 7 s.
  assert.equal(tuneOk, '0000000200000007')
  assert.match(open ?? '', /^\x07jobs\/eu/)
  assert.equal(link.endpoint, `amqp://127.0.0.1:${broker.port}`)
  await link.close(AbortSignal.abort())
})

test('without a path it asks for /, without a user it is guest', async () => {
  const seen: string[] = []
  await using broker = await scriptedAmqpBroker(async (peer) => {
    seen.push((await peer.start()).payload.toString('latin1'))
    peer.write(method(0, 'connection.tune', short(0), long(0), short(0)))
    seen.push((await peer.next('connection.open')).payload.toString('latin1'))
    peer.write(method(0, 'connection.open-ok', shortString('')))
  })
  const link = await dialAt(broker.port)
  assert.match(seen[0] ?? '', /\0guest\0guest/)
  assert.match(seen[1] ?? '', /^\x01\//)
  await link.close(AbortSignal.abort())
})

test('nobody listening is refused, retriable', async () => {
  const error = await failure(dialAt(await closedPort()))
  assert.deepEqual([error.code, error.retriable], ['refused', true])
  assert.match(error.message, /^amqp:\/\/127\.0\.0\.1:\d+ refused the connection$/)
})

test('a host that does not exist is an unknown host, retriable', async () => {
  const [endpoint] = parseFailoverUri('amqp://user:hunter2@no-such-host.invalid:1').endpoints
  assert.ok(endpoint)
  const error = await failure(rabbitmqTransport().dial(endpoint, never))
  assert.deepEqual([error.code, error.retriable], ['unknown-host', true])
  assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/)
})

for (const [what, script] of [
  ['stays mute', () => {}],
  ['begins its answer and never ends it', (peer: AmqpPeer) => peer.write(Buffer.from([1, 0, 0, 0]))],
  ['answers once and stays mute then', async (peer: AmqpPeer) => void (await peer.start())],
  ['sends a heart-beat and nothing else', (peer: AmqpPeer) => peer.write(frame(8, 0, Buffer.alloc(0)))],
] as [string, (peer: AmqpPeer) => Promise<void> | void][]) {
  test(`a peer that accepts and ${what} is a retriable error at the deadline, and its connection is closed`, async () => {
    await using broker = await scriptedAmqpBroker(script)
    const clock = new FakeClock()
    const dialling = failure(dial(rabbitmqTransport(), endpointAt(broker.port, 'connectTimeout=2500'), clock, never))
    await until(() => (broker.peers[0]?.socket.bytesRead ?? 0) > 0, 'the protocol header')
    await clock.advance(2500)
    const error = await dialling
    assert.ok(['handshake-timeout', 'protocol'].includes(error.code), error.code)
    assert.equal(error.retriable, true)
    await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
    assert.equal(clock.pending, 0)
  })
}

test('bytes that drip one by one through the whole handshake make a link all the same', async () => {
  const drip = async (peer: AmqpPeer, bytes: Buffer): Promise<void> => {
    for (const byte of bytes) {
      await new Promise((resolve) => peer.socket.write(Buffer.from([byte]), resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await using broker = await scriptedAmqpBroker(async (peer) => {
    await until(() => peer.socket.bytesRead >= 8, 'the protocol header')
    const start = [octet(0), octet(9), long(0), longString('PLAIN'), longString('en_US')]
    await drip(peer, method(0, 'connection.start', ...start))
    await peer.next('connection.start-ok')
    await drip(peer, method(0, 'connection.tune', short(0), long(0), short(0)))
    await peer.next('connection.open')
    await drip(peer, method(0, 'connection.open-ok', shortString('')))
  })
  const link = await dialAt(broker.port)
  await link.close(AbortSignal.abort())
})

test('abort ends a dial at once and closes its socket', async () => {
  await using broker = await scriptedAmqpBroker(() => {})
  const caller = new AbortController()
  const dialling = failure(rabbitmqTransport().dial(endpointAt(broker.port), caller.signal))
  await until(() => broker.peers.length === 1, 'the connection')
  caller.abort(new UnderstudyError('closed', 'enough', { retriable: true }))
  assert.ok(['closed', 'handshake-timeout'].includes((await dialling).code))
  await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
})

test('a signal that has fired already opens no connection', async () => {
  await using broker = await scriptedAmqpBroker(() => {})
  const error = await failure(rabbitmqTransport().dial(endpointAt(broker.port), AbortSignal.abort()))
  assert.equal(error.code, 'aborted')
  assert.equal(broker.peers.length, 0)
})

for (const [code, text, known, retriable] of [
  [403, 'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN', 'authentication', false],
  [320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", 'link-lost', true],
  [541, 'INTERNAL_ERROR', 'link-lost', true],
] as const) {
  test(`a login answered by ${code} is ${known}, ${retriable ? '' : 'not '}retriable`, async () => {
    const error = await refusedBy(async (peer) => {
      await peer.start()
      peer.closeConnection(code, text)
    })
    assert.deepEqual([error.code, error.retriable], [known, retriable])
  })
}

for (const [text, known, retriable] of [
  ['NOT_ALLOWED - vhost nope not found', 'invalid-uri', false],
  ["NOT_ALLOWED - access to vhost 'nope' refused for user 'guest'", 'authentication', false],
  ["NOT_ALLOWED - access to vhost 'nope' refused for user 'guest': vhost 'nope' is down", 'unreachable', true],
  [
    "NOT_ALLOWED - access to vhost 'nope' refused for user 'guest': connection limit (5) is reached",
    'unreachable',
    true,
  ],
] as const) {
  test(`a virtual host refused as ${JSON.stringify(text)} is ${known}, ${retriable ? '' : 'not '}retriable`, async () => {
    const error = await refusedBy(async (peer) => {
      await peer.tune()
      peer.closeConnection(530, text)
    })
    assert.deepEqual([error.code, error.retriable], [known, retriable])
  })
}

test('a broker without a mechanism of ours is not tried again', async () => {
  const error = await refusedBy(async (peer) => void (await peer.start({ mechanisms: 'GSSAPI' })))
  assert.deepEqual([error.code, error.retriable], ['authentication', false])
})

test('a broker that repeats the password, or fails in any way, never brings it into our error', async () => {
  const scripts: ((peer: AmqpPeer) => Promise<void> | void)[] = [
    async (peer) => {
      await peer.start()
      peer.closeConnection(501, 'no such hunter2')
    },
    async (peer) => {
      await peer.tune()
      peer.closeConnection(530, 'NOT_ALLOWED - hunter2 not found')
    },
    (peer) => peer.write('hunter2 hunter2 hunter2 hunter2'),
  ]
  for (const script of scripts) {
    const error = await refusedBy(script, 'user:hunter2@')
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter2/)
  }
})

for (const [what, bytes] of [
  ['an HTTP server', 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>'],
  ['another version of AMQP', 'AMQP\x00\x01\x00\x00'],
  ['binary noise', Buffer.from([0xff, 0, 1, 0, 0, 0, 2, 1, 1, 0xce])],
  ['a frame of 4 GiB', Buffer.concat([octet(1), short(0), long(2 ** 32 - 1), Buffer.alloc(100_000)])],
  ['a method of an unknown number', frame(1, 0, Buffer.concat([short(99), short(99)]))],
  ['a frame without its end', Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 10, 0])],
  ['a method cut short', frame(1, 0, Buffer.concat([short(10), short(10), octet(0)]))],
  ['an empty frame', frame(1, 0, Buffer.alloc(0))],
  ['a body before its head', body(0, Buffer.from('x'))],
  ['a head without a message', header(0, 5)],
  ['a method on another channel', method(7, 'channel.open-ok', long(0))],
  ['tables in tables in tables', deepTable(20_000)],
] as const) {
  test(`${what} in place of a broker is a retriable error, never a crash`, async () => {
    const error = await refusedBy((peer) => {
      peer.write(bytes)
      peer.socket.end()
    })
    assert.equal(error.retriable, true)
    assert.ok(['protocol', 'unreachable'].includes(error.code), error.code)
  })
}

/** A `connection.start` whose server properties nest. */
function deepTable(depth: number): Buffer {
  const parts: Buffer[] = []
  for (let level = 1; level < depth; level++) parts.push(octet(0), Buffer.from('F'), long((depth - level - 1) * 6))
  const table = Buffer.concat(parts)
  return method(0, 'connection.start', octet(0), octet(9), long(table.length), table)
}

test('frames right behind the handshake, in the same packet, reach the link', async () => {
  await using broker = await scriptedAmqpBroker(async (peer) => {
    await peer.tune()
    peer.write(
      method(0, 'connection.open-ok', shortString('')),
      method(0, 'connection.close', short(320), shortString('CONNECTION_FORCED - bye'), short(0), short(0)),
    )
  })
  const link = await dialAt(broker.port)
  assert.equal((await lossOf(link)).code, 'link-lost')
})

test('noise right behind the handshake, in the same packet, is a lost link and no crash', async () => {
  for (const noise of [Buffer.from('\xff'.repeat(64), 'latin1'), method(9, 'basic.ack'), body(3, Buffer.from('x'))]) {
    await using broker = await scriptedAmqpBroker(async (peer) => {
      await peer.tune()
      peer.write(method(0, 'connection.open-ok', shortString('')), noise)
    })
    const link = await dialAt(broker.port)
    assert.equal((await lossOf(link)).code, 'protocol')
    await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
  }
})

test('a peer that hangs up during the handshake may only be starting or stopping: retriable', async () => {
  const error = await refusedBy((peer) => void peer.destroy())
  assert.deepEqual([error.code, error.retriable], ['unreachable', true])
})

for (const [query, path, names] of [
  ['queueType=mirrored', '', /queueType.*classic or quorum/],
  ['mandatory=no', '', /mandatory.*true or false/],
  ['maxMessageBytes=0', '', /maxMessageBytes/],
  ['maxMessageBytes=many', '', /maxMessageBytes/],
  ['', `/${'v'.repeat(256)}`, /virtual host/],
] as const) {
  test(`${query || 'a path of 256 bytes'} is refused before anything is dialled`, () => {
    assert.throws(() => rabbitmqTransport().validate(endpointAt(1, query || 'heartbeat=0', '', path)), names)
  })
}
