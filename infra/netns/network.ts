import { readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { ip, ipLists } from './ip-command.ts'
import { freeRange } from './address-range.ts'

/** The network of a lab: one namespace for each host, joined by a bridge that this machine is on too. */
export interface LabNetwork {
  /** This machine's own address on the bridge. */
  readonly own: string
  /** The hosts' addresses, by the names of what runs there. */
  readonly hosts: Readonly<Record<string, string>>
}

const NAMESPACES = '/run/netns'
const INTERFACES = '/sys/class/net'
const OWN = 254
const BRIDGE_ADDRESS = '02:00:00:00:00:fe'

/** The namespace of a host of that lab. */
export function namespaceOf(id: string, host: string): string {
  return `${id}-${host}`
}

/** The bridge of that lab. The kernel allows names of 15 characters, and the id ends in the part that is unique. */
export function bridgeOf(id: string): string {
  return `us${id.slice(-8)}`
}

/**
 * Makes a lab's network, out of addresses that no route of this machine leads to. It has no way out.
 *
 * @throws UnderstudyError `unsupported` when it cannot be made; what was made of it is left to {@link removeNetwork}.
 */
export async function createNetwork(id: string, hosts: readonly string[]): Promise<LabNetwork> {
  const listed = await ipLists(['route', 'show', 'table', 'all'])
  const routes = listed.flatMap(({ dst }) => (typeof dst === 'string' ? [dst] : []))
  const range = freeRange(routes, Number.parseInt(id.slice(-2), 16) || 0)
  const own = `${range}.${OWN}`
  const bridge = bridgeOf(id)
  const addresses = hosts.map((host, index) => ({ host, address: `${range}.${index + 1}`, outer: bridge + index }))
  await ip([
    `link add ${bridge} type bridge`,
    // A bridge without an address of its own takes one of its ports', and changes it when a port goes.
    `link set ${bridge} address ${BRIDGE_ADDRESS}`,
    `addr add ${own}/24 dev ${bridge}`,
    `link set ${bridge} up`,
    ...addresses.flatMap(({ host, outer }) => [
      `netns add ${namespaceOf(id, host)}`,
      `link add ${outer} type veth peer name ${INNER} netns ${namespaceOf(id, host)}`,
      `link set ${outer} master ${bridge}`,
      `link set ${outer} up`,
    ]),
  ])
  for (const { host, address } of addresses) {
    const inside = ['link set lo up', `addr add ${address}/24 dev ${INNER}`, `link set ${INNER} up`]
    await ip(inside, namespaceOf(id, host))
  }
  return { own, hosts: Object.fromEntries(addresses.map(({ host, address }) => [host, address])) }
}

/** Whether that address is on the network of a lab of this machine, which has no way out. */
export function isOnLabNetwork(address: string): boolean {
  return Object.entries(networkInterfaces()).some(
    ([name, found = []]) =>
      BRIDGE.test(name) && found.some((own) => own.family === 'IPv4' && rangeOf(own.address) === rangeOf(address)),
  )
}

const BRIDGE = /^us[0-9a-f]{8}$/

/** The first three numbers. */
function rangeOf(address: string): string | undefined {
  return /^(\d+\.\d+\.\d+)\.\d+$/.exec(address)?.[1]
}

/** What the interface is called within each namespace. */
export const INNER = 'eth0'

/**
 * Removes all of a lab's network that is there, by its names alone, once no process runs in it. Does nothing
 * for a lab that has none.
 *
 * @throws UnderstudyError `unsupported` when it cannot be removed.
 */
export async function removeNetwork(id: string): Promise<void> {
  // Anything else was never the id of a lab, and may be the beginning of a name that is somebody else's.
  if (!/^[a-z0-9-]+-[0-9a-f]{8}$/.test(id)) return
  const links = namesIn(INTERFACES).filter(
    (name) => /^\d*$/.test(name.slice(bridgeOf(id).length)) && name.startsWith(bridgeOf(id)),
  )
  const namespaces = namesIn(NAMESPACES).filter((name) => name.startsWith(`${id}-`))
  if (links.length === 0 && namespaces.length === 0) return
  // The bridge last: its name is the shortest.
  const removed = links.toSorted((one, other) => other.length - one.length)
  await ip([...removed.map((link) => `link del ${link}`), ...namespaces.map((name) => `netns del ${name}`)])
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
