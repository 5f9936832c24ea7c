import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { namespaceShortcoming } from '../../infra/netns/capability.ts'
import { removeNetwork } from '../../infra/netns/network.ts'
import { brokerSkip } from './brokers.ts'

/**
 * Why tests in network namespaces are skipped here, or false where they can run. It is a capability of the
 * machine and no broker: `UNDERSTUDY_REQUIRE_BROKERS` does not ask for it.
 */
export function namespaceSkip(): string | false {
  const shortcoming = namespaceShortcoming()
  return shortcoming === undefined ? false : `${shortcoming.reason}; ${shortcoming.remedy}`
}

/** The same of a lab in network namespaces, whose brokers are asked for like any. */
export function namespacedLabSkip(lab: string): string | false {
  return namespaceSkip() || brokerSkip(lab)
}

/** The id of a network of this process. */
export function newNetworkId(): string {
  return `netns-test${process.pid}-${randomBytes(4).toString('hex')}`
}

/** Removes the networks of tests whose process is gone, which could not do it any more. */
export async function removeLeftNetworks(): Promise<void> {
  const names = existsSync('/run/netns') ? readdirSync('/run/netns') : []
  const left = names.flatMap((name) => {
    const [, id, pid] = /^(netns-test(\d+)-[0-9a-f]{8})-/.exec(name) ?? []
    return id === undefined || existsSync(`/proc/${pid}`) ? [] : [id]
  })
  for (const id of new Set(left)) await removeNetwork(id)
}
