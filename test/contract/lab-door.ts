import { reservePorts } from '../../infra/labs/free-ports.ts'
import { type ProxyTarget, startProxy } from '../../infra/proxy/proxy.ts'
import type { ContractDoor } from '../../src/testing/contract/broker.ts'

export interface LabDoor extends ContractDoor {
  /** Leads to another broker from now on. */
  readonly lead: (target: ProxyTarget) => void
  readonly close: () => Promise<void>
}

/** A door to a broker of a lab: a proxy on loopback. */
export async function openDoor(scheme: string, first: ProxyTarget, host = '127.0.0.1'): Promise<LabDoor> {
  let target = first
  let slammed = false
  // A dial that finds nobody there is reset at once.
  const { ports, release } = await reservePorts(1)
  const [nobody = 0] = ports
  const proxy = await startProxy({ target, host })
  const aim = (): void => proxy.retarget(slammed ? { host: '127.0.0.1', port: nobody } : target)
  return {
    address: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${proxy.port}`,
    get dials() {
      return proxy.accepted
    },
    get open() {
      return proxy.connections
    },
    cut: () => proxy.cut(),
    refuse: async () => await proxy.refuse(),
    slam: () => {
      slammed = true
      aim()
    },
    mute: () => proxy.mute(),
    hold: () => proxy.hold('toClient'),
    heal: async () => {
      slammed = false
      aim()
      await proxy.accept()
      proxy.unmute()
      proxy.release('toClient')
    },
    lead: (next) => {
      target = next
      aim()
    },
    close: async () => {
      await proxy.close()
      await release()
    },
  }
}
