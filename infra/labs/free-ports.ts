import { readFileSync } from 'node:fs'
import { type Server, createServer } from 'node:net'
import { UnderstudyError } from '../../src/errors.ts'

const LOWEST = 20_000

/**
 * Free ports on 127.0.0.1, all different and none in `taken`.
 *
 * They lie below the range from which the system picks the ports of outgoing connections. A standby
 * opens its port only when it takes over; until then it is dialled again and again, and a dial to a
 * closed port of that range now and then meets itself: it seems open, and the standby cannot open it.
 *
 * @throws UnderstudyError `unsupported` when there are not enough.
 */
export async function freePorts(count: number, taken: ReadonlySet<number> = new Set()): Promise<number[]> {
  const { ports, release } = await reservePorts(count, taken)
  await release()
  return [...ports]
}

interface ReservedPorts {
  readonly ports: readonly number[]
  /** To be called once whatever was to open them is gone for good. They are released with this process in any case. */
  readonly release: () => Promise<void>
}

/**
 * The same, and no other process of this machine is given them before they are released. Of two labs under two roots
 * neither sees the other's ports, which are open only seconds after they were given out, and are closed again for as
 * long as a broker is down: without a claim the next lab would be given the port that a killed broker needs again. On
 * Linux alone; elsewhere nothing is reserved.
 *
 * @throws UnderstudyError likewise.
 */
export async function reservePorts(count: number, taken: ReadonlySet<number> = new Set()): Promise<ReservedPorts> {
  const highest = lowestEphemeralPort() - 1
  const claims = new Map<number, Server | undefined>()
  const release = async (): Promise<void> => {
    await Promise.all([...claims.values()].map(close))
  }
  for (let attempt = 0; claims.size < count && attempt < 1000; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (highest - LOWEST + 1))
    if (taken.has(port) || claims.has(port)) continue
    const claim = await claimPort(port)
    if (claim === 'claimed') continue
    if (await isFree(port)) claims.set(port, claim)
    else await close(claim)
  }
  if (claims.size < count) {
    await release()
    throw new UnderstudyError('unsupported', `no ${count} free ports on 127.0.0.1`)
  }
  return { ports: [...claims.keys()], release }
}

/**
 * A name that only one process of the machine can have at a time, and which the system takes back when it ends: a
 * socket in Linux' abstract namespace, that nobody ever connects to.
 */
function claimPort(port: number): Promise<Server | 'claimed' | undefined> {
  if (process.platform !== 'linux') return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE' ? 'claimed' : undefined))
    server.listen({ path: `\0understudy-port-${port}`, exclusive: true }, () => resolve(server.unref()))
  })
}

async function close(server: Server | undefined): Promise<void> {
  if (server?.listening) await new Promise((resolve) => server.close(resolve))
}

function lowestEphemeralPort(): number {
  try {
    const low = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim().split(/\s+/)[0])
    // A machine may be set to use nearly all ports; then there is nothing to keep clear of.
    return low > LOWEST + 1000 ? low : 32_768
  } catch {
    return 32_768
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
