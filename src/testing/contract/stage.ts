import { connect, type ConnectOptions } from '../../connect.ts'
import type { Connection } from '../../connection.ts'
import type { StatusEvent } from '../../failover/status.ts'
import type { Delivery } from '../../listener/delivery.ts'
import type { Listener, ListenOptions } from '../../listener/listener.ts'
import type { ContractBroker, ContractDoor, ContractLogin } from './broker.ts'
import { eventually, within } from './waiting.ts'

/** Opens a connection from a failover URI: the public `connect`, or what stands in for it. */
export type Connect = (uri: string, options?: ConnectOptions) => Promise<Connection>

/** What one listener was handed, in order. */
export class Inbox {
  readonly deliveries: Delivery[] = []
  readonly listener: Listener
  /** How many deliveries were settled on arrival. */
  settled = 0

  constructor(connection: Connection, destination: string, options: InboxOptions) {
    const { settle = 'ack', ...rest } = options
    this.listener = connection.listen(
      destination,
      async (delivery) => {
        this.deliveries.push(delivery)
        if (settle === 'nothing') return
        await delivery.ack()
        this.settled++
      },
      rest,
    )
  }

  get ids(): string[] {
    return this.deliveries.map(({ id }) => id)
  }

  /** Waits until there are so many, and returns the last of these. */
  async nth(count: number): Promise<Delivery> {
    return await eventually(`delivery ${count}`, () => this.deliveries[count - 1])
  }

  /** Waits for a delivery of that message; with `after` for one behind that many deliveries. */
  async of(id: string, after = 0): Promise<Delivery> {
    return await eventually(`a delivery of ${id}`, () => this.deliveries.slice(after).find((one) => one.id === id))
  }
}

export interface InboxOptions extends ListenOptions {
  /** What becomes of a delivery on arrival. Defaults to `ack`. */
  readonly settle?: 'ack' | 'nothing'
}

export interface StageConnection {
  readonly connection: Connection
  /** Every status event since the connection stood. */
  readonly events: StatusEvent[]
}

// A test that fails leaves unsettled deliveries, for which close would wait ten seconds.
const PATIENCE = { drainTimeout: '500' }

/** Where one test of the suite is played: names of its own, and an end to all that it opened. */
export class Stage {
  readonly broker: ContractBroker
  readonly #connect: Connect
  readonly #name: string
  readonly #opened: Connection[] = []
  #queues = 0

  constructor(broker: ContractBroker, connect: Connect, name: string) {
    this.broker = broker
    this.#connect = connect
    this.#name = name
  }

  get front(): ContractDoor {
    return this.broker.doors[0]
  }

  get back(): ContractDoor {
    return this.broker.doors[1]
  }

  /** A queue that no other test uses. */
  queue(): string {
    this.#queues++
    return `queue://contract.${this.#name}.${this.#queues}`
  }

  /** An address with the broker's credentials in it, percent-encoded. */
  login(address: string, credentials: ContractLogin | undefined = this.broker.credentials): string {
    if (credentials === undefined) return address
    const { username, password } = credentials
    return address.replace('://', `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`)
  }

  /** An address with what belongs to its own query, for a list whose brokers are of different kinds. */
  alone(address: string): string {
    const own = Object.entries(this.broker.options).map(([name, value]) => `${name.replace(/^nested\./, '')}=${value}`)
    return this.login(address) + (own.length === 0 ? '' : `?${own.join('&')}`)
  }

  /** `failover:(…)` over these addresses, in their order unless told otherwise. */
  uri(addresses: readonly string[], options: Readonly<Record<string, string>> = {}): string {
    const list = addresses.map((address) => this.login(address)).join(',')
    return `failover:(${list})${this.query({ randomize: 'false', ...PATIENCE, ...options })}`
  }

  /** `?…`, with what this broker always needs. */
  query(options: Readonly<Record<string, string>> = {}): string {
    const text = Object.entries({ ...this.broker.options, ...options })
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&')
    return text === '' ? '' : `?${text}`
  }

  /** A connection by its URI, which ends with the test. */
  async dial(uri: string, options: ConnectOptions = {}): Promise<Connection> {
    const connection = await within('the connection', this.#connect(uri, options))
    this.#opened.push(connection)
    return connection
  }

  /** A connection through the front door alone. */
  async enter(uriOptions: Readonly<Record<string, string>> = {}, options?: ConnectOptions): Promise<StageConnection> {
    return await this.through([this.front.address], uriOptions, options)
  }

  /** A connection around the front door, to the same queues. */
  async around(): Promise<StageConnection> {
    return await this.through([this.broker.around()])
  }

  async through(
    addresses: readonly string[],
    uriOptions: Readonly<Record<string, string>> = {},
    options?: ConnectOptions,
  ): Promise<StageConnection> {
    const connection = await this.dial(this.uri(addresses, uriOptions), options)
    const events: StatusEvent[] = []
    connection.observe((event) => events.push(event))
    return { connection, events }
  }

  /** Listens and writes down; resolves when the broker has accepted the subscription. */
  async inbox(connection: Connection, destination: string, options: InboxOptions = {}): Promise<Inbox> {
    const inbox = new Inbox(connection, destination, options)
    await within(`the subscription to ${destination}`, inbox.listener.ready)
    return inbox
  }

  /** Everything left in a queue, taken by somebody new. */
  async rest(destination: string, last: string): Promise<string[]> {
    const { connection } = await this.around()
    const inbox = await this.inbox(connection, destination)
    await connection.send(destination, 'the last', { id: last })
    await inbox.of(last)
    await within('the end', connection.close())
    return inbox.ids.filter((id) => id !== last)
  }

  /** Loses every connection through the front door; resolves when all of these roles are up again. */
  async cutAndResume({ events }: StageConnection, roles: readonly StatusEvent['role'][]): Promise<void> {
    const before = events.length
    this.front.cut()
    for (const role of roles) {
      await eventually(`the ${role}'s next link`, () =>
        events.slice(before).some((event) => event.type === 'resumed' && event.role === role),
      )
    }
  }

  /** Heals the doors and closes every connection. */
  async end(): Promise<void> {
    await Promise.all(this.broker.doors.map((door) => door.heal()))
    await within('the end of every connection', Promise.all(this.#opened.map((connection) => connection.close())))
  }
}

export const publicConnect: Connect = connect

/** The first event of that type, waited for. */
export async function eventOf<Type extends StatusEvent['type']>(
  { events }: StageConnection,
  type: Type,
): Promise<Extract<StatusEvent, { type: Type }>> {
  return await eventually(
    `the event ${type}`,
    () => events.find((event) => event.type === type) as Extract<StatusEvent, { type: Type }> | undefined,
  )
}
