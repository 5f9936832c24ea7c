import { writeFileSync } from 'node:fs'
import type { LabFolder } from '../lab-folder.ts'
import { portOf } from '../processes/node-control.ts'

/** HAProxy's name among the lab's processes, ports and entrances. */
export const HAPROXY = 'haproxy'
/** The name of the port that tells its statistics. */
export const HAPROXY_STATS = 'haproxy-stats'
/** What the nodes are called in its configuration, as its statistics and its log have it. */
export const BACKEND = 'rabbitmq'

/**
 * How HAProxy finds out whether a node is there: `plain`, that its port accepts a connection; `amqp`, that it
 * answers an AMQP client's greeting with its own, and that sessions with one that does not are ended.
 */
export type HaproxyCheck = 'plain' | 'amqp'

/** How often each node is looked at, and after how many failures it is handed no session any more. */
export interface CheckTimes {
  readonly interMs: number
  readonly fall: number
}

/**
 * The plain check runs with HAProxy's own defaults. The AMQP check waits for an answer for as long as `inter` before
 * it has failed, and only then for the next one, so that with the defaults a silent node would be marked down after
 * 12 s: it is made twice as often.
 */
export const CHECK_TIMES: Readonly<Record<HaproxyCheck, CheckTimes>> = {
  plain: { interMs: 2_000, fall: 3 },
  amqp: { interMs: 1_000, fall: 3 },
}

const RISE = 2
// AMQP connections live for months and may be idle between two heart-beats, so that guides for RabbitMQ behind
// HAProxy have hours here, and TCP's keep-alive beside them.
const IDLE_HOURS = 3
const CONNECT_SECONDS = 5

/** What decides a failover behind it, by the names under which a lab's settings have it. */
export function haproxySettings(check: HaproxyCheck): Readonly<Record<string, string | number>> {
  return {
    haproxyCheck: check,
    haproxyInterMs: CHECK_TIMES[check].interMs,
    haproxyFall: CHECK_TIMES[check].fall,
    haproxyRise: RISE,
    haproxyOnMarkedDown: check === 'amqp' ? 'shutdown-sessions' : 'none',
    haproxyBalance: 'roundrobin',
    haproxyTimeoutConnectMs: CONNECT_SECONDS * 1000,
    haproxyTimeoutClientMs: IDLE_HOURS * 3_600_000,
    haproxyTimeoutServerMs: IDLE_HOURS * 3_600_000,
  }
}

export function haproxyConfigFile(folder: LabFolder): string {
  return folder.at('haproxy.cfg')
}

/** What HAProxy listens on, and what it hands sessions to, as `host:port`. */
export interface HaproxyAddresses {
  readonly entrance: string
  readonly stats: string
  readonly servers: readonly { readonly node: string; readonly address: string }[]
  /** Whom the servers' names are asked of, again and again; left out where they are addresses. */
  readonly nameserver?: string
}

export function writeHaproxyConfiguration(folder: LabFolder, check: HaproxyCheck): void {
  const { nodes, ports } = folder.read()
  const address = (name: string): string => `127.0.0.1:${portOf(ports, name)}`
  const servers = nodes.map((node) => ({ node, address: address(node) }))
  const text = haproxyConfiguration({ entrance: address(HAPROXY), stats: address(HAPROXY_STATS), servers }, check)
  writeFileSync(haproxyConfigFile(folder), text)
}

/** The whole of haproxy.cfg. */
export function haproxyConfiguration(addresses: HaproxyAddresses, check: HaproxyCheck): string {
  const { interMs, fall } = CHECK_TIMES[check]
  const { entrance, stats, servers, nameserver } = addresses
  const endings = check === 'amqp' ? ' on-marked-down shutdown-sessions' : ''
  // A server that is not there when HAProxy starts may still come, and one that starts again may have moved.
  const names = nameserver === undefined ? '' : ' resolvers names init-addr last,libc,none'
  const lines = [
    'global',
    // Of its sessions nothing; of its servers, when one is down and up.
    '    log stdout format iso local0 notice',
    // Reads, and changes nothing.
    `    stats socket ipv4@${stats} level user`,
    '',
    'defaults',
    '    mode tcp',
    '    log global',
    `    timeout connect ${CONNECT_SECONDS}s`,
    `    timeout client ${IDLE_HOURS}h`,
    `    timeout server ${IDLE_HOURS}h`,
    '    option clitcpka',
    '    option srvtcpka',
    '',
    ...(nameserver === undefined
      ? []
      : ['resolvers names', `    nameserver first ${nameserver}`, '    hold valid 1s', '']),
    'frontend amqp',
    `    bind ${entrance}`,
    `    default_backend ${BACKEND}`,
    '',
    `backend ${BACKEND}`,
    '    balance roundrobin',
    ...(check === 'amqp' ? AMQP_CHECK : []),
    `    default-server check inter ${interMs} fall ${fall} rise ${RISE}${endings}${names}`,
    ...servers.map(({ node, address }) => `    server ${node} ${address}`),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

// `AMQP`, then protocol 0-9-1; a node answers with a method (1) on channel 0.
const AMQP_CHECK = [
  '    option tcp-check',
  '    tcp-check send-binary 414d515000000901',
  '    tcp-check expect binary 010000',
]
