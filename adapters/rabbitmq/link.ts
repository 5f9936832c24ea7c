import { type SendError, UnderstudyError } from '../../src/errors.ts'
import type { Destination } from '../../src/transport/destination.ts'
import type { RedactedEndpoint } from '../../src/transport/endpoint.ts'
import type {
  DeliverySink,
  Greeting,
  Link,
  LinkClosed,
  SubscribeOptions,
  Subscription,
} from '../../src/transport/link.ts'
import type { OutgoingMessage } from '../../src/transport/message.ts'
import type { Peer } from '../../src/transport/peer-failure.ts'
import type { QueueState } from '../../src/transport/queue-state.ts'
import { NOTHING_DECLARED, type QueueSettings } from '../../src/transport/topology.ts'
import type { DialContext } from '../../src/transport/transport.ts'
import { type OpenedChannel, openChannel, QuestionChannels } from './channels.ts'
import { Consumer } from './consumer.ts'
import { delayRoute } from './delay-route.ts'
import { Destinations } from './destinations.ts'
import type { AmqpConnection, MessageProperties, PublishFields } from './driver.ts'
import { classify, isAway } from './errors.ts'
import { propertiesOf, routeOf } from './message.ts'
import { Publisher, type Sending } from './publisher.ts'
import type { QueueType } from './queue-arguments.ts'
import { BrokerTopology } from './topology.ts'

export interface RabbitLinkOptions {
  readonly connection: AmqpConnection
  readonly peer: Peer
  readonly queueType: QueueType
  /** A longer message ends the connection. */
  readonly maxMessageBytes: number
  /** Whether what no queue takes is to come back. Without it the broker confirms it and drops it. */
  readonly mandatory: boolean
  readonly context: DialContext | undefined
  readonly wallTime: () => number
}

/** One AMQP connection: a channel for publishing, one or two for questions, one for each subscription. */
export class RabbitLink implements Link {
  readonly endpoint: RedactedEndpoint
  readonly greeting: Greeting
  readonly closed: Promise<LinkClosed>
  readonly #connection: AmqpConnection
  readonly #peer: Peer
  readonly #options: RabbitLinkOptions
  readonly #topology: BrokerTopology
  readonly #destinations: Destinations
  /** Queues to which messages with a delay are sent. */
  readonly #delayed: Destinations
  readonly #publisher: Publisher
  readonly #consumers = new Set<Consumer>()
  #settleClosed: (closed: LinkClosed) => void = () => {}
  #over: UnderstudyError | undefined
  /** Whether the end, when it comes, is our own doing. */
  #leaving = false
  #closing: Promise<void> | undefined

  constructor(options: RabbitLinkOptions) {
    const { connection, peer, context, queueType } = options
    this.#options = options
    this.#connection = connection
    this.#peer = peer
    this.endpoint = peer.address
    this.greeting = greetingOf(connection)
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
    // A forced close brings `close` alone, anything else `error` first.
    connection.on('error', (error) => this.#ended(error))
    connection.on('close', (error) => this.#ended(error))
    connection.on('blocked', (reason) => context?.onBlocked(String(reason)))
    connection.on('unblocked', () => context?.onBlocked(undefined))
    const said = (thrown: unknown): UnderstudyError => this.#classify(thrown)
    this.#topology = new BrokerTopology({
      channels: new QuestionChannels(() => this.#open('plain')),
      declared: context?.topology ?? NOTHING_DECLARED,
      queueType,
      classify: said,
    })
    this.#destinations = new Destinations((destination) => this.#topology.use(destination))
    this.#delayed = new Destinations((destination) => this.#topology.useDelayed(destination))
    this.#publisher = new Publisher({
      address: peer.address,
      open: (onError) => this.#open('confirm', onError),
      classify: said,
      onReturned: ({ destination, deliverAtMs }) => {
        this.#destinations.forget(destination)
        if (deliverAtMs === undefined) return
        this.#delayed.forget(destination)
        this.#topology.doubtDelays()
      },
      onNonsense: (what) => this.#cut(this.#nonsense(what)),
    })
  }

  send(message: OutgoingMessage, attempt: number): Promise<void> {
    return new Promise((resolve, reject: (error: SendError) => void) => {
      this.#send({ message, attempt, resolve, reject, route: undefined, returned: undefined })
    })
  }

  async declare(queue: string, settings: QueueSettings): Promise<void> {
    routeOf({ kind: 'queue', name: queue })
    if (this.#over || this.#leaving) throw this.#gone()
    await this.#topology.declare(queue, settings)
  }

  async inspect(queue: string): Promise<QueueState | undefined> {
    routeOf({ kind: 'queue', name: queue })
    if (this.#over || this.#leaving) throw this.#gone()
    return await this.#topology.inspect(queue)
  }

  async purge(queue: string): Promise<number> {
    routeOf({ kind: 'queue', name: queue })
    if (this.#over || this.#leaving) throw this.#gone()
    return await this.#topology.purge(queue)
  }

  async subscribe(destination: Destination, options: SubscribeOptions, sink: DeliverySink): Promise<Subscription> {
    routeOf(destination)
    if (this.#over || this.#leaving) throw this.#gone()
    let consumer: Consumer | undefined
    try {
      await this.#topology.use(destination)
      const opened = await this.#open('plain', (error) => consumer?.failed(error))
      const classify = (thrown: unknown): UnderstudyError => this.#classify(thrown)
      consumer = new Consumer(opened, { address: this.endpoint, destination, options, sink, classify })
      await consumer.start()
    } catch (error) {
      throw this.#classify(error)
    }
    const started = consumer
    this.#consumers.add(started)
    void started.ended.then(() => this.#consumers.delete(started))
    return { cancel: (signal) => started.cancel(signal) }
  }

  close(signal: AbortSignal): Promise<void> {
    const cut = (): void => this.#cut()
    if (signal.aborted) cut()
    else {
      signal.addEventListener('abort', cut, { once: true })
      void this.closed.then(() => signal.removeEventListener('abort', cut))
    }
    this.#closing ??= this.#goodbye()
    return this.#closing
  }

  async #goodbye(): Promise<void> {
    if (this.#over) return
    this.#leaving = true
    // Acknowledges wait on their channels, which the connection's own goodbye would overtake.
    const consumers = Promise.all([...this.#consumers].map((consumer) => consumer.cancel(NEVER)))
    await Promise.race([consumers, this.closed])
    if (this.#over) return
    try {
      this.#connection.close(() => this.#cut())
    } catch {
      this.#cut()
    }
    await this.closed
  }

  #send(sending: Sending): void {
    const { message, attempt } = sending
    const { destination } = message
    let properties: MessageProperties
    let route: PublishFields
    const isDelayed = this.#delayOf(message) > 0
    const destinations = isDelayed ? this.#delayed : this.#destinations
    try {
      properties = propertiesOf(message, attempt, this.#options.wallTime, this.#connection.connection.frameMax)
      route = this.#routeOf(message)
    } catch (error) {
      sending.reject(this.#publisher.notSent(sending, error as UnderstudyError, false))
      return
    }
    if (this.#over || this.#leaving) {
      sending.reject(this.#publisher.notSent(sending, this.#gone(), true))
      return
    }
    if (destinations.isReady(destination)) {
      this.#publisher.publish(sending, route, properties)
      return
    }
    // Meanwhile: the first confirm after a failover is waited for.
    this.#publisher.prepare()
    destinations.wait(destination, {
      // The delay goes on meanwhile.
      ready: () => this.#publisher.publish(sending, isDelayed ? this.#routeOf(message) : route, properties),
      refused: (error) => {
        // As a client does that asks for nothing: it hands the message in, whoever is there to take it.
        if (!this.#options.mandatory && !isDelayed && !this.#over && isAway(error))
          this.#publisher.publish(sending, route, properties)
        else sending.reject(this.#notMade(sending, error))
      },
    })
  }

  /** @throws UnderstudyError as `routeOf` and `delayRoute` do. */
  #routeOf(message: OutgoingMessage): PublishFields {
    const delayMs = this.#delayOf(message)
    const route = delayMs > 0 ? delayRoute(message.destination, delayMs) : routeOf(message.destination)
    return this.#options.mandatory ? route : { ...route, mandatory: false }
  }

  /** How much longer a message has to wait, in milliseconds. */
  #delayOf({ deliverAtMs }: OutgoingMessage): number {
    return deliverAtMs === undefined ? 0 : Math.max(0, deliverAtMs - this.#options.wallTime())
  }

  /** The destination could not be made or found. */
  #notMade(sending: Sending, error: UnderstudyError): SendError {
    if (this.#over) return this.#publisher.notSent(sending, this.#over, true)
    if (isAway(error)) return this.#publisher.sentBack(sending, error.message, true)
    if (error.code === 'rejected' || error.code === 'authentication') return this.#publisher.refused(sending, error)
    return this.#publisher.notSent(sending, error, error.retriable)
  }

  #open(kind: 'plain' | 'confirm', onError?: (error: Error) => void): Promise<OpenedChannel> {
    const { maxMessageBytes } = this.#options
    return openChannel(this.#connection, kind, {
      maxMessageBytes,
      onTooLong: () => this.#cut(this.#nonsense(`sent a message of more than ${maxMessageBytes} bytes`)),
      ...(onError ? { onError } : {}),
    })
  }

  /** The connection failed or ended. The first word counts. */
  #ended(thrown?: unknown): void {
    if (this.#over) return
    const error = this.#leaving
      ? this.#lost('closed', `the link to ${this.endpoint} was closed`)
      : classify(thrown ?? new Error('the connection ended'), 'established', this.#peer)
    this.#over = error
    // Whatever ended it, it says nothing about what was waiting: each may be tried elsewhere.
    const unanswered = error.retriable ? error : this.#lost('link-lost', error.message, error)
    this.#destinations.ended(unanswered)
    this.#delayed.ended(unanswered)
    this.#publisher.ended(unanswered)
    this.#consumers.clear()
    // With an error, or amqplib would go on with its timers and leave whoever asked something without an answer.
    this.#connection.connection.stream.destroy(error)
    // By then it has ended its channels, and with them every question.
    const closed: LinkClosed = this.#leaving ? { kind: 'closed' } : { kind: 'lost', error }
    setImmediate(() => this.#settleClosed(closed))
  }

  /** Ends the connection now. amqplib clears its timers when the socket fails, and only then. */
  #cut(error?: UnderstudyError): void {
    if (this.#over) return
    if (!error) this.#leaving = true
    this.#connection.connection.stream.destroy(error ?? new Error('the connection was closed'))
    this.#ended(error)
  }

  #classify(thrown: unknown): UnderstudyError {
    return this.#over ?? classify(thrown, 'established', this.#peer)
  }

  #gone(): UnderstudyError {
    return this.#over ?? this.#lost('closed', `the link to ${this.endpoint} is being closed`)
  }

  #nonsense(what: string): UnderstudyError {
    return new UnderstudyError('protocol', `${this.endpoint} ${what}`, { retriable: true, endpoint: this.endpoint })
  }

  #lost(code: 'closed' | 'link-lost', message: string, cause?: UnderstudyError): UnderstudyError {
    return new UnderstudyError(code, message, { retriable: true, endpoint: this.endpoint, cause })
  }
}

const NEVER = new AbortController().signal

function greetingOf({ connection: { serverProperties, heartbeat } }: AmqpConnection): Greeting {
  const said = (name: string): string | undefined => {
    const value = serverProperties[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  return {
    product: said('product'),
    version: said('version'),
    cluster: said('cluster_name'),
    heartbeatMs: heartbeat * 1000,
  }
}
