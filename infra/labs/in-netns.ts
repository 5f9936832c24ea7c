import type { BrokerControl } from '../../src/drill/broker-control.ts'
import type { Fault } from '../../src/drill/fault.ts'
import { UnderstudyError } from '../../src/errors.ts'
import { namespaceShortcoming } from '../netns/capability.ts'
import { createNetwork, type LabNetwork } from '../netns/network.ts'
import type { LabKind } from './lab.ts'
import type { LabFolder } from './lab-folder.ts'

/** What makes a lab one whose brokers are hosts of their own. */
export interface NetnsVariant {
  readonly name: string
  readonly description: string
  /** The names of all that gets a namespace of its own, as its processes are called. */
  readonly hosts: readonly string[]
  /** The names of the faults that come on top, in their order. */
  readonly faultNames: readonly string[]
  readonly faults: (lab: NetworkedLab) => readonly Fault[]
}

/** A lab that is up in namespaces, as the faults of its network see it. */
interface NetworkedLab {
  readonly id: string
  readonly folder: LabFolder
  readonly network: LabNetwork
  readonly control: BrokerControl
}

/** The same lab with a network namespace for each of its hosts, so that paths between them can be hurt. */
export function inNamespaces(base: LabKind, { name, description, hosts, ...more }: NetnsVariant): LabKind {
  return {
    name,
    description,
    faultNames: [...base.faultNames, ...more.faultNames],
    availability: (understudy) => {
      const plain = base.availability(understudy)
      if (!plain.available) return plain
      const shortcoming = namespaceShortcoming()
      return shortcoming === undefined
        ? { available: true, detail: `${plain.detail} in network namespaces` }
        : { available: false, ...shortcoming }
    },
    blueprint: () => base.blueprint(),
    start: async (folder, context) => {
      await context.step('network', async () => {
        const network = await createNetwork(folder.id, hosts)
        folder.update(() => ({ network }))
      })
      await base.start(folder, context)
    },
    control: (folder) => {
      const control: BrokerControl = { ...base.control(folder), lab: name }
      const added = more.faults({ id: folder.id, folder, network: networkOf(folder), control })
      return { ...control, faults: [...control.faults, ...added] }
    },
  }
}

function networkOf(folder: LabFolder): LabNetwork {
  const { network } = folder.read()
  if (network === undefined) throw new UnderstudyError('unsupported', `lab ${folder.id} has no network of its own`)
  return network
}
