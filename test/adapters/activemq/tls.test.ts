import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { createServer, type TLSSocket } from 'node:tls'
import { stompitConnect } from '../../../adapters/activemq/driver.ts'
import { activemqTransport } from '../../../adapters/activemq/transport.ts'
import { parseFailoverUri } from '../../../src/failover/uri.ts'
import type { Endpoint } from '../../../src/transport/endpoint.ts'
import { selfSigned } from '../../support/self-signed.ts'
import { scriptedBroker, StompPeer } from '../../support/stomp-peer.ts'
import { failure, never, soon } from './dialled.ts'

const { key, certificate } = selfSigned('localhost')

interface TlsBroker extends AsyncDisposable {
  readonly port: number
  readonly accepted: () => number
}

/** A broker behind TLS that accepts every CONNECT. */
async function tlsBroker(): Promise<TlsBroker> {
  let accepted = 0
  const sockets = new Set<TLSSocket>()
  const server = createServer({ key, cert: certificate }, (socket) => {
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

test('a certificate that nobody vouches for is refused for good, and CONNECT is never sent', async () => {
  await using broker = await tlsBroker()
  const endpoint = endpointOf(`stomp+ssl://user:secret@localhost:${broker.port}`)
  const error = await failure(activemqTransport().dial(endpoint, never))
  assert.deepEqual([error.code, error.retriable], ['tls', false])
  assert.equal(broker.accepted(), 0)
})

const trusting = activemqTransport((options, callback) => stompitConnect({ ...options, ca: certificate }, callback))

test('a certificate that is trusted and names the host is accepted', async () => {
  await using broker = await tlsBroker()
  const link = await soon(
    trusting.dial(endpointOf(`stomp+ssl://localhost:${broker.port}?heartbeat=0`), never),
    'the link',
  )
  assert.equal(broker.accepted(), 1)
  await link.close(AbortSignal.abort())
})

test('a trusted certificate for another name is refused for good', async () => {
  await using broker = await tlsBroker()
  const error = await failure(trusting.dial(endpointOf(`stomp+ssl://127.0.0.1:${broker.port}`), never))
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
