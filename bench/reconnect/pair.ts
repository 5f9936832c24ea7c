import { openwirePortName } from '../../infra/labs/activemq/config.ts'
import { activemqJdbc } from '../../infra/labs/activemq/jdbc.ts'
import type { Lab, LabKind } from '../../infra/labs/lab.ts'
import { readLabState } from '../../infra/labs/lab-state.ts'
import { createLabs } from '../../infra/labs/labs.ts'
import type { PeerSettings } from '../peers/peer.ts'
import type { PeerName } from './peer-process.ts'

export const LAB: string = activemqJdbc.name

/** Puts up the pair; with `openwire` its brokers take Java clients too. */
export function upPair(openwire: boolean, signal: AbortSignal, onProgress: (line: string) => void): Promise<Lab> {
  const labs = createLabs({ kinds: [openwire ? withOpenwire : activemqJdbc] })
  return labs.up(LAB, { signal, onProgress })
}

const withOpenwire: LabKind = {
  ...activemqJdbc,
  blueprint: () => {
    const blueprint = activemqJdbc.blueprint()
    return { ...blueprint, otherPorts: [...blueprint.otherPorts, ...blueprint.nodes.map(openwirePortName)] }
  },
}

/** Where a peer connects to. STOMP ports, but for the Java client, which speaks OpenWire. */
export function brokersFor(peer: PeerName, lab: Lab): PeerSettings['brokers'] {
  const { ports } = readLabState(lab.folder)
  return lab.nodes.map(({ name, host, port }) => ({
    host,
    port: peer === 'java' ? (ports[openwirePortName(name)] ?? 0) : port,
  }))
}
