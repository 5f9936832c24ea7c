import { namespaceShortcoming } from '../../infra/netns/capability.ts'
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
