import type { BrokerControl, BrokerNode, Entrance } from '../../src/drill/broker-control.ts'
import type { Aim, Fault, FaultContext } from '../../src/drill/fault.ts'
import { isOnLabNetwork } from '../netns/network.ts'
import { addressOf, isEncrypted, throughAddress } from './door-address.ts'
import { type ClientPatience, patienceOf, type PathPrediction, predictPath } from './network-predictions.ts'
import { type Proxy, startProxy } from './proxy.ts'

/** What can be done to the path between clients and brokers. */
export const NETWORK_FAULT_NAMES = ['cut', 'half-open', 'slow', 'refuse'] as const

type NetworkFault = (typeof NETWORK_FAULT_NAMES)[number]

export interface NetworkFaultOptions {
  /** The options of the failover URI that the drill's client runs with: they decide what is predicted. Defaults to none. */
  readonly clientOptions?: Readonly<Record<string, string>>
  /** By how much `slow` delays each way, in milliseconds. Defaults to 250. */
  readonly delayMs?: number
  /**
   * Whether the brokers may be on other machines; the proxies listen on this one in any case. Defaults to false, but
   * for the networks of labs.
   */
  readonly beyond?: boolean
}

const DELAY_MS = 250

/** One place where clients connect, with the proxy that stands in front of it. */
interface Door {
  /** The name of a node or of an entrance. */
  readonly name: string
  /** The proxy's. */
  readonly endpoint: string
  readonly isNode: boolean
  readonly proxy: Proxy
}

/**
 * Puts a proxy in front of every node, or of every entrance where there are any, and returns the same brokers
 * as clients find them through the proxies. What can be done to them is done to the path: to that of the node
 * that the drill's client is connected to, else of the one that serves; where there are entrances, to the
 * one with the most connections. The brokers notice nothing but what comes to them over that path.
 *
 * @throws UnderstudyError `invalid-option` for brokers beyond this machine without `beyond`, or a delay that is
 * no time; `unsupported` when a proxy cannot listen.
 */
export async function throughProxies<Control extends BrokerControl>(
  control: Control,
  options: NetworkFaultOptions = {},
): Promise<{ readonly control: Control; close(): Promise<void> }> {
  const doors: Door[] = []
  const close = async (): Promise<void> => {
    await Promise.all(doors.map(({ proxy }) => proxy.close()))
  }
  const opened = async (name: string, endpoint: string, isNode: boolean): Promise<Door> => {
    const target = addressOf(endpoint)
    const beyond = options.beyond ?? isOnLabNetwork(target.host)
    // A standby is to be found as one.
    const proxy = await startProxy({ target, beyond, refusesWithTarget: true })
    const door = { name, endpoint: throughAddress(endpoint, proxy), isNode, proxy }
    doors.push(door)
    return door
  }
  try {
    const moved =
      control.entrances === undefined ? await moveNodes(control, opened) : await moveEntrances(control, opened)
    return { control: { ...control, ...moved, faults: networkFaults(control, doors, options) }, close }
  } catch (error) {
    await close()
    throw error
  }
}

type Open = (name: string, endpoint: string, isNode: boolean) => Promise<Door>

async function moveNodes({ nodes }: BrokerControl, open: Open): Promise<Pick<BrokerControl, 'nodes'>> {
  const moved: BrokerNode[] = []
  for (const node of nodes) {
    const { proxy, endpoint } = await open(node.name, node.endpoint, true)
    moved.push({ ...node, host: proxy.host, port: proxy.port, endpoint })
  }
  return { nodes: moved }
}

async function moveEntrances({ entrances = [] }: BrokerControl, open: Open): Promise<{ entrances: Entrance[] }> {
  const moved: Entrance[] = []
  for (const entrance of entrances) {
    const { endpoint } = await open(entrance.name, entrance.endpoint, false)
    moved.push({ ...entrance, endpoint })
  }
  return { entrances: moved }
}

function networkFaults(control: BrokerControl, doors: readonly Door[], options: NetworkFaultOptions): readonly Fault[] {
  const { clientOptions = {}, delayMs = DELAY_MS } = options
  const patience = patienceOf(clientOptions, control)
  const encrypted = doors.some(({ endpoint }) => isEncrypted(endpoint))
  const missing =
    encrypted && clientOptions['nested.serverName'] === undefined
      ? "the client checks a broker's certificate against the name of its host, which a proxy does not have (the option nested.serverName names another)"
      : undefined
  const pathFault = (name: NetworkFault): Fault => ({
    ...kindOf(name, patience, delayMs),
    name,
    expects: 'service',
    missing: () => Promise.resolve(missing),
    aim: async (context) => {
      const door = await doorOf(control, doors, context)
      return door && AIMS[name](door, delayMs)
    },
  })
  return NETWORK_FAULT_NAMES.map(pathFault)
}

function kindOf(
  name: NetworkFault,
  patience: ClientPatience,
  delayMs: number,
): Pick<Fault, 'summary' | 'heals' | 'predicted'> {
  const predicted = (path: PathPrediction): Fault['predicted'] => predictPath(path, patience)
  switch (name) {
    case 'cut':
      return {
        summary: 'every connection to the broker that serves is reset (RST), new ones are welcome',
        heals: 'after-recovery',
        predicted: predicted({ name }),
      }
    case 'half-open':
      return {
        summary: 'the path to the broker that serves goes silent: connections stay open and pass nothing on',
        heals: 'after-hold',
        predicted: predicted({ name }),
      }
    case 'slow':
      return {
        summary: `the path to the broker that serves takes ${delayMs} ms longer, each way`,
        heals: 'after-hold',
        predicted: predicted({ name, delayMs }),
      }
    case 'refuse':
      return {
        summary: 'every connection to the broker that serves is reset (RST), new ones are refused',
        heals: 'after-hold',
        predicted: predicted({ name }),
      }
  }
}

/** The one that the drill's client goes through, as far as that can be known. */
async function doorOf(
  control: BrokerControl,
  doors: readonly Door[],
  { clientNode, queue }: FaultContext,
): Promise<Door | undefined> {
  const ofNode = (name: string | undefined): Door | undefined => doors.find((door) => door.isNode && door.name === name)
  if (control.entrances === undefined) {
    const found = ofNode(clientNode) ?? ofNode(await control.active(queue))
    if (found !== undefined) return found
  }
  return doors
    .filter(({ proxy }) => proxy.connections > 0)
    .toSorted((one, other) => other.proxy.connections - one.proxy.connections)[0]
}

type Aiming = (door: Door, delayMs: number) => Aim

const AIMS: Readonly<Record<NetworkFault, Aiming>> = {
  cut: aimToCut,
  'half-open': aimToMute,
  slow: aimToDelay,
  refuse: aimToRefuse,
}

/** `finding` is what probes meet, which go to nodes only. */
function targetOf(door: Door, finding: Aim['finding']): Pick<Aim, 'target' | 'endpoint' | 'finding'> {
  return door.isNode
    ? { target: door.name, endpoint: door.endpoint, finding }
    : { target: door.name, endpoint: null, finding: undefined }
}

function aimToCut(door: Door): Aim {
  const { proxy } = door
  const reset = breaking(proxy)
  return {
    ...targetOf(door, undefined),
    done: 'cut off from its clients for a moment',
    inject: () => {
      reset.now()
      return Promise.resolve()
    },
    proof: () => Promise.resolve(reset.proof()),
    heal: () => Promise.resolve(undefined),
  }
}

function aimToRefuse(door: Door): Aim {
  const { proxy } = door
  const reset = breaking(proxy)
  let injected = false
  return {
    ...targetOf(door, 'refused'),
    done: 'closed to its clients',
    inject: async () => {
      injected = true
      await proxy.refuse()
      reset.now()
    },
    proof: () => {
      const broken = reset.proof()
      return Promise.resolve(broken && !proxy.listening ? `${broken}, and new ones are refused` : undefined)
    },
    heal: async () => {
      if (!injected) return undefined
      injected = false
      await proxy.accept()
      return 'opened to its clients again'
    },
  }
}

function breaking(proxy: Proxy): { now(): void; proof(): string | undefined } {
  let were = 0
  let brokenBefore = 0
  return {
    now: () => {
      were = proxy.connections
      brokenBefore = proxy.broken
      proxy.reset()
    },
    proof: () => {
      const broken = proxy.broken - brokenBefore
      return were > 0 && broken >= were ? `${countOf(broken)} through the proxy reset (RST)` : undefined
    },
  }
}

function aimToMute(door: Door): Aim {
  const { proxy } = door
  let bytes = proxy.bytes
  return {
    ...targetOf(door, 'mute'),
    done: 'cut off from its clients in silence',
    inject: () => {
      proxy.mute()
      bytes = proxy.bytes
      return Promise.resolve()
    },
    proof: () => {
      const { toBroker, toClient } = proxy.bytes
      const silent = proxy.muted && toBroker === bytes.toBroker && toClient === bytes.toClient
      if (!silent || proxy.connections === 0) return Promise.resolve(undefined)
      return Promise.resolve(`${countOf(proxy.connections)} open through the proxy, which passes nothing on any more`)
    },
    heal: () => {
      if (!proxy.muted) return Promise.resolve(undefined)
      proxy.unmute()
      return Promise.resolve('the path passes on again')
    },
  }
}

function aimToDelay(door: Door, delayMs: number): Aim {
  const { proxy } = door
  let late = proxy.lateBytes
  let injected = false
  const set = (ms: number): void => {
    proxy.delay(ms, 'toBroker')
    proxy.delay(ms, 'toClient')
  }
  return {
    ...targetOf(door, undefined),
    done: 'made slow to reach',
    inject: () => {
      injected = true
      late = proxy.lateBytes
      set(delayMs)
      return Promise.resolve()
    },
    proof: () => {
      const now = proxy.lateBytes
      const bothWays = now.toBroker > late.toBroker && now.toClient > late.toClient
      return Promise.resolve(bothWays ? `the proxy passed on both ways, ${delayMs} ms late each` : undefined)
    },
    heal: () => {
      if (!injected) return Promise.resolve(undefined)
      injected = false
      set(0)
      return Promise.resolve('the path is as quick as before')
    },
  }
}

function countOf(connections: number): string {
  return connections === 1 ? '1 connection' : `${connections} connections`
}
