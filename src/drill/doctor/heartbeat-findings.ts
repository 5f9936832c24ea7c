import type { FailoverUri } from '../../failover/uri.ts'
import { type Endpoint, redact } from '../../transport/endpoint.ts'
import { sayMs } from '../checker/exact-durations.ts'
import type { EndpointReading } from './endpoint-reading.ts'
import { type Finding, fine, listed } from './finding.ts'
import type { DoctorQuestion } from './doctor-question.ts'

/** What the shortest heart-beat of AMQP, 1 s, comes to. */
const SHORTEST_AMQP_MS = 3000

/** How long a broker that went silent can stay unnoticed, and whether that fits what is asked. */
export function heartbeatFindings(
  { endpoints, options }: FailoverUri,
  readings: readonly EndpointReading[],
  { rtoMs }: DoctorQuestion,
): readonly Finding[] {
  const beating = endpoints.filter(({ scheme }) => scheme !== 'memory')
  const heartbeatOf = (endpoint: Endpoint): number => {
    const reading = readings.find((one) => one.endpoint === redact(endpoint))
    return reading?.greeting?.heartbeatMs ?? endpoint.heartbeatMs
  }
  const without = beating.filter((endpoint) => heartbeatOf(endpoint) === 0)
  const findings: Finding[] = []
  if (without.length > 0) {
    const asked = without.some(({ heartbeatMs }) => heartbeatMs > 0)
    const names = listed(without.map(redact))
    findings.push({
      severity: 'warning',
      area: 'client',
      code: 'no-heartbeat',
      is: asked ? `${names} granted no heart-beat.` : `There is no heart-beat with ${names}.`,
      why: `A broker that hangs is noticed only when it owes a confirm, after confirmTimeout (${sayMs(options.confirmTimeoutMs)}); a listener that has nothing to acknowledge never notices.`,
      advice: asked
        ? 'Find out why the broker grants none; until then confirmTimeout is what bounds a hang: shorten it.'
        : 'Set heartbeat, such as heartbeat=5000, and shorten confirmTimeout.',
    })
  }
  const slowest = Math.max(
    0,
    ...beating.map((endpoint) => noticedWithinMs(endpoint, heartbeatOf(endpoint), options.confirmTimeoutMs)),
  )
  if (beating.length === 0) return findings
  const amqp = beating.some(({ scheme }) => scheme.startsWith('amqp'))
  if (rtoMs !== undefined && slowest >= rtoMs) {
    findings.push({
      severity: 'problem',
      area: 'client',
      code: 'noticed-too-late',
      is: `A broker that hangs is noticed within ${sayMs(slowest)}, and the outage may last ${sayMs(rtoMs)}.`,
      why: 'The recovery cannot begin before the client knows.',
      advice:
        amqp && rtoMs <= SHORTEST_AMQP_MS
          ? `AMQP counts whole seconds: nothing notices a node that hangs within less than ${sayMs(SHORTEST_AMQP_MS)}. A node that died is noticed at once.`
          : `Set heartbeat to ${sayMs(Math.max(amqp ? 1000 : 100, Math.floor(rtoMs / 4)))} or less, and confirmTimeout below ${sayMs(rtoMs)}.`,
    })
  } else if (without.length === 0) {
    findings.push(fine('client', 'heartbeat', `A broker that hangs is noticed within ${sayMs(slowest)}.`))
  }
  return findings
}

/** STOMP gives up after one and a half beats, AMQP after two to three of whole seconds; without, a confirm is owed. */
function noticedWithinMs({ scheme }: Endpoint, heartbeatMs: number, confirmTimeoutMs: number): number {
  if (heartbeatMs === 0) return confirmTimeoutMs
  return scheme.startsWith('amqp') ? 3 * Math.ceil(heartbeatMs / 1000) * 1000 : 1.5 * heartbeatMs
}
