import type { Fault } from './fault.ts'

export interface BrokerNode {
  /** The lab's own name of it, such as `a`. */
  readonly name: string
  /** What it is and its version, such as `ActiveMQ 5.17.2`. */
  readonly product: string
  readonly host: string
  readonly port: number
  /** `stomp://127.0.0.1:61613`, without credentials. */
  readonly endpoint: string
}

/**
 * What the operating system says of a broker's process: `running`, `paused` (SIGSTOP took effect) or
 * `gone`.
 */
export type ProcessState = 'running' | 'paused' | 'gone'

/**
 * Who serves, and who may: `lock`, the one node that holds a lock which all share, the others stand by;
 * `quorum`, every node, each queue led by one of them that the others can replace; `home-node`, every node,
 * each queue at home on one of them that no other can replace.
 */
export type Topology = 'lock' | 'quorum' | 'home-node'

/** What of who serves has changed: one pair of words for each {@link Topology}. */
export const MARKER_KINDS = [
  'lock-acquired',
  'lock-released',
  'leader-elected',
  'leader-lost',
  'queue-up',
  'queue-down',
] as const

export type MarkerKind = (typeof MARKER_KINDS)[number]

/** A door to the brokers that is none of them, such as a load balancer. */
export interface Entrance {
  /** What it is called, such as `haproxy`. */
  readonly name: string
  /** `amqp://127.0.0.1:5670`, without credentials. */
  readonly endpoint: string
}

/** Something that the brokers themselves, their log or their database say about who serves. */
export interface Marker {
  readonly kind: MarkerKind
  /** Undefined when nobody is named by the source. */
  readonly node: string | undefined
  /** Where it was read: `database` and `management API` (polled), `log` (the broker's own line) or `lock file`. */
  readonly source: 'database' | 'log' | 'lock file' | 'management API'
  /** Wall time in milliseconds: of the log line where it carries one, else of the observation. */
  readonly wall: number
  /** How coarse `wall` is, in milliseconds: the poll's period, or the log's resolution. */
  readonly toleranceMs: number
  /** One line for a person. */
  readonly detail: string
}

/** A running observation. Closing twice does nothing. */
export interface Watch {
  close(): Promise<void>
}

/**
 * A group of brokers that a drill may hurt: what a lab implements. Every call is bounded in time and
 * throws an UnderstudyError when it cannot do what it says.
 */
export interface BrokerControl {
  /** The lab's name, such as `activemq-jdbc`. */
  readonly lab: string
  /** Defaults to `lock`. */
  readonly topology?: Topology
  /** Options that a failover URI to these brokers needs, such as the type of their queues. Defaults to none. */
  readonly clientOptions?: Readonly<Record<string, string>>
  readonly nodes: readonly BrokerNode[]
  /** Where clients connect; the brokers themselves then have no other clients than probes. Defaults to the nodes. */
  readonly entrances?: readonly Entrance[]
  /** What can be done to these brokers, `kill` first. Names are unique. */
  readonly faults: readonly Fault[]
  /** Credentials that the brokers ask for; undefined when they ask for none. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined
  /**
   * The slowest period in the brokers' own takeover, in milliseconds (a lock poll; a lock wait and the
   * sleep after it). A drill injects at a random phase of it.
   */
  readonly slowestPeriodMs: number
  /** The longest that a takeover may take by the brokers' own settings, in milliseconds. */
  readonly slowestTakeoverMs: number
  /** Settings that decide a takeover, as the brokers run with them, for the result. */
  readonly settings: Readonly<Record<string, string | number>>
  /** Files worth keeping with a result: the brokers' logs and configuration. */
  readonly files: readonly string[]
  /**
   * The name of the node that holds the lock, or undefined while nobody does. Where every node serves, the
   * one that leads this queue or is its home; without a queue, the one that does so for all of them.
   */
  active(queue?: string): Promise<string | undefined>
  state(node: string): ProcessState
  /** SIGKILL; returns once the process is gone. */
  kill(node: string): Promise<void>
  /** SIGTERM; returns once the process is gone. Bounded; ends in SIGKILL past the bound. */
  stop(node: string): Promise<void>
  /** SIGSTOP; returns once the process is stopped. */
  pause(node: string): Promise<void>
  /** SIGCONT; does nothing to a process that is not paused. */
  resume(node: string): Promise<void>
  /** Starts a node whose process is gone, and returns once it is ready to serve or to stand by. */
  start(node: string): Promise<void>
  /** Reports every change of the lock, or of who serves this queue, from now on, until closed. */
  watch(onMarker: (marker: Marker) => void, queue?: string): Promise<Watch>
}
