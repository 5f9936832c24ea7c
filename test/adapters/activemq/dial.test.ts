import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import test from 'node:test'
import { inspect } from 'node:util'
import { classify } from '../../../adapters/activemq/errors.ts'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import { dial } from '../../../src/failover/dial.ts'
import { UnderstudyError } from '../../../src/errors.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import type { Endpoint } from '../../../src/transport/endpoint.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { scriptedBroker } from '../../support/stomp-peer.ts'
import { dialAt, endpointAt, failure, lossOf, never, soon, until } from './dialled.ts'

/** A port on which nobody listens: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  server.close()
  await once(server, 'close')
  return port
}

test('it speaks CONNECT 1.2 with credentials, virtual host and heart-beat, and links on CONNECTED', async () => {
  await using broker = await scriptedBroker(async (peer) => void (await peer.acceptConnect()))
  const endpoint = endpointAt(broker.port, 'vhost=/jobs&heartbeat=7000', 'us%3Aer:p%40ss:word@')
  const link = await activemqTransport().dial(endpoint, never)
  assert.equal(link.endpoint, `stomp://127.0.0.1:${broker.port}`)
  const [peer] = broker.peers
  assert.ok(peer)
  await link.close(AbortSignal.abort())
})

test('the CONNECT frame holds what the endpoint says', async () => {
  const seen: Record<string, string>[] = []
  await using broker = await scriptedBroker(async (peer) => {
    seen.push({ ...(await peer.acceptConnect()).headers })
  })
  const credentials = 'user:p%40ss:word%5c@'
  const link = await activemqTransport().dial(endpointAt(broker.port, 'vhost=jobs&heartbeat=7000', credentials), never)
  const plain = await dialAt(broker.port)
  assert.deepEqual(seen, [
    {
      'accept-version': '1.2',
      host: 'jobs',
      'heart-beat': '7000,7000',
      login: 'user',
      passcode: 'p@ss:word\\',
    },
    { 'accept-version': '1.2', host: '127.0.0.1', 'heart-beat': '0,0' },
  ])
  await Promise.all([link, plain].map((one) => one.close(AbortSignal.abort())))
})

test('nobody listening is refused, retriable', async () => {
  const error = await failure(dialAt(await closedPort()))
  assert.deepEqual([error.code, error.retriable], ['refused', true])
  assert.match(error.message, /^stomp:\/\/127\.0\.0\.1:\d+ refused the connection$/)
})

test('a host that does not exist is an unknown host, retriable', async () => {
  const [endpoint] = parseFailoverUri('stomp://user:hunter2@no-such-host.invalid:1').endpoints
  assert.ok(endpoint)
  const error = await failure(activemqTransport().dial(endpoint, never))
  assert.deepEqual([error.code, error.retriable], ['unknown-host', true])
  assert.doesNotMatch(inspect(error, { depth: 9 }), /hunter2/)
})

test('a peer that accepts and stays mute is a handshake timeout, at the deadline and not later', async () => {
  await using broker = await scriptedBroker(() => {})
  const clock = new FakeClock()
  const dialling = failure(dial(activemqTransport(), endpointAt(broker.port, 'connectTimeout=2500'), clock, never))
  const [peer] = await soon(
    until(() => broker.peers.length === 1, 'the connection').then(() => broker.peers),
    'the connection',
  )
  assert.ok(peer)
  await peer.next('CONNECT')
  await clock.advance(2499)
  assert.ok(!peer.isClosed)
  await clock.advance(1)
  const error = await dialling
  assert.deepEqual([error.code, error.retriable], ['handshake-timeout', true])
  assert.match(error.message, /accepted the connection and answered nothing within 2500 ms/)
  await soon(peer.closed, 'the end of the connection')
  assert.equal(clock.pending, 0)
})

test('a peer that begins its answer and never ends it is a handshake timeout, too', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.next('CONNECT')
    peer.write('CONNECTED\nversion:1.2\nheart')
  })
  const clock = new FakeClock()
  const dialling = failure(dial(activemqTransport(), endpointAt(broker.port), clock, never))
  await until(() => broker.peers.length === 1 && (broker.peers[0]?.bytesRead ?? 0) > 0, 'CONNECT')
  await clock.advance(3000)
  assert.equal((await dialling).code, 'handshake-timeout')
})

test('abort ends a dial at once and closes its socket', async () => {
  await using broker = await scriptedBroker(() => {})
  const caller = new AbortController()
  const dialling = failure(activemqTransport().dial(endpointAt(broker.port), caller.signal))
  await until(() => broker.peers.length === 1, 'the connection')
  caller.abort(new UnderstudyError('closed', 'enough', { retriable: true }))
  const error = await dialling
  assert.ok(error.code === 'closed' || error.code === 'handshake-timeout')
  await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
})

test('a signal that has fired already leaves no connection', async () => {
  await using broker = await scriptedBroker(() => {})
  const error = await failure(activemqTransport().dial(endpointAt(broker.port), AbortSignal.abort()))
  assert.equal(error.code, 'aborted')
  await Promise.all(broker.peers.map(({ closed }) => soon(closed, 'the end of the connection')))
})

for (const [message, code, retriable] of [
  ['User name [guest] or password is invalid.', 'authentication', false],
  ['Authentication failed', 'authentication', false],
  ['User guest is not authorized to create: topic://ActiveMQ.Advisory', 'authentication', false],
  ['Broker: b1 - Client: c1 already connected from tcp://127.0.0.1:5', 'link-lost', true],
  ['Broker b1 is being stopped', 'link-lost', true],
  ['Supported protocol versions are 1.0', 'protocol', true],
] as const) {
  test(`CONNECT answered by ERROR ${JSON.stringify(message)} is ${code}, ${retriable ? '' : 'not '}retriable`, async () => {
    await using broker = await scriptedBroker(async (peer) => {
      await peer.next('CONNECT')
      peer.send({ command: 'ERROR', headers: { message, 'content-type': 'text/plain' }, body: 'at org.apache…\n' })
    })
    const error = await failure(dialAt(broker.port))
    assert.deepEqual([error.code, error.retriable], [code, retriable])
  })
}

test('a broker that repeats the password in its ERROR, or fails in any way, never brings it into our error', async () => {
  const answers = [
    'ERROR\nmessage:no such passcode hunter2\n\n\0',
    'ERROR\nmessage:hunter2 password is invalid\n\n\0',
    'hunter2\n\n\0',
    '\0\0hunter2\n\n\0',
  ]
  for (const answer of answers) {
    await using broker = await scriptedBroker(async (peer) => {
      await peer.next('CONNECT')
      peer.write(answer)
    })
    const endpoint = endpointAt(broker.port, 'heartbeat=0', 'user:hunter2@')
    const error = await failure(activemqTransport().dial(endpoint, never))
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter2/)
  }
  const error = await failure(
    activemqTransport().dial(endpointAt(await closedPort(), 'heartbeat=0', 'user:hunter2@'), never),
  )
  assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter2/)
})

for (const [what, headers] of [
  ['an older version', { version: '1.1' }],
  ['no version at all, as STOMP 1.0 does', {}],
] as const) {
  test(`CONNECTED with ${what} is refused: its headers have no escapes`, async () => {
    await using broker = await scriptedBroker(async (peer) => {
      await peer.next('CONNECT')
      peer.send({ command: 'CONNECTED', headers })
    })
    const error = await failure(dialAt(broker.port))
    assert.deepEqual([error.code, error.retriable], ['unsupported', false])
    assert.match(error.message, /does not speak STOMP 1\.2/)
    await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
  })
}

test('TCP looks after a broker that grants no heart-beat, and a time-out of its is a lost heart-beat', async (context) => {
  const asked = context.mock.method(Socket.prototype, 'setKeepAlive')
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect({ 'heart-beat': '0,0' })
  })
  const ours = (): unknown[] => asked.mock.calls.map((call) => call.arguments).filter(([, delayMs]) => delayMs === 7000)
  const link = await dialAt(broker.port, 'heartbeat=7000')
  assert.deepEqual(ours(), [[true, 7000]])
  const never = await dialAt(broker.port, 'heartbeat=0')
  assert.equal(ours().length, 1)
  await Promise.all([link, never].map((one) => one.close(AbortSignal.abort())))
  const lost = classify(Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' }), 'established', {
    address: 'stomp://a:1',
    secret: undefined,
  })
  assert.deepEqual([lost.code, lost.retriable], ['heartbeat-lost', true])
})

test('heart-beats that no timer can keep are refused', async () => {
  for (const beat of ['99999999999,0', '0,99999999999', 'x,0']) {
    await using broker = await scriptedBroker(async (peer) => {
      await peer.next('CONNECT')
      peer.send({ command: 'CONNECTED', headers: { version: '1.2', 'heart-beat': beat } })
    })
    const error = await failure(dialAt(broker.port))
    assert.deepEqual([error.code, error.retriable], ['protocol', true])
  }
})

for (const [what, bytes] of [
  ['an HTTP server', 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>'],
  ['an SSH server', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n'],
  ['binary noise', Buffer.from([0xff, 0x00, 0x01, 0x0a, 0x0a, 0x00, 0xfe])],
  ['a frame of an unknown kind', 'HELLO\n\n\0'],
  ['CONNECTED with a body', 'CONNECTED\nversion:1.2\n\nbody\0'],
  ['CONNECTED with a body and more', 'CONNECTED\nversion:1.2\n\nbody\0MESSAGE\nhasOwnProperty:x\nm:y\n\n\0'],
  ['a command that every object knows', '__proto__\n\n\0'],
  ['a line without an end', 'x'.repeat(70_000)],
] as const) {
  test(`${what} in place of a broker is a retriable error, never a crash`, async () => {
    await using broker = await scriptedBroker(async (peer) => {
      await peer.next('CONNECT')
      peer.write(bytes)
      peer.socket.end()
    })
    const error = await failure(dialAt(broker.port))
    assert.ok(error.retriable)
    assert.ok(error.code === 'protocol' || error.code === 'unreachable', error.code)
    await soon(broker.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
  })
}

for (const [phase, script] of [
  ['as soon as it has accepted', 'at once'],
  ['after CONNECT', 'after CONNECT'],
  ['in the middle of CONNECTED', 'half'],
] as const) {
  for (const how of ['resets', 'ends'] as const) {
    test(`a peer that ${how} ${phase} is unreachable, retriable`, async () => {
      await using broker = await scriptedBroker(async (peer) => {
        if (script !== 'at once') await peer.next('CONNECT')
        if (script === 'half') {
          await new Promise((resolve) => peer.socket.write('CONNECTED\nversion:1.2\n', resolve))
        }
        if (how === 'ends') peer.socket.end()
        else await peer.destroy()
      })
      const error = await failure(dialAt(broker.port))
      assert.ok(error.retriable)
      assert.ok(error.code === 'unreachable' || error.code === 'protocol', error.code)
    })
  }
}

test('a peer that resets right after CONNECTED is a lost link', async () => {
  await using broker = await scriptedBroker(async (peer) => {
    await peer.acceptConnect()
    peer.socket.end()
  })
  const link = await dialAt(broker.port)
  const error = await lossOf(link)
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
})

for (const [query, why] of [
  ['maxFrameBytes=0', /maxFrameBytes of stomp:\/\/127\.0\.0\.1:1 must be a whole number/],
  ['maxFrameBytes=1k', /maxFrameBytes/],
  ['maxFrameBytes=-1', /maxFrameBytes/],
] as const) {
  test(`${query} is refused before anything is dialled`, () => {
    assert.throws(
      () => activemqTransport().validate(endpointAt(1, query)),
      (error) => {
        return error instanceof UnderstudyError && error.code === 'invalid-option' && why.test(error.message)
      },
    )
  })
}

test('a path is refused before anything is dialled, since STOMP gives it no meaning', () => {
  const [endpoint] = parseFailoverUri('stomp://user:secret@h:1/vhost').endpoints as [Endpoint]
  assert.throws(() => activemqTransport().validate(endpoint), {
    code: 'invalid-uri',
    message: 'stomp://h:1 has a path, which STOMP gives no meaning',
  })
})
