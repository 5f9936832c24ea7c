import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { ProxyTarget } from '../../infra/proxy/proxy.ts'
import type { ContractTls } from '../../src/testing/contract/broker.ts'
import { selfSigned } from '../support/self-signed.ts'

export interface TlsDoor extends ContractTls {
  readonly lead: (target: ProxyTarget) => void
  readonly close: () => Promise<void>
}

/** Ends TLS before a broker that has none, with a certificate for `localhost` that vouches for itself. */
export async function openTlsDoor(scheme: string, first: ProxyTarget): Promise<TlsDoor> {
  let target = first
  const { key, certificate } = selfSigned('localhost')
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer({ key, cert: certificate }, (client) => {
    const broker = connect(target)
    keep(broker)
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.pipe(other)
    }
  })
  // A client that leaves in the middle of the handshake is what some tests are about.
  server.on('tlsClientError', () => {})
  server.on('connection', keep)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `${scheme}://localhost:${(server.address() as AddressInfo).port}`,
    authority: certificate,
    lead: (next) => {
      target = next
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
