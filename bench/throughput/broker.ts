import { messageOf, UnderstudyError } from '../../src/errors.ts'
import { parseFailoverUri } from '../../src/failover/uri.ts'
import { activemqKahadb } from '../../infra/labs/activemq/kahadb.ts'
import { embedded } from '../../infra/labs/embedded/pair.ts'
import type { LabKind } from '../../infra/labs/lab.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import { rabbitmqClassic } from '../../infra/labs/rabbitmq/cluster.ts'
import type { Target } from '../peers/client.ts'

export const BROKERS = ['rabbitmq', 'activemq', 'embedded'] as const
export type BrokerName = (typeof BROKERS)[number]

/** One broker to measure against. */
export interface Broker {
  readonly name: string
  /** Such as `RabbitMQ 3.10.8`; unknown for one that was named by its URI. */
  readonly product: string
  readonly target: Target
  /** Whether it goes away with the bench, and what is left in its queues with it. */
  readonly owned: boolean
  down(): Promise<void>
}

/** One node each: on a small machine the others would only take the client's share of it. */
const KINDS: Readonly<Record<BrokerName, LabKind>> = {
  rabbitmq: oneNode(rabbitmqClassic),
  activemq: oneNode(activemqKahadb),
  embedded: oneNode(embedded),
}

function oneNode(kind: LabKind): LabKind {
  return {
    ...kind,
    blueprint: () => {
      const blueprint = kind.blueprint()
      return { ...blueprint, nodes: blueprint.nodes.slice(0, 1) }
    },
  }
}

/** Why this broker cannot run here; undefined when it can. */
export function missingFor(name: BrokerName): string | undefined {
  const availability = KINDS[name].availability('npx understudy')
  return availability.available ? undefined : `${availability.reason}; ${availability.remedy}`
}

/** Starts a broker that lives as long as the bench. */
export async function startBroker(
  name: BrokerName,
  queueType: Target['queueType'],
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<Broker> {
  const kind = KINDS[name]
  const lab = await createLabs({ kinds: [kind] }).up(kind.name, { signal, onProgress })
  const [node] = lab.nodes
  if (node === undefined) throw new UnderstudyError('unsupported', `lab ${kind.name} has no node`)
  const { host, port, product } = node
  const { username, password } = lab.credentials ?? { username: undefined, password: undefined }
  const protocol = name === 'rabbitmq' ? 'amqp' : 'stomp'
  const target: Target = { protocol, host, port, username, password, queueType }
  return { name, product, target, owned: true, down: async () => await lab.down() }
}

/**
 * A broker that somebody else runs.
 *
 * @throws UnderstudyError `invalid-option` for a URI that is none, or is not one plain broker's.
 */
export function brokerAt(uri: string, queueType: Target['queueType']): Broker {
  const endpoints = endpointsOf(uri)
  const [endpoint] = endpoints
  const scheme = endpoint?.scheme
  if (endpoint === undefined || endpoints.length !== 1 || (scheme !== 'amqp' && scheme !== 'stomp'))
    throw new UnderstudyError('invalid-option', 'option --uri takes one broker: amqp://… or stomp://…')
  const { host, port, username, password } = endpoint
  const target: Target = { protocol: scheme, host, port, username, password, queueType }
  return { name: scheme, product: `a broker at ${host}:${port}`, target, owned: false, down: async () => {} }
}

function endpointsOf(uri: string): ReturnType<typeof parseFailoverUri>['endpoints'] {
  try {
    return parseFailoverUri(uri).endpoints
  } catch (cause) {
    throw new UnderstudyError('invalid-option', `option --uri: ${messageOf(cause)}`, { cause })
  }
}
