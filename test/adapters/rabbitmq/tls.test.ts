import assert from 'node:assert/strict'
import test from 'node:test'
import { createServer, type TlsOptions } from 'node:tls'
import { rabbitmqTransport } from '../../../adapters/rabbitmq/transport.ts'
import { dial } from '../../../src/failover/dial.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import type { Endpoint } from '../../../src/transport/endpoint.ts'
import type { Link } from '../../../src/transport/link.ts'
import type { TlsSettings } from '../../../src/transport/tls-settings.ts'
import { method, short, shortString } from '../../support/amqp-frames.ts'
import { type AmqpPeer, type ScriptedAmqpBroker, scriptedAmqpBroker } from '../../support/amqp-peer.ts'
import { message } from '../../support/client-parts.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { selfSigned } from '../../support/self-signed.ts'
import { failure, lossOf, never, soon, until } from '../activemq/dialled.ts'

const broker = selfSigned('localhost')
const client = selfSigned('client')

/** A broker behind TLS that accepts every login, and answers questions. */
function tlsBroker(
  script: (peer: AmqpPeer) => Promise<void> | void = () => {},
  options: TlsOptions = {},
): Promise<ScriptedAmqpBroker> {
  const server = createServer({ key: broker.key, cert: broker.certificate, ...options })
  // A client that refuses the certificate ends the handshake: the server's own view of that is no failure.
  server.on('tlsClientError', () => {})
  return scriptedAmqpBroker(async (peer) => {
    await peer.acceptConnection()
    peer.answerQuestions()
    await script(peer)
  }, server)
}

function endpointOf(uri: string, tls?: TlsSettings): Endpoint {
  const [endpoint] = parseFailoverUri(uri).endpoints
  assert.ok(endpoint)
  return { ...endpoint, tls }
}

const dialTls = (uri: string, tls?: TlsSettings): Promise<Link> => rabbitmqTransport().dial(endpointOf(uri, tls), never)

test('a certificate that is trusted and names the host is accepted, and messages go through', async () => {
  await using on = await tlsBroker(async (peer) => peer.ack((await peer.nextPublish()).channel, 1))
  const link = await soon(dialTls(`amqps://localhost:${on.port}?heartbeat=0`, { ca: broker.certificate }), 'the link')
  await soon(link.send(message('job-1', Buffer.alloc(300_000)), 1), 'the confirm')
  await soon(link.close(never), 'the end of close')
})

test('a certificate is checked against the name that the settings say', async () => {
  await using on = await tlsBroker()
  const tls = { ca: broker.certificate, serverName: 'localhost' }
  const link = await soon(dialTls(`amqps://127.0.0.1:${on.port}?heartbeat=0`, tls), 'the link')
  await link.close(AbortSignal.abort())
})

for (const [what, host, ca] of [
  ['that nobody vouches for', 'localhost', undefined],
  ['that is trusted and for another name', '127.0.0.1', broker.certificate],
] as const) {
  test(`a certificate ${what} is refused for good, and no login is sent`, async () => {
    await using on = await tlsBroker()
    const error = await failure(dialTls(`amqps://user:hunter2@${host}:${on.port}`, ca ? { ca } : undefined))
    assert.deepEqual([error.code, error.retriable], ['tls', false])
    assert.deepEqual(
      on.peers.flatMap(({ methods }) => methods),
      [],
    )
  })
}

test('a client certificate without a user name logs in as itself', async () => {
  const logins: string[] = []
  const server = createServer({
    key: broker.key,
    cert: broker.certificate,
    ca: client.certificate,
    requestCert: true,
    rejectUnauthorized: true,
  })
  server.on('tlsClientError', () => {})
  await using on = await scriptedAmqpBroker(async (peer) => {
    logins.push((await peer.start()).payload.toString('latin1'))
    peer.write(method(0, 'connection.tune', Buffer.alloc(8)))
    await peer.next('connection.open')
    peer.write(method(0, 'connection.open-ok', shortString('')))
  }, server)
  const tls = { ca: broker.certificate, cert: client.certificate, key: client.key }
  for (const credentials of ['', 'user:word@']) {
    const link = await soon(dialTls(`amqps://${credentials}localhost:${on.port}?heartbeat=0`, tls), 'the link')
    await link.close(AbortSignal.abort())
  }
  assert.match(logins[0] ?? '', /\x08EXTERNAL/)
  assert.match(logins[1] ?? '', /\x05PLAIN.*\0user\0word/s)
})

test('TLS to a port that speaks plain AMQP is refused for good, and never goes on in the clear', async () => {
  await using on = await scriptedAmqpBroker((peer) => peer.write('AMQP\x00\x00\x09\x01'))
  const error = await failure(dialTls(`amqps://user:hunter2@localhost:${on.port}`))
  assert.deepEqual([error.code, error.retriable], ['tls', false])
  assert.equal(error.message, `amqps://localhost:${on.port} does not speak TLS on that port`)
})

test('a peer that hangs up during the TLS handshake may only be starting or stopping: retriable', async () => {
  await using on = await scriptedAmqpBroker((peer) => void peer.destroy())
  const error = await failure(dialTls(`amqps://localhost:${on.port}`))
  assert.deepEqual([error.code, error.retriable], ['unreachable', true])
})

test('plain AMQP to a TLS port is a retriable error and no link', async () => {
  await using on = await tlsBroker()
  const error = await failure(rabbitmqTransport().dial(endpointOf(`amqp://localhost:${on.port}`), never))
  assert.ok(error.retriable)
})

test('a peer that is mute from the TLS handshake on is a handshake timeout, and its connection is closed', async () => {
  await using on = await scriptedAmqpBroker(() => {})
  const clock = new FakeClock()
  const endpoint = endpointOf(`amqps://localhost:${on.port}?connectTimeout=2500`)
  const dialling = failure(dial(rabbitmqTransport(), endpoint, clock, never))
  await until(() => (on.peers[0]?.socket.bytesRead ?? 0) > 0, 'the first bytes')
  await clock.advance(2500)
  const error = await dialling
  assert.deepEqual([error.code, error.retriable], ['handshake-timeout', true])
  await soon(on.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
})

for (const [text, known, retriable] of [
  ['NOT_ALLOWED - vhost nope not found', 'invalid-uri', false],
  ["NOT_ALLOWED - access to vhost 'nope' refused for user 'guest'", 'authentication', false],
  ["NOT_ALLOWED - access to vhost 'nope' refused for user 'guest': vhost 'nope' is down", 'unreachable', true],
] as const) {
  test(`a virtual host refused over TLS as ${JSON.stringify(text)} is ${known}, as without`, async () => {
    await using on = await scriptedAmqpBroker(
      async (peer) => {
        await peer.tune()
        peer.closeConnection(530, text)
      },
      createServer({ key: broker.key, cert: broker.certificate }),
    )
    const error = await failure(dialTls(`amqps://localhost:${on.port}/nope`, { ca: broker.certificate }))
    assert.deepEqual([error.code, error.retriable], [known, retriable])
  })
}

for (const [what, bytes, known] of [
  ['noise', Buffer.from('\xff'.repeat(64), 'latin1'), 'protocol'],
  ['a frame on a channel that nobody opened', method(9, 'basic.ack'), 'protocol'],
  [
    'a forced close',
    method(0, 'connection.close', short(320), shortString('CONNECTION_FORCED'), short(0), short(0)),
    'link-lost',
  ],
] as const) {
  test(`${what} right behind the handshake over TLS, in the same packet, is a lost link and no crash`, async () => {
    await using on = await scriptedAmqpBroker(
      async (peer) => {
        await peer.tune()
        peer.write(method(0, 'connection.open-ok', shortString('')), bytes)
      },
      createServer({ key: broker.key, cert: broker.certificate }),
    )
    const uri = `amqps://localhost:${on.port}?heartbeat=0`
    const link = await soon(dialTls(uri, { ca: broker.certificate }), 'the link')
    assert.equal((await lossOf(link)).code, known)
    await soon(on.peers[0]?.closed ?? Promise.resolve(), 'the end of the connection')
  })
}

test('a link over TLS that is cut is lost', async () => {
  await using on = await tlsBroker()
  const link = await soon(dialTls(`amqps://localhost:${on.port}?heartbeat=0`, { ca: broker.certificate }), 'the link')
  await on.peers[0]?.destroy()
  const error = await lossOf(link)
  assert.deepEqual([error.code, error.retriable], ['link-lost', true])
})
