import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
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
  const highest = lowestEphemeralPort() - 1
  const found = new Set<number>()
  for (let attempt = 0; found.size < count && attempt < 1000; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (highest - LOWEST + 1))
    if (!taken.has(port) && !found.has(port) && (await isFree(port))) found.add(port)
  }
  if (found.size < count) throw new UnderstudyError('unsupported', `no ${count} free ports on 127.0.0.1`)
  return [...found]
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
