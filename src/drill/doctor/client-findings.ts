import type { FailoverOptions } from '../../failover/options.ts'
import type { FailoverUri } from '../../failover/uri.ts'
import { isLoopbackHost } from '../../loopback.ts'
import { type Endpoint, redact } from '../../transport/endpoint.ts'
import type { Topology } from '../broker-control.ts'
import { sayMs } from '../checker/exact-durations.ts'
import { type Finding, fine, listed } from './finding.ts'
import type { DoctorQuestion } from './doctor-question.ts'

const ENCRYPTED: ReadonlySet<string> = new Set(['stomp+ssl', 'amqps'])

/** What the failover URI itself says, without asking anybody. */
export function clientFindings(
  { endpoints, options }: FailoverUri,
  topology: Topology,
  question: DoctorQuestion,
): readonly Finding[] {
  return [
    ...(question.drillClient ? [] : oneEndpoint(endpoints)),
    ...unroutable(endpoints),
    ...patience(options, question),
    ...tooShort(options, question),
    ...(question.drillClient ? [] : order(endpoints, options, topology)),
    ...plaintext(endpoints),
    fine(
      'client',
      'persistent',
      'This client sends every message persistent, unless the application says persistent: false.',
    ),
  ]
}

function oneEndpoint(endpoints: readonly Endpoint[]): readonly Finding[] {
  const [only, ...others] = endpoints
  if (!only || others.length > 0) return []
  return [
    {
      severity: 'warning',
      area: 'client',
      code: 'one-endpoint',
      is: `The list has one endpoint, ${redact(only)}.`,
      why: 'When it is gone there is nobody to fail over to, unless a load balancer or a floating address stands there.',
      advice: 'List every broker: failover:(uri1,uri2).',
    },
  ]
}

function unroutable(endpoints: readonly Endpoint[]): readonly Finding[] {
  const rabbit = endpoints.filter(({ scheme }) => scheme.startsWith('amqp'))
  const without = rabbit.filter(({ options }) => options['mandatory'] === 'false')
  if (without.length === 0) {
    return rabbit.length === 0
      ? []
      : [fine('client', 'mandatory', 'Messages are published mandatory: one without a queue comes back.')]
  }
  return [
    {
      severity: 'problem',
      area: 'client',
      code: 'not-mandatory',
      is: `Messages to ${listed(without.map(redact))} are published without mandatory.`,
      why: 'RabbitMQ confirms a message that no queue took, and it is lost: with the home node of a classic queue dead, 60 of 101 were confirmed and all 60 lost.',
      advice: 'Remove mandatory=false.',
    },
  ]
}

/** A URI that waits for ever, for a job or for the first connection. */
function patience(options: FailoverOptions, { drillClient }: DoctorQuestion): readonly Finding[] {
  const { retryThresholdMs, timeoutMs, startupMaxReconnectAttempts } = options
  const findings: Finding[] = []
  if (retryThresholdMs === -1) {
    findings.push({
      severity: 'warning',
      area: 'client',
      code: 'waits-for-ever',
      is:
        timeoutMs === -1
          ? 'retryThreshold=-1: a send that no broker confirms waits for ever.'
          : `retryThreshold=-1: a send that a connected broker does not confirm is tried for ever (timeout=${timeoutMs} ends it only while none is connected).`,
      why: 'The application never hears that its job was not taken, and its callers pile up until maxPending sends wait.',
      advice: 'Set retryThreshold to what a caller can wait, such as retryThreshold=60000.',
    })
  } else {
    findings.push(
      fine('client', 'retry-threshold', `A send is confirmed within ${sayMs(retryThresholdMs)} or fails and says so.`),
    )
  }
  if (startupMaxReconnectAttempts === -1 && !drillClient) {
    findings.push({
      severity: 'note',
      area: 'client',
      code: 'first-connection-without-end',
      is: 'maxReconnectAttempts=-1: the first connection, and every later one, is tried for without end.',
      why: 'A listener wants that; a process that starts with a wrong address does not end by itself.',
      advice: 'Where a start has to fail, set startupMaxReconnectAttempts, or give connect a signal.',
    })
  }
  return findings
}

/** A client that gives up before the brokers can have taken over. */
function tooShort(options: FailoverOptions, { slowestTakeoverMs }: DoctorQuestion): readonly Finding[] {
  if (slowestTakeoverMs === undefined) return []
  const findings: Finding[] = []
  const { retryThresholdMs, maxReconnectAttempts, timeoutMs } = options
  const takes = `A takeover may take ${sayMs(slowestTakeoverMs)} by the brokers' settings`
  const shorter = [
    ['retryThreshold', retryThresholdMs],
    ['timeout', timeoutMs],
  ] as const
  for (const [name, ms] of shorter) {
    if (ms === -1 || ms >= slowestTakeoverMs) continue
    findings.push({
      severity: 'problem',
      area: 'client',
      code: 'gives-up-before-takeover',
      is: `${takes}, and ${name} is ${sayMs(ms)}.`,
      why: 'Jobs that are sent early in such an outage fail.',
      advice: `Set ${name} above ${slowestTakeoverMs}, or measure it: \`understudy threshold\`.`,
    })
  }
  const pauses = maxReconnectAttempts === -1 ? Number.POSITIVE_INFINITY : pausesMs(options)
  if (pauses < slowestTakeoverMs) {
    findings.push({
      severity: 'problem',
      area: 'client',
      code: 'gives-up-before-takeover',
      is: `${takes}, and the client gives up after ${maxReconnectAttempts} more passes over the list, ${sayMs(pauses)} in all.`,
      why: 'The connection fails for good, and with it every job that waits.',
      advice: 'Leave maxReconnectAttempts at -1, and bound each job with retryThreshold.',
    })
  }
  return findings
}

/** All the pauses of a limited client, one after the other. */
function pausesMs(options: FailoverOptions): number {
  const { initialReconnectDelayMs, maxReconnectDelayMs, reconnectDelayExponent, maxReconnectAttempts } = options
  let delay = initialReconnectDelayMs
  let sum = 0
  // Past these the sum is longer than any takeover.
  for (let attempt = 0; attempt < Math.min(maxReconnectAttempts, 10_000); attempt++) {
    sum += Math.min(delay, maxReconnectDelayMs)
    if (options.useExponentialBackOff) delay = Math.min(delay * reconnectDelayExponent, maxReconnectDelayMs)
  }
  return sum
}

function order(
  endpoints: readonly Endpoint[],
  { randomize, priorityBackup }: FailoverOptions,
  topology: Topology,
): readonly Finding[] {
  if (endpoints.length < 2) return []
  if (topology !== 'lock' && !randomize && !priorityBackup) {
    return [
      {
        severity: 'warning',
        area: 'client',
        code: 'not-randomized',
        is: 'randomize=false: every client dials the first broker of the list.',
        why: 'All connections are on one node of the cluster, and all of them break when that one is lost.',
        advice: 'Leave randomize out, and keep randomize=false for a drill, which is to be repeatable.',
      },
    ]
  }
  if (topology === 'lock' && randomize) {
    return [
      {
        severity: 'note',
        area: 'client',
        code: 'randomized',
        is: 'randomize is on: the first broker that is dialled may be the standby.',
        why: 'That costs one refused dial, or connectTimeout where the standby is cut off; nothing else.',
        advice: 'randomize=false dials them in the order of the list.',
      },
    ]
  }
  return []
}

function plaintext(endpoints: readonly Endpoint[]): readonly Finding[] {
  const open = endpoints.filter(
    ({ scheme, host }) => scheme !== 'memory' && !ENCRYPTED.has(scheme) && !isLoopbackHost(host),
  )
  if (open.length === 0) return []
  return [
    {
      severity: 'warning',
      area: 'client',
      code: 'no-tls',
      is: `${listed(open.map(redact))} ${open.length === 1 ? 'is' : 'are'} spoken to without TLS.`,
      why: 'The user name, the password and every job cross the network as plain text.',
      advice: 'Use stomp+ssl: (61614) or amqps: (5671), which always verify the certificate.',
    },
  ]
}
