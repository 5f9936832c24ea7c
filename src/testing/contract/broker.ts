/**
 * Situations that a test may need a broker to be brought into. Where a harness cannot bring its broker into
 * one, it says why, and every test that needs it is reported as skipped with that reason.
 */
export type Situation =
  /** The broker asks for a user name and a password. */
  | 'credentials'
  /** A user name and a password that the broker refuses. */
  | 'wrong-login'
  /** A door with TLS, see {@link ContractBroker.tls}. */
  | 'tls'
  /** A door on `::1`. */
  | 'ipv6'
  /** A door that accepts and answers nothing. */
  | 'silence'
  /** What the broker answers is held back at a door while the broker goes on. */
  | 'held-answers'
  /** The serving broker dies at once, and another one or itself serves the same queues later. */
  | 'kill'
  /** The serving broker is asked to leave, likewise. */
  | 'stop'
  /** A destination that the broker has no queue for. */
  | 'unroutable'
  /** A message that the broker refuses by name, to whoever sends it. */
  | 'refused-send'
  /** A destination that the broker refuses subscriptions to, by name. */
  | 'refused-subscription'
  /** The broker stops to read from those who publish, and says so. */
  | 'block'
  /** The broker ends a subscription while the connection lives on. */
  | 'cancel'

export interface ContractLogin {
  readonly username: string
  readonly password: string
}

/** One way to a broker, which can be hurt. Every fault lasts until `heal`. */
export interface ContractDoor {
  /** `scheme://host:port`, without credentials, as it stands in a failover URI. */
  readonly address: string
  /** How many connections were asked for here, those that were slammed included. */
  readonly dials: number
  /** How many connections through this door are open. */
  readonly open: number
  /** Ends every connection that is open, once. New ones are welcome. */
  cut(): void
  /** New connections are refused. Those that are open stay. */
  refuse(): Promise<void>
  /** New connections are accepted, counted and thrown out again. Those that are open stay. */
  slam(): void
  /** Accepts, and passes nothing on in either way. */
  mute(): void
  /** Passes on what clients send, and keeps back at least the confirms of it. */
  hold(): void
  /** Ends every fault; what was kept back is passed on. */
  heal(): Promise<void>
}

/** A door of the broker that speaks TLS. */
export interface ContractTls {
  /** `scheme://localhost:port` with a scheme that means TLS. */
  readonly address: string
  /** The authority of its certificate, which names `localhost` and nothing else. PEM. */
  readonly authority: string
}

/**
 * A broker as the contract suite meets it: what an adapter's author provides. Methods for a situation that
 * was declared impossible are never called and may throw.
 */
export interface ContractBroker {
  /** The second leads to the same broker as the first, or to one that is its equal. */
  readonly doors: readonly [ContractDoor, ContractDoor]
  /** The brokers' own addresses, without any door: what a failover goes over. */
  readonly nodes: readonly string[]
  readonly credentials: ContractLogin | undefined
  /** Options that every failover URI to this broker carries, such as the type of its queues. */
  readonly options: Readonly<Record<string, string>>
  /**
   * An address that leads to the queues behind the front door while a fault lasts. A cut may be felt here,
   * too.
   */
  around(): string
  /** Sees to it that what it returns is refused, until the front door heals. */
  wrongLogin(): ContractLogin
  /** A door with TLS. */
  tls(): ContractTls
  /** The address of a door that listens on `::1`. */
  ipv6(): string
  /** A destination that the broker has no queue for. */
  unroutable(): string
  /** A message that the broker will refuse, as often as it is sent. */
  refusedSend(): Promise<{ readonly destination: string; readonly headers: Readonly<Record<string, string>> }>
  /** Sees to it that subscriptions to the destination it returns are refused by name. */
  refusedSubscription(): Promise<string>
  /**
   * Kills the broker that serves, and returns when it is gone. Another one takes its place sooner or later;
   * where none can, it comes back by itself.
   */
  kill(): Promise<void>
  /** The same, except that the broker is asked to leave. */
  stop(): Promise<void>
  /** Starts what is down, and returns when the broker serves through both doors. */
  revive(): Promise<void>
  /** Has the broker read no sends, as for want of memory, until `unblock`. */
  block(): Promise<void>
  /** Ends what `block` began. */
  unblock(): Promise<void>
  /** Ends every subscription to that queue, such as `queue://orders`, from the broker's side. */
  cancel(queue: string): Promise<void>
  /** Ends everything that `open` started. */
  close(): Promise<void>
}
