import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { connect as amqpConnect } from 'amqplib'
import type { Lab } from '../../infra/labs/lab.ts'
import { openLabFolder } from '../../infra/labs/lab-folder.ts'
import { nodeCommand } from '../../infra/labs/rabbitmq/config.ts'
import { findErlang, findRabbitmq } from '../../infra/labs/rabbitmq/installation.ts'
import { withCredentials } from '../../src/cli/credentials.ts'
import type { ContractBroker } from '../../src/testing/contract/broker.ts'
import { brokerSkip } from '../support/brokers.ts'
import { contractSuite } from '../../src/testing/contract-suite.ts'
import { fullQueue } from './full-queue.ts'
import { rabbitmqClassicImpossible, rabbitmqQuorumImpossible } from './impossible.ts'
import { openLab, type Peculiarities } from './lab-broker.ts'

/** Registers the suite for one of the RabbitMQ labs. */
export function rabbitmqSuite(lab: 'rabbitmq-quorum' | 'rabbitmq-classic'): void {
  const queues = lab === 'rabbitmq-quorum' ? 'quorum queues' : 'classic queues'
  contractSuite({
    name: `RabbitMQ, ${queues}`,
    skip: brokerSkip(lab),
    impossible: lab === 'rabbitmq-quorum' ? rabbitmqQuorumImpossible : rabbitmqClassicImpossible,
    open: async () => await openRabbitmq(lab),
  })
}

async function openRabbitmq(name: string): Promise<ContractBroker> {
  return await openLab(name, (lab): Peculiarities => {
    const uri = (): string => {
      const query = new URLSearchParams({ ...lab.clientOptions, retryThreshold: '1500' }).toString()
      return `failover:(${lab.nodes.map(({ endpoint }) => withCredentials(endpoint, lab.credentials)).join(',')})?${query}`
    }
    return {
      unroutable: () => 'exchange://amq.direct/nobody',
      refusedSend: async () => ({ destination: await fullQueue(uri()), headers: {} }),
      // Names of this kind are RabbitMQ's own.
      refusedSubscription: async () => 'queue://amq.contract',
      block: async () => await control(lab, 'set_vm_memory_high_watermark', '0'),
      unblock: async () => await control(lab, 'set_vm_memory_high_watermark', '0.4'),
      cancel: async (queue) => await deleteQueue(lab, queue.replace('queue://', '')),
    }
  })
}

/** Runs `rabbitmqctl` against the first node that runs. */
async function control(lab: Lab, ...args: string[]): Promise<void> {
  const rabbitmq = findRabbitmq()
  const erlang = findErlang()
  const node = lab.nodes.find(({ name }) => lab.state(name) === 'running')?.name
  if (!rabbitmq || !erlang || node === undefined) throw new Error('RabbitMQ is gone')
  const { env } = nodeCommand(openLabFolder(dirname(lab.folder), lab.id), node, { rabbitmq, erlang })
  const program = join(dirname(rabbitmq.server), 'rabbitmqctl')
  await promisify(execFile)(program, args, { env: { ...process.env, ...env } })
}

/** What ends a consumer from the broker's side: its queue goes away. */
async function deleteQueue(lab: Lab, queue: string): Promise<void> {
  const node = lab.nodes.find(({ name }) => lab.state(name) === 'running')
  const connection = await amqpConnect(withCredentials(node?.endpoint ?? '', lab.credentials))
  try {
    const channel = await connection.createChannel()
    await channel.deleteQueue(queue)
  } finally {
    await connection.close()
  }
}
