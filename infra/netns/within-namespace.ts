import { UnderstudyError } from '../../src/errors.ts'
import { findIp } from './ip-command.ts'
import { type LabNetwork, namespaceOf } from './network.ts'

interface Program {
  readonly file: string
  readonly args: readonly string[]
}

/**
 * The same program within the namespace of a host, or as it is where the lab has no such host. `ip` becomes the
 * program, so that the pid is its own, for signals too.
 *
 * @throws UnderstudyError `unsupported` when `ip` is not installed any more.
 */
export function withinNamespace(
  { file, args }: Program,
  id: string,
  network: LabNetwork | undefined,
  host: string,
): Program {
  if (network?.hosts[host] === undefined) return { file, args }
  const ip = findIp()
  if (ip === undefined) throw new UnderstudyError('unsupported', 'iproute2 (the command ip) is not installed')
  return { file: ip, args: ['netns', 'exec', namespaceOf(id, host), file, ...args] }
}
