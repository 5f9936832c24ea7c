import type { Topology } from '../broker-control.ts'
import { oneServes } from '../topology.ts'
import type { Answer, EndpointReading } from './endpoint-reading.ts'
import { type Finding, fine, listed } from './finding.ts'

/** What the answers of all endpoints say together. */
export function endpointFindings(readings: readonly EndpointReading[], topology: Topology): readonly Finding[] {
  return [
    ...masters(readings, topology),
    ...closed(readings, topology),
    ...unusable(readings),
    ...sameCluster(readings, topology),
    ...versions(readings),
  ]
}

function masters(readings: readonly EndpointReading[], topology: Topology): readonly Finding[] {
  const serving = readings.filter(({ answer }) => answer === 'serving').map(shown)
  if (serving.length === 0) {
    return [
      {
        severity: 'problem',
        area: 'brokers',
        code: 'nobody-serves',
        is: `None of the ${readings.length} brokers of the list serves.`,
        why: 'Every send would wait for its retry threshold and fail.',
        advice: 'Start a broker, or correct the list.',
      },
    ]
  }
  if (!oneServes(topology)) {
    return [fine('brokers', 'brokers-serve', `${serving.length} of ${readings.length} serve: ${listed(serving)}.`)]
  }
  const [only, ...others] = serving
  if (others.length === 0) {
    return [fine('brokers', 'one-master', `One broker serves, as it should be with a shared lock: ${only}.`)]
  }
  return [
    {
      severity: 'problem',
      area: 'brokers',
      code: 'two-masters',
      is: `${serving.length} brokers of the list serve at once: ${listed(serving)}.`,
      why: 'Where they share one lock that is two masters on one store: jobs are delivered twice and lost; where they do not, nobody takes over the jobs of the one that dies.',
      advice: 'Find out who holds the lock; brokers that are to serve all at once want --topology quorum or home-node.',
    },
  ]
}

/** Closed ports: a standby's, or a node's that is down. */
function closed(readings: readonly EndpointReading[], topology: Topology): readonly Finding[] {
  const refusing = readings.filter(({ answer }) => answer === 'refused').map(({ endpoint }) => endpoint)
  if (refusing.length === 0) return []
  // Where nobody serves nobody stands by either, and that has been said.
  if (!readings.some(({ answer }) => answer === 'serving')) return []
  const they = refusing.length === 1 ? 'refuses' : 'refuse'
  if (oneServes(topology)) {
    const is = `${listed(refusing)} ${they} connections, as a standby without the lock does, and as a broker that is not running.`
    return [fine('brokers', 'standby-closed', is)]
  }
  return [
    {
      severity: 'problem',
      area: 'brokers',
      code: 'node-down',
      is: `${listed(refusing)} ${they} connections.`,
      why: 'Each node that is down already is one that the next failure cannot fall back on.',
      advice: 'Start it before anything else is hurt.',
    },
  ]
}

const UNUSABLE: Readonly<Partial<Record<Answer, Pick<Finding, 'code' | 'why' | 'advice'>>>> = {
  mute: {
    code: 'mute',
    why: 'It takes connections and answers nobody, so each pass over the list loses connectTimeout on it: it hangs.',
    advice: 'Look whether its process is stopped, out of memory, or something else listens on this port.',
  },
  unreachable: {
    code: 'unreachable',
    why: 'Nobody can fail over to a broker that cannot be reached from here.',
    advice: "Check the host's name, the route and the firewall.",
  },
  authentication: {
    code: 'not-let-in',
    why: 'A client that is refused there cannot fail over to it; the client gives up for good.',
    advice: 'Give every broker of the list the same users.',
  },
  tls: {
    code: 'tls-refused',
    why: 'Without the TLS handshake no client can fail over to it.',
    advice: 'Check its certificate, and caFile, certFile and serverName in the URI.',
  },
  broken: {
    code: 'broken-handshake',
    why: 'It answers something that the client cannot use, so nobody can fail over to it.',
    advice: 'Check that this port speaks the protocol of the URI.',
  },
}

function unusable(readings: readonly EndpointReading[]): readonly Finding[] {
  return readings.flatMap(({ answer, error, endpoint }) => {
    const kind = UNUSABLE[answer]
    if (!kind) return []
    return [{ severity: 'problem', area: 'brokers', is: sentence(error ?? `${endpoint} is of no use`), ...kind }]
  })
}

/** Nodes of one list that are of several clusters: a queue lives in one of them alone. */
function sameCluster(readings: readonly EndpointReading[], topology: Topology): readonly Finding[] {
  if (oneServes(topology)) return []
  // Unless it was set, each node calls the cluster by its own name, `rabbit@host`.
  const named = readings.flatMap(({ greeting }) => greeting?.cluster ?? []).filter((name) => !name.includes('@'))
  const clusters = [...new Set(named)]
  if (clusters.length < 2) return []
  return [
    {
      severity: 'problem',
      area: 'brokers',
      code: 'several-clusters',
      is: `The brokers of the list belong to ${clusters.length} clusters: ${listed(clusters)}.`,
      why: 'A queue of one cluster is not the queue of the other: jobs confirmed before a failover are not there after it.',
      advice: 'List the nodes of one cluster.',
    },
  ]
}

function versions(readings: readonly EndpointReading[]): readonly Finding[] {
  const found = [...new Set(readings.map(shown).filter((_, index) => readings[index]?.greeting?.version))]
  const all = [...new Set(readings.flatMap(({ greeting }) => productOf(greeting) ?? []))]
  const findings: Finding[] = []
  if (all.length > 1) {
    findings.push({
      severity: 'warning',
      area: 'brokers',
      code: 'mixed-versions',
      is: `The brokers are not alike: ${listed(found)}.`,
      why: 'After a failover the jobs meet another version, with other defaults.',
      advice: 'Finish the upgrade before a drill, or drill each direction.',
    })
  }
  return [...findings, ...all.flatMap((product) => KNOWN_BUGS[product] ?? [])]
}

/** What we met ourselves, by product and exact version. */
const KNOWN_BUGS: Readonly<Record<string, Finding>> = {
  'RabbitMQ 3.10.8': {
    severity: 'warning',
    area: 'brokers',
    code: 'known-bug',
    is: 'RabbitMQ 3.10.8 does not always tell a consumer that its quorum queue was deleted.',
    why: 'Such a listener waits for ever: in some runs of our own tests the cancel never came.',
    advice: 'Restart the listeners when a quorum queue is deleted, or upgrade.',
  },
}

function productOf(greeting: EndpointReading['greeting']): string | undefined {
  if (!greeting?.product) return undefined
  return greeting.version === undefined ? greeting.product : `${greeting.product} ${greeting.version}`
}

/** `stomp://a:61613 (ActiveMQ 5.17.2)`. */
function shown({ endpoint, greeting }: EndpointReading): string {
  const product = productOf(greeting)
  return product === undefined ? endpoint : `${endpoint} (${product})`
}

function sentence(text: string): string {
  return `${text.replace(/[.\s]+$/, '')}.`
}
