import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { hostOf } from '../host-of.ts'
import type { LabFolder } from '../lab-folder.ts'
import { portOf } from '../processes/node-control.ts'
import type { ErlangInstallation, RabbitmqInstallation } from './installation.ts'
import { erlangHome, type RabbitmqSecrets } from './secrets.ts'
import type { Command } from '../processes/spawn-process.ts'

/** What a node is run with. */
export interface RabbitmqProgram {
  readonly rabbitmq: RabbitmqInstallation
  readonly erlang: ErlangInstallation
}

/** The port mapper's name among the lab's processes and ports. */
export const EPMD = 'epmd'

/** A node's other ports: for its management API, and for its peers. */
export function managementPortName(node: string): string {
  return `management-${node}`
}

export function peerPortName(node: string): string {
  return `peers-${node}`
}

/** A node's name as its peers, its log and the management API know it. */
export function erlangName(folder: LabFolder, node: string): string {
  return `${node}@${folder.read().network === undefined ? 'localhost' : erlangHost(node)}`
}

/** What a node calls the host of a node, where each has one of its own: addresses are not allowed in short names. */
function erlangHost(node: string): string {
  return `host-${node}`
}

/** The lab's own name of a node. */
export function nodeOfErlangName(name: string): string {
  return name.split('@')[0] ?? name
}

/** The files of a node that may be kept and shown. */
export function configurationFiles(folder: LabFolder, node: string): string[] {
  return [folder.at(node, 'rabbitmq.conf'), folder.log(node)]
}

/** Where a node writes down the pid of its Erlang VM. */
export function pidFile(folder: LabFolder, node: string): string {
  return folder.at(node, 'pid')
}

export function writeConfiguration(folder: LabFolder, node: string, { client }: RabbitmqSecrets): void {
  const state = folder.read()
  const { nodes, ports } = state
  const host = hostOf(state, node)
  mkdirSync(folder.at(node, 'conf.d'), { recursive: true, mode: 0o700 })
  const lines = [
    `listeners.tcp.1 = ${host}:${portOf(ports, node)}`,
    `management.tcp.ip = ${host}`,
    `management.tcp.port = ${portOf(ports, managementPortName(node))}`,
    'cluster_formation.peer_discovery_backend = classic_config',
    ...nodes.map((peer, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${erlangName(folder, peer)}`),
    // The first finds nobody and forms the cluster at once, where the default is to look for 5 s; the others find it.
    'cluster_formation.discovery_retry_limit = 1',
    'cluster_formation.discovery_retry_interval = 100',
    // The default of 512 MiB is for servers.
    `raft.wal_max_size_bytes = ${64 * 1024 * 1024}`,
  ]
  writeFileSync(folder.at(node, 'rabbitmq.conf'), lines.map((line) => `${line}\n`).join(''))
  const secret = `default_user = ${client.username}\ndefault_pass = ${client.password}\n`
  writeFileSync(folder.at(node, 'conf.d', 'secret.conf'), secret, { mode: 0o600 })
  writeFileSync(folder.at(node, 'advanced.config'), '[].\n')
  writeHosts(folder, node)
  writeFileSync(folder.at(node, 'enabled_plugins'), '[rabbitmq_management].\n')
}

/** Where Erlang looks names of hosts up; only where nodes are hosts of their own. */
function hostsFile(folder: LabFolder, node: string): string {
  return folder.at(node, 'erl_inetrc')
}

function writeHosts(folder: LabFolder, node: string): void {
  const { network, nodes } = folder.read()
  if (network === undefined) return
  const hosts = nodes.map((peer) => `{host, ${tuple(network.hosts[peer] ?? '')}, ["${erlangHost(peer)}"]}.\n`)
  writeFileSync(hostsFile(folder, node), `${hosts.join('')}{lookup, [file, native]}.\n`)
}

/** An address as Erlang writes it. */
function tuple(address: string): string {
  return `{${address.replaceAll('.', ',')}}`
}

/** In the foreground, so that it is a process of the lab as any other. */
export function epmdCommand(folder: LabFolder, host: string | undefined, { erlang }: RabbitmqProgram): Command {
  const place = host === undefined ? {} : { host }
  return { file: erlang.epmd, args: [], env: epmdEnvironment(folder, host), ...place }
}

/** The server's script, which becomes the Erlang VM: its pid is the node's, also for signals. */
export function nodeCommand(folder: LabFolder, node: string, { rabbitmq, erlang }: RabbitmqProgram): Command {
  return {
    file: rabbitmq.server,
    args: [],
    env: {
      ...epmdEnvironment(folder, node),
      PATH: [erlang.folder, process.env['PATH'] ?? ''].filter((part) => part !== '').join(delimiter),
      HOME: erlangHome(folder),
      // Makes the script exec the VM instead of staying as its parent.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_NODENAME: erlangName(folder, node),
      RABBITMQ_DIST_PORT: String(portOf(folder.read().ports, peerPortName(node))),
      RABBITMQ_MNESIA_BASE: folder.at(node, 'data'),
      RABBITMQ_LOG_BASE: folder.at(node),
      // To standard output, and from there to the node's log in the lab's folder.
      RABBITMQ_LOGS: '-',
      RABBITMQ_PID_FILE: pidFile(folder, node),
      RABBITMQ_ENABLED_PLUGINS_FILE: folder.at(node, 'enabled_plugins'),
      // Every file that would otherwise be looked for in the system's own configuration.
      RABBITMQ_CONFIG_FILE: folder.at(node, 'rabbitmq.conf'),
      RABBITMQ_CONFIG_FILES: folder.at(node, 'conf.d'),
      RABBITMQ_ADVANCED_CONFIG_FILE: folder.at(node, 'advanced.config'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${POLITE} -kernel inet_dist_use_interface ${tuple(hostOf(folder.read(), node))}`,
    },
  }
}

// One scheduler that sleeps when it has nothing to do.
const POLITE = '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none'

/** What a command of the distribution needs to reach a node. */
export function cliEnvironment(folder: LabFolder, node: string): Record<string, string> {
  return {
    ...epmdEnvironment(folder, node),
    HOME: erlangHome(folder),
    RABBITMQ_NODENAME: erlangName(folder, node),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
  }
}

function epmdEnvironment(folder: LabFolder, node: string | undefined): Record<string, string> {
  const state = folder.read()
  const port = { ERL_EPMD_PORT: String(portOf(state.ports, EPMD)) }
  if (state.network === undefined || node === undefined) return { ERL_EPMD_ADDRESS: '127.0.0.1', ...port }
  return { ERL_EPMD_ADDRESS: hostOf(state, node), ...port, ERL_INETRC: hostsFile(folder, node) }
}
