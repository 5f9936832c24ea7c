import { networkInterfaces } from 'node:os'
import type { BrokerNode } from '../../src/drill/broker-control.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import type { Lab } from '../../infra/labs/lab.ts'
import { waitUntil } from '../../infra/labs/wait-until.ts'
import type { ProxyTarget } from '../../infra/proxy/proxy.ts'
import { withCredentials } from '../../src/cli/credentials.ts'
import { connect } from '../../src/index.ts'
import type { ContractBroker } from '../../src/testing/contract/broker.ts'
import { newLabRoot } from '../support/lab-root.ts'
import { type LabDoor, openDoor } from './lab-door.ts'
import { openTlsDoor } from './tls-door.ts'

/** What a lab's brokers do in a way of their own. */
export type Peculiarities = Pick<
  ContractBroker,
  'unroutable' | 'refusedSend' | 'refusedSubscription' | 'block' | 'unblock' | 'cancel'
>

/** The method for a situation that was declared impossible. */
export function never(): never {
  throw new Error('the suite asked for a situation that was declared impossible')
}

export const HAS_IPV6: boolean = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)

const SERVES_WITHIN_MS = 120_000

/** A lab of real brokers behind doors that can be hurt. */
export async function openLab(name: string, peculiarities: (lab: Lab) => Peculiarities): Promise<ContractBroker> {
  const lab = await createLabs({ root: newLabRoot(`contract-${name}`) }).up(name)
  const scheme = lab.nodes[0]?.endpoint.split(':')[0] ?? ''
  const options = lab.clientOptions ?? {}
  let serving = await servingNode(lab, options)
  const target = targetOf(serving)
  const doors: [LabDoor, LabDoor] = [await openDoor(scheme, target), await openDoor(scheme, target)]
  const tls = await openTlsDoor(scheme === 'stomp' ? 'stomp+ssl' : `${scheme}s`, target)
  const sixth = HAS_IPV6 ? await openDoor(scheme, target, '::1') : undefined
  // A node whose queues nobody else can serve has to come back by itself.
  let returning: Promise<void> | undefined

  const goes = (how: 'kill' | 'stop') => async () => {
    const { name: node } = await servingNode(lab, options)
    await lab[how](node)
    if (lab.topology === 'home-node') returning = lab.start(node)
  }
  return {
    doors,
    nodes: lab.nodes.map(({ endpoint }) => endpoint),
    credentials: lab.credentials,
    options,
    around: () => serving.endpoint,
    wrongLogin: () => ({ username: lab.credentials?.username ?? '', password: 'not-the-password' }),
    tls: () => tls,
    ipv6: () => sixth?.address ?? never(),
    kill: goes('kill'),
    stop: goes('stop'),
    revive: async () => {
      await returning
      returning = undefined
      for (const { name: node } of lab.nodes) if (lab.state(node) === 'gone') await lab.start(node)
      serving = await servingNode(lab, options)
      for (const door of [...doors, tls, ...(sixth ? [sixth] : [])]) door.lead(targetOf(serving))
    },
    ...peculiarities(lab),
    close: async () => {
      await Promise.all([...doors, tls, ...(sixth ? [sixth] : [])].map((door) => door.close()))
      await returning
      await lab.down()
    },
  }
}

function targetOf({ host, port }: BrokerNode): ProxyTarget {
  return { host, port }
}

/** The first node of the list that takes clients: where a list that keeps its order leads to. */
async function servingNode(lab: Lab, options: Readonly<Record<string, string>>): Promise<BrokerNode> {
  return await waitUntil(
    async () => {
      for (const node of lab.nodes)
        if (lab.state(node.name) === 'running' && (await serves(lab, node, options))) return node
      return undefined
    },
    { what: `a broker of ${lab.id} that serves`, withinMs: SERVES_WITHIN_MS, everyMs: 50 },
  )
}

async function serves(lab: Lab, node: BrokerNode, options: Readonly<Record<string, string>>): Promise<boolean> {
  const query = new URLSearchParams({ ...options, maxReconnectAttempts: '0' }).toString()
  try {
    const connection = await connect(`failover:(${withCredentials(node.endpoint, lab.credentials)})?${query}`)
    await connection.close()
    return true
  } catch {
    return false
  }
}
