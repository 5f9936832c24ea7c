import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer as createPlainServer } from 'node:net'
import { join } from 'node:path'
import test from 'node:test'
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import { connect } from '../../../src/connect.ts'
import type { Endpoint } from '../../../src/transport/endpoint.ts'
import type { Link } from '../../../src/transport/link.ts'
import type { TlsSettings } from '../../../src/transport/tls-settings.ts'
import { authority, type Identity } from '../../support/certificates.ts'
import { selfSigned } from '../../support/self-signed.ts'
import { scriptedBroker, StompPeer } from '../../support/stomp-peer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { failure, never, soon } from './dialled.ts'

const { key, certificate } = selfSigned('localhost')

interface TlsBroker extends AsyncDisposable {
  readonly port: number
  readonly accepted: () => number
}

/** A broker behind TLS that accepts every CONNECT, and of clients what `options` say. */
async function tlsBroker(options: TlsOptions = { key, cert: certificate }): Promise<TlsBroker> {
  let accepted = 0
  const sockets = new Set<TLSSocket>()
  const server = createServer(options, (socket) => {
    sockets.add(socket)
    const peer = new StompPeer(socket)
    void peer.acceptConnect().then(
      () => accepted++,
      () => {},
    )
  })
  // A client that refuses the certificate ends the handshake: the server's own view of that is no failure.
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function endpointOf(uri: string): Endpoint {
  const [endpoint] = parseFailoverUri(uri).endpoints
  assert.ok(endpoint)
  return endpoint
}

/** Dials as `connect` does once it has read the TLS settings. */
function dialTls({ port }: TlsBroker, tls: TlsSettings, host = 'localhost'): Promise<Link> {
  return activemqTransport().dial({ ...endpointOf(`stomp+ssl://${host}:${port}?heartbeat=0`), tls }, never)
}

test('a certificate that nobody vouches for is refused for good, and CONNECT is never sent', async () => {
  await using broker = await tlsBroker()
  const endpoint = endpointOf(`stomp+ssl://user:secret@localhost:${broker.port}`)
  const error = await failure(activemqTransport().dial(endpoint, never))
  assert.deepEqual([error.code, error.retriable], ['tls', false])
  assert.equal(broker.accepted(), 0)
})

test('a port that speaks no TLS is told as that, without a word of OpenSSL', async () => {
  const plain = createPlainServer((socket) => {
    socket.on('error', () => {}).resume()
    socket.end('ERROR\nmessage:none of mine\n\n\0')
  })
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  const { port } = plain.address() as AddressInfo
  try {
    const error = await failure(activemqTransport().dial(endpointOf(`stomp+ssl://127.0.0.1:${port}`), never))
    assert.deepEqual([error.code, error.retriable], ['tls', false])
    assert.equal(error.message, `stomp+ssl://127.0.0.1:${port} does not speak TLS on that port`)
  } finally {
    plain.close()
    await once(plain, 'close')
  }
})

test('a certificate that is trusted and names the host is accepted', async () => {
  await using broker = await tlsBroker()
  const link = await soon(dialTls(broker, { ca: certificate }), 'the link')
  assert.equal(broker.accepted(), 1)
  await link.close(AbortSignal.abort())
})

test('a trusted certificate for another name is refused for good', async () => {
  await using broker = await tlsBroker()
  const error = await failure(dialTls(broker, { ca: certificate }, '127.0.0.1'))
  assert.deepEqual([error.code, error.retriable], ['tls', false])
})

test('TLS to a port that speaks plain STOMP is refused for good, and never goes on in the clear', async () => {
  await using broker = await scriptedBroker((peer) => {
    peer.write('ERROR\nmessage:Unknown STOMP action\n\n\0')
  })
  const endpoint = endpointOf(`stomp+ssl://user:hunter2@localhost:${broker.port}`)
  const error = await failure(activemqTransport().dial(endpoint, never))
  assert.deepEqual([error.code, error.retriable], ['tls', false])
})

test('a peer that hangs up during the TLS handshake may only be starting or stopping: retriable', async () => {
  await using broker = await scriptedBroker((peer) => void peer.destroy())
  const error = await failure(activemqTransport().dial(endpointOf(`stomp+ssl://localhost:${broker.port}`), never))
  assert.deepEqual([error.code, error.retriable], ['unreachable', true])
})

test('plain STOMP to a TLS port is a retriable error and no link', async () => {
  await using broker = await tlsBroker()
  const error = await failure(activemqTransport().dial(endpointOf(`stomp://localhost:${broker.port}`), never))
  assert.ok(error.retriable)
  assert.equal(broker.accepted(), 0)
})

const ours = authority('an authority of this test')
const brokerIdentity = ours.issue('broker.example')

/** A broker whose certificate our authority has issued, and that wants one from clients where `mutual` is set. */
function issuedBroker(identity: Identity = brokerIdentity, mutual = false): Promise<TlsBroker> {
  const wanted = mutual ? { requestCert: true, rejectUnauthorized: true, ca: ours.certificate } : {}
  return tlsBroker({ key: identity.key, cert: identity.certificate, ...wanted })
}

test('a certificate of a believed authority for another name than the host is accepted where that name is wanted', async () => {
  await using broker = await issuedBroker()
  const tls = { ca: ours.certificate, serverName: 'broker.example' }
  for (const host of ['localhost', '127.0.0.1']) {
    const link = await soon(dialTls(broker, tls, host), 'the link')
    await link.close(AbortSignal.abort())
  }
  const error = await failure(dialTls(broker, { ...tls, serverName: 'other.example' }))
  assert.deepEqual([error.code, error.retriable], ['tls', false])
  assert.equal(broker.accepted(), 2)
})

test('a certificate of an authority that is not believed is refused for good, for all its right name', async () => {
  await using broker = await issuedBroker(ours.issue('localhost'))
  const error = await failure(dialTls(broker, { ca: authority('another one').certificate }))
  assert.deepEqual([error.code, error.retriable], ['tls', false])
  assert.equal(broker.accepted(), 0)
})

for (const [what, validDays] of [
  ['has expired', [-10, -1]],
  ['is not valid yet', [1, 10]],
] as const) {
  test(`a certificate that ${what} is refused for good`, async () => {
    await using broker = await issuedBroker(ours.issue('localhost', { validDays }))
    const error = await failure(dialTls(broker, { ca: ours.certificate }))
    assert.deepEqual([error.code, error.retriable], ['tls', false])
    assert.equal(broker.accepted(), 0)
  })
}

const client = ours.issue('a client')

test('a broker that asks for a certificate is given it, also where its key is encrypted', async () => {
  await using broker = await issuedBroker(ours.issue('localhost'), true)
  const encrypted = createPrivateKey(client.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'hunter2',
  })
  for (const settings of [{ key: client.key }, { key: Buffer.from(encrypted), passphrase: 'hunter2' }]) {
    const tls = { ca: ours.certificate, cert: client.certificate, ...settings }
    const link = await soon(dialTls(broker, tls), 'the link')
    await link.close(AbortSignal.abort())
  }
  assert.equal(broker.accepted(), 2)
})

test('a broker that asks for a certificate and gets none refuses for good', async () => {
  await using broker = await issuedBroker(ours.issue('localhost'), true)
  const error = await failure(dialTls(broker, { ca: ours.certificate }))
  assert.deepEqual([error.code, error.retriable], ['tls', false])
  assert.equal(broker.accepted(), 0)
})

test('an application names authority, certificate and key as files of the URI, or gives them itself', async (context) => {
  await using broker = await issuedBroker(brokerIdentity, true)
  const folder = temporaryFolder('tls', context)
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return encodeURIComponent(join(folder, name))
  }
  const files = `caFile=${file('ca', ours.certificate)}&certFile=${file('cert', client.certificate)}&keyFile=${file('key', client.key)}`
  const place = `stomp+ssl://localhost:${broker.port}?serverName=broker.example`
  const named = await soon(connect(`${place}&${files}`), 'the connection by files')
  await soon(named.close(), 'the end of close')
  const tls = { ca: ours.certificate, cert: client.certificate, key: client.key }
  const given = await soon(connect(place, { tls }), 'the connection by settings')
  await soon(given.close(), 'the end of close')
  assert.equal(broker.accepted(), 2)
})
