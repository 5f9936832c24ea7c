import { findIp, ipFails } from './ip-command.ts'

/** Why no network namespace can be made here, and what to do about it. */
export interface Shortcoming {
  readonly reason: string
  readonly remedy: string
}

let known: { readonly shortcoming: Shortcoming | undefined } | undefined

/**
 * Undefined where network namespaces, bridges and pairs of virtual interfaces can be made. It is tried out, in
 * a namespace that is removed at once, the first time that this process asks.
 */
export function namespaceShortcoming(): Shortcoming | undefined {
  known ??= { shortcoming: tryOut() }
  return known.shortcoming
}

function tryOut(): Shortcoming | undefined {
  if (process.platform !== 'linux') {
    return { reason: 'network namespaces are of Linux, which this system is not', remedy: 'use Linux' }
  }
  const file = findIp()
  if (file === undefined) {
    return { reason: 'iproute2 (the command ip) is not installed', remedy: 'install the package iproute2' }
  }
  const name = `understudy-probe-${process.pid}`
  const refused = ipFails(file, ['netns', 'add', name])
  if (refused !== undefined) {
    return { reason: `no network namespace can be made (${refused})`, remedy: AS_ROOT }
  }
  try {
    const failed =
      ipFails(file, ['-n', name, 'link', 'add', 'bridge0', 'type', 'bridge']) ??
      ipFails(file, ['-n', name, 'link', 'add', 'pair0', 'type', 'veth', 'peer', 'name', 'pair1'])
    if (failed === undefined) return undefined
    const reason = `no bridge or pair of virtual interfaces can be made (${failed})`
    return { reason, remedy: 'use a kernel with the modules bridge and veth' }
  } finally {
    ipFails(file, ['netns', 'del', name])
  }
}

const AS_ROOT = 'run as root, or with the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN'
