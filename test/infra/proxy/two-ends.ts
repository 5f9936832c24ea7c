import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type Proxy, type ProxyOptions, startProxy } from '../../../infra/proxy/proxy.ts'
import { waitUntil } from '../../../infra/labs/wait-until.ts'

/** A socket of a test, with what it has seen. */
export interface End {
  readonly socket: Socket
  readonly received: () => Buffer
  /** How the other side left: `end` (FIN), or the code of the error. */
  readonly left: () => string | undefined
}

export interface Broker {
  readonly port: number
  /** One for each connection, in the order they came. */
  readonly ends: readonly End[]
}

/** A server that records and says nothing by itself. It ends with the test. */
export async function startBroker(context: TestContext, host = '127.0.0.1'): Promise<Broker> {
  const ends: End[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => void ends.push(watched(socket)))
  server.listen({ port: 0, host })
  await once(server, 'listening')
  context.after(async () => {
    for (const { socket } of ends) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return { port: (server.address() as AddressInfo).port, ends }
}

export async function proxyTo(context: TestContext, port: number, options?: Partial<ProxyOptions>): Promise<Proxy> {
  const proxy = await startProxy({ target: { host: '127.0.0.1', port }, ...options })
  context.after(() => proxy.close())
  return proxy
}

/** @throws the dial's error, such as ECONNREFUSED. */
export async function dial(context: TestContext, port: number): Promise<End> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  context.after(() => socket.destroy())
  const end = watched(socket)
  await once(socket, 'connect')
  return end
}

export async function until(what: string, seen: () => boolean): Promise<void> {
  await waitUntil(() => seen() || undefined, { what, withinMs: 20_000 })
}

function watched(socket: Socket): End {
  const chunks: Buffer[] = []
  let left: string | undefined
  socket.on('data', (chunk) => void chunks.push(chunk))
  socket.on('end', () => (left ??= 'end'))
  socket.on('error', (error: NodeJS.ErrnoException) => (left = error.code ?? error.message))
  return { socket, received: () => Buffer.concat(chunks), left: () => left }
}
